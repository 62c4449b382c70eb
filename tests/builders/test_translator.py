"""The translator in a user's own code. What every builder must do is in `tests/contract`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.builders import TranslatorStep, build_translator, check_masks, report_masks
from rnnzoo.decoding import search_beams

# Keras warns that a dictionary is not the one tensor that it knows, and takes it by name all the same.
pytestmark = pytest.mark.filterwarnings("ignore:The structure of `inputs`")
SOURCE = np.array([[4, 5, 6, 3], [7, 3, 0, 0], [0, 0, 0, 0]])
TARGET = np.array([[2, 5, 6, 7], [2, 8, 4, 4], [2, 4, 5, 6]])
OPTIONS = {
    "simple_rnn-dot": {},
    "gru-general": {"cell": "gru", "attention": "general"},
    "lstm-additive": {"cell": "lstm", "attention": "additive"},
    "simple_rnn-general-fed": {"attention": "general", "input_feeding": True},
    "gru-additive-fed": {"cell": "gru", "attention": "additive", "input_feeding": True},
    "lstm-dot-fed": {"cell": "lstm", "input_feeding": True},
    "context_vector": {"attention": "none"},
    "lstm-context_vector-tied": {"cell": "lstm", "attention": "none", "tie_embeddings": True},
    "plain-fed": {"stack": "plain", "input_feeding": True},
    "plain-gru": {"stack": "plain", "cell": "gru", "decoder_layers": 1},
    "tied": {"tie_embeddings": True},
    "tied-shared-fed": {"tie_embeddings": True, "share_embeddings": True, "input_feeding": True},
}


def make_model(**options):
    """Returns a model of which no weight is zero."""
    model = build_translator(9, 9, **{"units": 4, "embedding_dim": 3, "encoder_layers": 1} | options)
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(random.normal(0.1, 0.5, weight.shape))
    return model


def run(model, source=SOURCE, target=TARGET):
    return model({"source_ids": source, "target_ids": target})


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_token_by_token_is_the_whole_target(options):
    model = make_model(**options)
    whole = run(model).numpy()
    step = TranslatorStep(model)
    memory = step.encode(SOURCE)

    one, three = step.prepare(memory), step.prepare(memory, beam_width=3)
    logits, state = one.start()
    np.testing.assert_allclose(logits, whole[:, 0], atol=1e-5)
    # Three hypotheses of a source, of which the second goes on as the target does.
    among = tf.nest.map_structure(lambda part: tf.repeat(part, 3, axis=0), state)
    for time in range(1, 4):
        logits, state = one(TARGET[:, time], state)
        np.testing.assert_allclose(logits, whole[:, time], atol=1e-5)
        token_ids = np.stack([TARGET[:, time] * 0 + 4, TARGET[:, time], TARGET[:, 0]], axis=1)
        logits, among = three(token_ids.reshape(-1), among)
        np.testing.assert_allclose(logits[1::3], whole[:, time], atol=1e-5)
    if not step.has_attention:
        assert set(memory) == {"initial_state"}
        with pytest.raises(ValueError, match="no attention"):
            step.attention_weights(SOURCE, TARGET)


@pytest.mark.parametrize("options", [{}, {"input_feeding": True, "cell": "lstm", "tie_embeddings": True}], ids=str)
def test_a_search_gives_the_probability_of_the_whole_target(options):
    model = make_model(**options)
    step = TranslatorStep(model)

    @tf.function
    def translate(source):
        prepared = step.prepare(step.encode(source), beam_width=3)
        rules = {"max_tokens": tf.fill([tf.shape(source)[0]], 3), "limit": 3, "length_penalty": 0.0, "eos_id": 3}
        return search_beams(prepared, *prepared.start(), beam_width=3, **rules)

    beams = translate(tf.constant(SOURCE[:1]))
    token_ids, length = beams.token_ids[0, 0].numpy(), int(beams.length[0, 0])
    target = np.concatenate([[2], token_ids[:length]])[None]
    log_probabilities = tf.nn.log_softmax(run(model, SOURCE[:1], target))[0].numpy()
    said = [*token_ids[:length], *([3] if length < 3 else [])]
    expected = sum(log_probabilities[time, token_id] for time, token_id in enumerate(said))
    np.testing.assert_allclose(beams.log_probability[0, 0], expected, atol=1e-5)


def test_a_batch_of_none():
    step = TranslatorStep(make_model(input_feeding=True))
    prepared = step.prepare(step.encode(SOURCE[:0]), beam_width=2)
    logits, state = prepared.start()
    assert logits.shape == (0, 9)
    assert prepared(tf.zeros([0], tf.int32), state)[0].shape == (0, 9)


@pytest.mark.parametrize("input_feeding", [False, True])
def test_attention_weights(input_feeding):
    weights = TranslatorStep(make_model(input_feeding=input_feeding)).attention_weights(SOURCE, TARGET).numpy()
    assert weights.shape == (3, 4, 4)
    np.testing.assert_allclose(weights.sum(axis=-1), [[1.0] * 4, [1.0] * 4, [0.0] * 4], atol=1e-6)
    assert (weights[1, :, 2:] == 0.0).all()


def test_a_step_in_a_loop_shares_the_weights_of_a_reloaded_model(tmp_path):
    make_model(input_feeding=True, tie_embeddings=True).save(tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras")
    step = TranslatorStep(model)

    @tf.function
    def decode(source):
        prepared = step.prepare(step.encode(source))

        def body(time, logits, state, written):
            token_ids = tf.argmax(logits[:, 4:], axis=1, output_type=tf.int32) + 4
            return time + 1, *prepared(token_ids, state), written.write(time, token_ids)

        array = tf.TensorArray(tf.int32, 3, element_shape=[None])
        *_, written = tf.while_loop(lambda time, *_: time < 3, body, (0, *prepared.start(), array))
        return tf.transpose(written.stack())

    def decode_slowly():
        target = np.full((3, 1), 2)
        for _ in range(3):
            target = np.concatenate([target, np.argmax(run(model, target=target)[:, -1:, 4:], axis=-1) + 4], axis=1)
        return target[:, 1:]

    np.testing.assert_array_equal(decode(tf.constant(SOURCE)), decode_slowly())
    model.get_layer("target_embedding").embeddings.assign_add(np.random.default_rng(5).normal(size=(9, 3)))
    np.testing.assert_array_equal(decode(tf.constant(SOURCE)), decode_slowly())


def test_the_logits_depend_on_the_source_and_on_what_came_before_alone():
    model = make_model()
    logits = run(model).numpy()
    other = run(model, target=np.where(np.arange(4) < 2, TARGET, 7)).numpy()
    np.testing.assert_allclose(other[:, :2], logits[:, :2], atol=1e-6)
    assert np.abs(run(model, source=np.where(SOURCE == 5, 8, SOURCE))[0] - logits[0]).min(axis=-1).max() > 1e-4
    np.testing.assert_array_equal(
        run(model, target=TARGET * [1, 1, 0, 0])._keras_mask, [[True, True, False, False]] * 3
    )


def test_masks_reach_both_sides():
    for options in ({}, {"attention": "none"}, {"input_feeding": True, "tie_embeddings": True}):
        model = make_model(dropout=0.2, word_dropout=0.1, **options)
        check_masks(model)
        fates = {row.layer: row.mask for row in report_masks(model)}
        assert (fates["source_embedding"], fates["target_embedding"]) == ("makes", "makes")
        assert (fates["encoder"], fates["decoder"], fates["logits"]) == ("passes", "passes", "passes")
        assert fates["context"] == "uses"


def test_reversing_is_learned():
    keras.utils.set_random_seed(0)
    model = build_translator(9, 9, units=16, embedding_dim=8, encoder_layers=1, decoder_layers=1, dropout=0.0)
    random = np.random.default_rng(0)
    words = random.integers(4, 9, (64, 3))
    source = np.pad(words, [(0, 0), (0, 1)], constant_values=3)
    target = np.concatenate([np.full((64, 1), 2), words[:, ::-1], np.full((64, 1), 3)], axis=1)
    optimizer = keras.optimizers.Adam(0.03)
    optimizer.build(model.trainable_weights)

    @tf.function
    def train():
        with tf.GradientTape() as tape:
            logits = run(model, tf.constant(source), tf.constant(target[:, :-1]))
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(target[:, 1:], logits))
        optimizer.apply(tape.gradient(loss, model.trainable_weights), model.trainable_weights)
        return loss

    for _ in range(80):
        loss = train()
    assert float(loss) < 0.1


@pytest.mark.parametrize("input_feeding", [False, True])
def test_mixed_precision_gives_float32_logits(input_feeding):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = make_model(input_feeding=input_feeding)
        logits = run(model)
        first, _ = TranslatorStep(model).prepare(TranslatorStep(model).encode(SOURCE)).start()
    finally:
        keras.config.set_dtype_policy(before)
    assert (logits.dtype, first.dtype) == ("float32", "float32")
    np.testing.assert_allclose(first, logits[:, 0], atol=0.1)


def test_options_reach_the_layers():
    options = {"cell": "lstm", "stack": "plain", "recurrent_dropout": 0.1}
    model = build_translator(9, 8, units=6, decoder_layers=3, **options, word_dropout=0.2, locked_dropout=0.4)
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    for stack in (encoder, decoder):
        assert {name: getattr(stack, name) for name in options} == options
    assert (encoder.units, encoder.num_layers, encoder.bidirectional) == (3, 2, True)
    assert (decoder.units, decoder.num_layers, decoder.bidirectional) == (6, 3, False)
    assert model.get_layer("attention").kind == "dot"
    for place in ("source", "target", "output"):
        assert model.get_layer(f"{place}_dropout").rate == 0.3
        assert model.get_layer(f"{place}_locked_dropout").noise_shape == (None, 1, None)
    assert model.get_layer("source_word_dropout").rate == model.get_layer("target_word_dropout").rate == 0.2
    assert model.output.shape == (None, None, 8)
    assert model.output_names == ["logits"]
    assert not any("dropout" in row.layer for row in report_masks(build_translator(9, 8, dropout=0.0)))


def test_one_table_for_all():
    def count(**options):
        # So that tying changes no other layer.
        return build_translator(9, 9, units=6, embedding_dim=6, **options).count_params()

    apart = count()
    assert count(share_embeddings=True) == count(tie_embeddings=True) == apart - 54
    assert count(share_embeddings=True, tie_embeddings=True) == apart - 108


@pytest.mark.parametrize(
    "options",
    [
        {"units": 5},
        {"units": 0},
        {"attention": "cosine"},
        {"attention": "none", "input_feeding": True},
        {"cell": "rnn"},
        {"stack": "dense"},
        {"encoder_layers": 0},
        {"decoder_layers": 0},
        {"dropout": 1.1},
        {"word_dropout": -0.1},
    ],
    ids=str,
)
def test_refuses_impossible_arguments(options):
    with pytest.raises(ValueError):
        build_translator(9, 9, **options)


def test_one_table_needs_one_vocabulary():
    with pytest.raises(ValueError, match="one vocabulary"):
        build_translator(9, 8, share_embeddings=True)
