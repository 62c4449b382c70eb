"""Attention, the attentional vector, and the decoder that is fed with it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.layers import ATTENTIONS, Attention, AttentionalStep, InputFeedingDecoder, RecurrentStack

QUERIES = np.random.default_rng(0).normal(size=(3, 2, 4)).astype("float32")
MEMORY = np.random.default_rng(1).normal(size=(3, 5, 4)).astype("float32")
MASK = np.arange(5) < np.array([5, 2, 0])[:, None]


def make_layer(kind, **options):
    layer = Attention(kind, **options)
    layer.build(QUERIES.shape, MEMORY.shape)
    random = np.random.default_rng(2)
    for weight in layer.trainable_weights:
        weight.assign(random.normal(size=weight.shape))
    return layer


def score(layer, query, step):
    if layer.kind == "dot":
        return query @ step / 2
    if layer.kind == "general":
        return query @ (step @ layer.memory_kernel.numpy()) / 2
    hidden = query @ layer.query_kernel.numpy() + step @ layer.memory_kernel.numpy() + layer.bias.numpy()
    return np.tanh(hidden) @ layer.score_vector.numpy()


@pytest.mark.parametrize(
    ("kind", "options"), [("dot", {}), ("general", {}), ("additive", {}), ("additive", {"units": 7})], ids=str
)
def test_weights_and_contexts_are_those_of_the_papers(kind, options):
    layer = make_layer(kind, **options)
    context, weights = (np.asarray(answer) for answer in layer(QUERIES, MEMORY, memory_mask=MASK))
    for row, length in enumerate((5, 2)):
        for time in range(2):
            scores = np.array([score(layer, QUERIES[row, time], step) for step in MEMORY[row, :length]])
            expected = np.exp(scores) / np.exp(scores).sum()
            np.testing.assert_allclose(weights[row, time, :length], expected, atol=1e-5)
            np.testing.assert_allclose(context[row, time], expected @ MEMORY[row, :length], atol=1e-5)
    # Exactly.
    assert (weights[~np.broadcast_to(MASK[:, None], weights.shape)] == 0.0).all()
    assert (context[2] == 0.0).all()


@pytest.mark.parametrize("kind", ATTENTIONS)
def test_what_is_masked_counts_for_nothing_and_gradients_are_finite(kind):
    layer = make_layer(kind)
    memory, query = tf.Variable(MEMORY), tf.Variable(QUERIES)
    with tf.GradientTape() as tape:
        context, _ = layer(query, memory, memory_mask=MASK)
        loss = tf.reduce_sum(context**2)
    for gradient in tape.gradient(loss, [query, memory, *(weight.value for weight in layer.trainable_weights)]):
        assert np.isfinite(gradient).all()
    other, _ = layer(QUERIES, np.where(MASK[..., None], MEMORY, 1e4).astype("float32"), memory_mask=MASK)
    np.testing.assert_array_equal(other, context)
    padded = np.pad(MEMORY, [(0, 0), (0, 3), (0, 0)])
    other, _ = layer(QUERIES, padded, memory_mask=np.pad(MASK, [(0, 0), (0, 3)]))
    np.testing.assert_allclose(other, context, atol=1e-6)


def test_large_scores_do_not_overflow():
    context, weights = Attention()(QUERIES * 1e4, MEMORY * 1e4)
    assert np.isfinite(context).all()
    np.testing.assert_allclose(np.sum(weights, axis=-1), 1.0, atol=1e-6)


def test_masks_and_reloading_in_a_model(tmp_path):
    queries, memory = keras.Input((None, 4)), keras.Input((None, 4))
    masking = keras.layers.Masking()
    model = keras.Model([queries, memory], Attention("additive", units=3)(masking(queries), masking(memory)))
    model.save(tmp_path / "model.keras")
    reloaded = keras.models.load_model(tmp_path / "model.keras")
    inputs = [QUERIES * np.array([1.0, 0.0])[:, None], MEMORY * MASK[..., None]]
    context, weights = reloaded(inputs)
    for answer, expected in zip((context, weights), model(inputs), strict=True):
        np.testing.assert_array_equal(answer, expected)
        np.testing.assert_array_equal(answer._keras_mask, [[True, False]] * 3)
    assert np.asarray(weights)[1, 0, 2:].tolist() == [0.0] * 3


@pytest.mark.parametrize("kind", ATTENTIONS)
def test_half_precision(kind):
    layer = Attention(kind, dtype="mixed_bfloat16")
    context, weights = layer(QUERIES, MEMORY, memory_mask=MASK)
    assert (context.dtype, weights.dtype) == ("bfloat16", "bfloat16")
    exact = Attention(kind)
    exact.build(QUERIES.shape, MEMORY.shape)
    exact.set_weights(layer.get_weights())
    np.testing.assert_allclose(tf.cast(context, "float32"), exact(QUERIES, MEMORY, memory_mask=MASK)[0], atol=0.05)


@pytest.mark.parametrize("options", [{"kind": "cosine"}, {"units": 3}, {"kind": "additive", "units": 0}], ids=str)
def test_refuses_impossible_arguments(options):
    with pytest.raises(ValueError):
        Attention(**options)


def test_dot_needs_one_width():
    with pytest.raises(ValueError, match="as wide as the query"):
        Attention("dot")(QUERIES, MEMORY[..., :3])


@pytest.mark.parametrize("kind", ATTENTIONS)
def test_the_attentional_vector_of_one_step_and_of_copies(kind):
    layer = make_layer(kind)
    dense = keras.layers.Dense(6, activation="tanh", bias_initializer="ones")
    context, weights = layer(QUERIES, MEMORY, memory_mask=MASK)
    expected = dense(tf.concat([QUERIES, context], axis=-1))
    step = AttentionalStep(layer, dense, tf.constant(MEMORY), tf.constant(MASK))
    vectors, of_copies = step(tf.reshape(QUERIES, [6, 4]), copies=2)
    np.testing.assert_allclose(vectors, tf.reshape(expected, [6, 6]), atol=1e-5)
    np.testing.assert_allclose(of_copies, weights, atol=1e-5)
    vectors, of_one = step(tf.constant(QUERIES[:, 1]))
    np.testing.assert_allclose(vectors, expected[:, 1], atol=1e-5)
    np.testing.assert_allclose(of_one[:, 0], weights[:, 1], atol=1e-5)


def make_decoder(**options):
    keras.utils.set_random_seed(0)
    return InputFeedingDecoder(RecurrentStack(4, **options), Attention("general"), vector_size=3)


STATE = np.random.default_rng(3).normal(size=(3, 2, 4)).astype("float32")


def test_dropout_of_a_fed_decoder_is_on_only_in_training():
    decoder = make_decoder(num_layers=2, dropout=0.4, recurrent_dropout=0.4)

    def run(training):
        return decoder(QUERIES, MEMORY, initial_state=STATE, memory_mask=MASK, training=training)[0].numpy()

    np.testing.assert_array_equal(run(False), run(False))
    assert np.abs(run(True) - run(True)).max() > 1e-3


def test_a_fed_decoder_compiles_with_xla_and_has_the_same_gradients():
    decoder = make_decoder(num_layers=2)
    decoder(QUERIES, MEMORY, initial_state=STATE)

    def step(inputs, memory, state):
        with tf.GradientTape() as tape:
            vectors, _ = decoder(inputs, memory, initial_state=state, memory_mask=MASK, training=True)
            loss = tf.reduce_sum(vectors**2)
        return loss, tape.gradient(loss, [weight.value for weight in decoder.trainable_weights])

    arguments = [tf.constant(value) for value in (QUERIES, MEMORY, STATE)]
    expected, compiled = step(*arguments), tf.function(step, jit_compile=True)(*arguments)
    for one, other in zip(tf.nest.flatten(expected), tf.nest.flatten(compiled), strict=True):
        np.testing.assert_allclose(other, one, atol=1e-4)


def test_a_fed_decoder_refuses_a_stack_that_reads_both_ways():
    with pytest.raises(ValueError, match="forward"):
        make_decoder(bidirectional=True)
