"""Vectors of words made of their characters."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.layers import CELLS, CharacterConvolution, CharacterRecurrence

NUM_CHARACTERS = 9
IDS = np.array(
    [
        [[3, 4, 5, 0, 0], [8, 0, 0, 0, 0], [1, 2, 3, 4, 5]],
        [[7, 7, 7, 7, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]],
        [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]],
    ],
    np.int32,
)
LAYERS = {
    "convolution": lambda **options: CharacterConvolution(NUM_CHARACTERS, 6, embedding_dim=4, **options),
    "recurrence": lambda **options: CharacterRecurrence(NUM_CHARACTERS, 3, **options),
}
every_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)


def make_layer(make, **options):
    """Returns a built layer without a weight of zero."""
    layer = make(**options)
    layer.build((None, None, IDS.shape[-1]))
    random = np.random.default_rng(0)
    for weight in layer.weights:
        weight.assign(random.normal(0, 0.5, weight.shape))
    return layer


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4])
def test_the_convolution_is_that_of_keras(kernel_size):
    layer = make_layer(LAYERS["convolution"], kernel_size=kernel_size, activation="tanh")
    embedding = keras.layers.Embedding(NUM_CHARACTERS, 4)
    convolution = keras.layers.Conv1D(6, kernel_size)
    embedding.build()
    convolution.build((None, None, 4))
    for weight, value in zip([*embedding.weights, *convolution.weights], layer.weights, strict=True):
        weight.assign(value)
    before, after = (kernel_size - 1) // 2, kernel_size // 2
    with tf.GradientTape() as tape:
        rows = []
        for word in IDS.reshape(-1, IDS.shape[-1]):
            word = np.pad(word[word != 0], (before, after))
            if len(word) < kernel_size:
                rows.append(tf.zeros(6))
            else:
                rows.append(tf.tanh(tf.reduce_max(convolution(embedding(word[None]))[0], axis=0)))
        expected = tf.reshape(tf.stack(rows), [3, 3, 6])
        loss = tf.reduce_sum(expected**2)
    expected_gradients = tape.gradient(loss, [*embedding.weights, *convolution.weights])
    with tf.GradientTape() as tape:
        vectors = layer(IDS)
        loss = tf.reduce_sum(vectors**2)
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    for gradient, reference in zip(tape.gradient(loss, layer.weights), expected_gradients, strict=True):
        np.testing.assert_allclose(gradient, tf.convert_to_tensor(reference), atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_the_recurrence_is_that_of_keras(cell):
    layer = make_layer(LAYERS["recurrence"], cell=cell)
    stock = {"simple_rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}[cell]
    reference = keras.layers.Bidirectional(stock(3))
    reference.build((None, None, NUM_CHARACTERS))
    for weight, value in zip(reference.weights, layer.weights, strict=True):
        weight.assign(value)
    vectors = layer(IDS)
    for place, word in np.ndenumerate(np.array([["".join(map(str, w[w != 0])) for w in row] for row in IDS])):
        expected = np.zeros(6)
        if word:
            expected = reference(np.eye(NUM_CHARACTERS, dtype="float32")[None, list(map(int, word))])[0]
        np.testing.assert_allclose(vectors[place], expected, atol=1e-6)


@every_layer
def test_padding_and_neighbours_do_not_count(make):
    layer = make_layer(make)
    vectors = layer(IDS)
    assert vectors.shape == layer.compute_output_shape(IDS.shape) == (3, 3, 6)
    np.testing.assert_allclose(layer(np.pad(IDS, [(0, 0), (0, 2), (0, 7)]))[:, :3], vectors, atol=1e-6)
    np.testing.assert_allclose(layer(IDS[:1, 1:2, :1]), vectors[:1, 1:2], atol=1e-6)
    np.testing.assert_allclose(layer(IDS[::-1, ::-1])[::-1, ::-1], vectors, atol=1e-6)
    assert np.abs(vectors[0, 0] - vectors[0, 2]).max() > 0.01
    assert tf.function(layer)(IDS[:0]).shape == (0, 3, 6)


@every_layer
def test_the_order_of_characters_counts(make):
    layer = make_layer(make)
    forward, backward = layer(np.array([[[3, 4, 5, 6, 0], [6, 5, 4, 3, 0]]]))[0]
    assert np.abs(forward - backward).max() > 0.01


@every_layer
def test_a_word_without_characters_gives_zeros_and_no_gradient(make):
    layer = make_layer(make)
    with tf.GradientTape() as tape:
        vectors = layer(IDS)
        of_empty = tf.boolean_mask(vectors, ~IDS.any(-1))
        loss = tf.reduce_sum(of_empty + of_empty**2)
    np.testing.assert_array_equal(of_empty, np.zeros((5, 6)))
    for gradient in tape.gradient(loss, layer.weights):
        np.testing.assert_array_equal(tf.convert_to_tensor(gradient), np.zeros(gradient.shape))


@every_layer
@pytest.mark.parametrize("merge", [keras.layers.Add, keras.layers.Concatenate])
def test_the_mask_together_with_that_of_the_words(make, merge):
    token_ids, character_ids = keras.Input((None,), dtype="int32"), keras.Input((None, 5), dtype="int32")
    vectors = keras.layers.Embedding(9, 6, mask_zero=True)(token_ids)
    model = keras.Model([token_ids, character_ids], merge()([vectors, make()(character_ids)]))
    # The second word of the first row has no characters, and is a word all the same.
    characters = np.where(np.arange(3)[:, None] == 1, 0, IDS)
    real = np.array([[True, True, True], [True, False, False], [False, False, False]])
    np.testing.assert_array_equal(model([real * 4, characters])._keras_mask, real)


@every_layer
def test_compiles_with_xla_and_gives_the_same(make):
    layer = make_layer(make)

    def step(ids):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(ids) ** 2)
        return [loss, *(tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, layer.weights))]

    for compiled, plain in zip(tf.function(step, jit_compile=True)(IDS), step(IDS), strict=True):
        np.testing.assert_allclose(compiled, plain, atol=1e-5)


@pytest.fixture
def mixed_bfloat16():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


@every_layer
def test_half_precision(make, mixed_bfloat16):
    half = make_layer(make)
    keras.config.set_dtype_policy("float32")
    layer = make_layer(make)
    with tf.GradientTape() as tape:
        vectors = half(IDS)
        loss = tf.reduce_sum(tf.cast(vectors, tf.float32) ** 2)
    assert vectors.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(vectors, tf.float32), layer(IDS), atol=0.05)
    for weight, gradient in zip(half.weights, tape.gradient(loss, half.weights), strict=True):
        assert weight.dtype == "float32"
        assert np.isfinite(tf.convert_to_tensor(gradient)).all()


@every_layer
def test_saves_and_reloads(make, tmp_path):
    character_ids = keras.Input((None, 5), dtype="int32")
    model = keras.Model(character_ids, make()(character_ids))
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(reloaded(IDS), model(IDS))
    assert reloaded.layers[1].get_config() == model.layers[1].get_config()


@pytest.mark.parametrize("argument", ["input_dim", "filters", "kernel_size", "embedding_dim"])
def test_refuses_sizes_below_one(argument):
    with pytest.raises(ValueError, match=f"{argument} must be at least 1, not 0"):
        CharacterConvolution(**{"input_dim": 5, "filters": 3} | {argument: 0})
