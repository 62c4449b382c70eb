"""The tagger in a user's own code. What every builder must do is in `tests/contract`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.builders import build_sequence_tagger, report_masks
from rnnzoo.layers import CharacterConvolution, CharacterRecurrence

# Keras warns that a dictionary is not the one tensor that it knows, and takes it by name all the same.
pytestmark = pytest.mark.filterwarnings("ignore:The structure of `inputs`")
EVERYTHING = {
    "affix_vocabulary_size": 9,
    "num_affixes": 2,
    "character_vocabulary_size": 12,
    "word_length": 5,
    "character_dim": 8,
    "num_shapes": 4,
}


def make_inputs(num_rows=3, num_steps=4):
    """Returns random padded inputs of a tagger with `EVERYTHING`, and where they are real."""
    random = np.random.default_rng(0)
    lengths = np.arange(num_rows)[::-1] % num_steps + 1
    real = np.arange(num_steps) < lengths[:, None]
    shapes = {"token_ids": (20, ()), "affix_ids": (9, (2,)), "character_ids": (12, (5,)), "shape_ids": (4, ())}
    inputs = {
        name: random.integers(1, size, (num_rows, num_steps, *more)) * real.reshape(*real.shape, *[1] * len(more))
        for name, (size, more) in shapes.items()
    }
    return inputs, real


def masked_loss(model, inputs, tag_ids, real):
    logits = model(inputs, training=True)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tag_ids, logits)
    return tf.reduce_mean(tf.boolean_mask(losses, real))


@pytest.mark.parametrize("character_layer", ["convolution", "recurrence"])
def test_every_input_counts_and_the_mask_reaches_the_logits(character_layer):
    model = build_sequence_tagger(3, 20, **EVERYTHING, character_layer=character_layer, units=4, embedding_dim=4)
    inputs, real = make_inputs()
    logits = model(inputs)
    np.testing.assert_array_equal(logits._keras_mask, real)
    for name, value in inputs.items():
        other = np.where(value == 0, 0, 3 - np.minimum(value, 2))
        assert np.abs(model(inputs | {name: other}) - logits)[real].max() > 1e-4, name
    fates = {row.layer: row.mask for row in report_masks(model)}
    makers = {"embedding", "affix_embedding", "characters", "shape_embedding"}
    assert {layer for layer, fate in fates.items() if fate == "makes"} == makers
    passed_on = {
        "word_and_affixes",
        "word_features",
        "embedding_dropout",
        "recurrent_stack",
        "output_dropout",
        "logits",
    }
    assert {layer for layer, fate in fates.items() if fate == "passes"} == passed_on


def test_a_word_without_characters_affixes_and_shape_is_a_word():
    model = build_sequence_tagger(3, 20, **EVERYTHING, units=4, embedding_dim=4)
    inputs, _ = make_inputs(num_rows=1, num_steps=1)
    inputs = {name: np.concatenate([value, np.zeros_like(value), value], axis=1) for name, value in inputs.items()}
    inputs["token_ids"][:, 1] = 1
    logits = model(inputs)
    np.testing.assert_array_equal(logits._keras_mask, [[True, True, True]])
    padded = {name: np.pad(value, [(0, 0), (0, 2), *[(0, 0)] * (value.ndim - 2)]) for name, value in inputs.items()}
    np.testing.assert_allclose(model(padded)[:, :3], logits, atol=1e-5)
    without = {name: value[:, ::2] for name, value in inputs.items()}
    assert np.abs(model(without)[:, 0] - logits[:, 0]).max() > 1e-4


@pytest.mark.parametrize("character_layer", ["convolution", "recurrence"])
def test_learns_from_the_last_character_what_words_alone_cannot_tell(character_layer):
    keras.utils.set_random_seed(0)
    model = build_sequence_tagger(
        2,
        5,
        **{**EVERYTHING, "affix_vocabulary_size": None, "num_affixes": None, "num_shapes": None},
        character_layer=character_layer,
        units=8,
        embedding_dim=4,
        dropout=0.0,
    )
    random = np.random.default_rng(0)
    lengths = random.integers(2, 6, (32, 6, 1))
    characters = np.where(np.arange(5) < lengths, random.integers(4, 12, (32, 6, 5)), 0)
    tag_ids = np.take_along_axis(characters, lengths - 1, axis=-1)[..., 0] % 2
    inputs = {"token_ids": np.ones((32, 6), np.int32), "character_ids": characters.astype(np.int32)}
    model.compile(
        keras.optimizers.Adam(0.02), keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False
    )
    history = model.fit(inputs, tag_ids, batch_size=16, epochs=25, verbose=0).history
    assert history["loss"][-1] < 0.1 < 0.6 < history["loss"][0]


def test_filters_of_several_widths_share_the_width_of_the_characters():
    model = build_sequence_tagger(3, 20, **EVERYTHING, character_kernel_sizes=(2, 3, 5), character_dropout=0.1, units=4)
    layers = [layer for layer in model.layers if layer.name.startswith("characters")]
    assert [(layer.filters, layer.kernel_size) for layer in layers] == [(3, 2), (3, 3), (2, 5)]
    inputs, real = make_inputs()
    np.testing.assert_array_equal(model(inputs)._keras_mask, real)
    # Characters are dropped while training, and only then.
    model = build_sequence_tagger(3, 20, **EVERYTHING, character_dropout=0.5, dropout=0.0, units=4)
    np.testing.assert_array_equal(model(inputs), model(inputs))
    assert np.abs(model(inputs, training=True) - model(inputs))[real].max() > 1e-4


def test_a_training_step_compiles_with_xla_and_gives_the_same():
    model = build_sequence_tagger(3, 20, **EVERYTHING, units=4, embedding_dim=4, dropout=0.0, num_layers=2)
    inputs, real = make_inputs()

    def step(inputs, tag_ids, real):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tag_ids, model(inputs, training=True))
            loss = tf.reduce_sum(tf.where(real, losses, 0.0))
        gradients = tape.gradient(loss, model.trainable_weights)
        return loss, [tf.convert_to_tensor(gradient) for gradient in gradients]

    inputs = {name: tf.constant(value, tf.int32) for name, value in inputs.items()}
    arguments = inputs, tf.constant(real, tf.int32), tf.constant(real)
    loss, gradients = step(*arguments)
    compiled_loss, compiled_gradients = tf.function(step, jit_compile=True)(*arguments)
    assert float(compiled_loss) == pytest.approx(float(loss), abs=1e-5)
    for gradient, compiled in zip(gradients, compiled_gradients, strict=True):
        np.testing.assert_allclose(compiled, gradient, atol=1e-4)


def test_the_crf_head_passes_logits_on_and_heeds_what_is_allowed():
    allowed = np.ones((4, 4), bool)
    allowed[0, 0] = False
    options = {"units": 4, "embedding_dim": 4, "head": "crf", "allowed_transitions": allowed}
    model = build_sequence_tagger(3, 20, **options)
    token_ids = np.array([[4, 5, 6, 7], [8, 9, 0, 0]])
    logits = model(token_ids)
    np.testing.assert_array_equal(logits._keras_mask, token_ids != 0)
    crf = model.get_layer("crf")
    tag_ids, _ = crf.decode(logits + np.array([9.0, 0.0, 0.0], "float32"), token_ids != 0)
    assert tag_ids.numpy()[0].tolist().count(0) == 2  # at every other step, although 0 is the best at each
    keras.utils.set_random_seed(1)
    with_crf = build_sequence_tagger(3, 20, **options)
    keras.utils.set_random_seed(1)
    without = build_sequence_tagger(3, 20, units=4, embedding_dim=4)
    np.testing.assert_array_equal(with_crf(token_ids), without(token_ids))


def test_locked_dropout_drops_the_same_features_at_all_steps():
    model = build_sequence_tagger(3, 20, units=4, embedding_dim=50, dropout=0.0, locked_dropout=0.5)
    dropped = keras.Model(model.input, model.get_layer("embedding_locked_dropout").output)
    model.get_layer("embedding").embeddings.assign(np.ones((20, 50)))
    vectors = np.asarray(dropped(np.full((6, 7), 5), training=True))
    np.testing.assert_array_equal(vectors, np.repeat(vectors[:, :1], 7, axis=1))
    assert set(np.unique(vectors)) == {0.0, 2.0}
    assert len(np.unique(vectors[:, 0], axis=0)) == 6
    assert model.get_layer("output_locked_dropout").noise_shape == (None, 1, None)
    names = {layer.name for layer in build_sequence_tagger(3, 20, units=4, dropout=0.0).layers}
    assert not any("dropout" in name for name in names)


def test_word_dropout_leaves_the_characters():
    model = build_sequence_tagger(3, 20, **EVERYTHING, units=4, embedding_dim=4, dropout=0.0, word_dropout=1.0)
    inputs, real = make_inputs()
    inputs["token_ids"] = np.where(real, 7, 0)
    unknown = model(inputs | {"token_ids": np.where(real, 1, 0)})
    np.testing.assert_allclose(model(inputs, training=True), unknown, atol=1e-5)
    np.testing.assert_array_equal(model(inputs, training=True)._keras_mask, real)


def test_tags_frames():
    keras.utils.set_random_seed(0)
    model = build_sequence_tagger(2, feature_dim=3, units=8, dropout=0.0)
    frames = np.random.default_rng(0).normal(size=(16, 7, 3)).astype(np.float32)
    # Whether the frame before was the larger one.
    tag_ids = np.pad((frames[:, :-1, 0] > frames[:, 1:, 0]).astype(np.int32), [(0, 0), (1, 0)])
    model.compile(
        keras.optimizers.Adam(0.02), keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False
    )
    history = model.fit({"features": frames}, tag_ids, epochs=40, verbose=0).history
    assert history["loss"][-1] < 0.2


@pytest.fixture
def mixed_bfloat16():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("character_layer", ["convolution", "recurrence"])
@pytest.mark.parametrize("head", ["softmax", "crf"])
def test_mixed_precision_gives_float32_logits(character_layer, head, mixed_bfloat16):
    model = build_sequence_tagger(3, 20, **EVERYTHING, character_layer=character_layer, head=head, units=4)
    inputs, real = make_inputs()
    with tf.GradientTape() as tape:
        loss = masked_loss(model, inputs, real.astype(np.int32), real)
    assert model(inputs).dtype == "float32"
    weights = [weight for weight in model.trainable_weights if not weight.path.startswith("crf/")]
    assert all(np.isfinite(tf.convert_to_tensor(gradient)).all() for gradient in tape.gradient(loss, weights))


def test_options_reach_the_layers():
    options = {"units": 3, "num_layers": 2, "cell": "lstm", "bidirectional": False, "stack": "plain"}
    model = build_sequence_tagger(
        5, 9, **EVERYTHING, **options, character_layer="recurrence", shape_dim=7, recurrent_dropout=0.1, name="mine"
    )
    stack, characters = model.get_layer("recurrent_stack"), model.get_layer("characters")
    assert {name: getattr(stack, name) for name in options} == options
    assert (stack.recurrent_dropout, stack.dropout, model.name) == (0.1, 0.3, "mine")
    assert (type(characters), characters.units, characters.cell) == (CharacterRecurrence, 4, "lstm")
    assert model.get_layer("shape_embedding").output_dim == 7
    assert model.output.shape == (None, None, 5)
    default = build_sequence_tagger(5, 9, character_vocabulary_size=9)
    assert default.input["character_ids"].shape == (None, None, 16)
    assert isinstance(default.get_layer("characters"), CharacterConvolution)


@pytest.mark.parametrize(
    "options",
    [
        {"vocabulary_size": None},
        {"feature_dim": 4},
        {"vocabulary_size": None, "feature_dim": 4, "word_dropout": 0.1},
        {"vocabulary_size": None, "feature_dim": 4, "input": "one_hot"},
        {"vocabulary_size": None, "feature_dim": 4, "num_shapes": 4},
        {"vocabulary_size": None, "feature_dim": 4, "character_vocabulary_size": 9},
        {"affix_vocabulary_size": 9},
        {"num_affixes": 2},
        {"input": "one_hot", "character_vocabulary_size": 9},
        {"input": "one_hot", "affix_vocabulary_size": 9, "num_affixes": 2},
        {"input": "bytes"},
        {"character_vocabulary_size": 9, "character_layer": "attention"},
        {"character_vocabulary_size": 9, "character_layer": "recurrence", "character_dim": 5},
        {"character_vocabulary_size": 9, "character_dim": 0},
        {"character_vocabulary_size": 9, "character_dim": 2, "character_kernel_sizes": (2, 3, 4)},
        {"character_vocabulary_size": 9, "character_kernel_sizes": ()},
        {"head": "sigmoid"},
        {"allowed_transitions": np.ones((3, 3), bool)},
        {"head": "crf", "allowed_transitions": np.ones((2, 2), bool)},
        {"num_tags": 0},
        {"cell": "rnn"},
        {"stack": "dense"},
        {"units": 0},
        {"dropout": 1.1},
        {"locked_dropout": -0.1},
        {"word_dropout": -0.1},
    ],
    ids=str,
)
def test_refuses_impossible_arguments(options):
    with pytest.raises(ValueError):
        build_sequence_tagger(**{"num_tags": 2, "vocabulary_size": 20} | options)
