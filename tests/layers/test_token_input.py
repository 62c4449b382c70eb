"""Word dropout and one-hot input."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.layers import AddToSteps, EmbeddingBag, WordDropout

IDS = np.random.default_rng(0).integers(0, 50, (80, 100)).astype(np.int32)


def test_word_dropout_replaces_ordinary_tokens_at_its_rate():
    dropped = np.asarray(WordDropout(0.3, seed=1)(IDS, training=True))
    ordinary = IDS >= 4
    np.testing.assert_array_equal(dropped[~ordinary], IDS[~ordinary])
    replaced = dropped != IDS
    assert set(dropped[replaced]) == {1}
    assert abs(replaced[ordinary].mean() - 0.3) < 0.02
    # Neither the same rows nor the same columns each time.
    assert replaced.any(axis=0).all() and replaced.any(axis=1).all()


@pytest.mark.parametrize(("rate", "training"), [(0.9, False), (0.9, None), (0.0, True)])
def test_word_dropout_is_off_in_inference(rate, training):
    np.testing.assert_array_equal(WordDropout(rate)(IDS, training=training), IDS)


def test_word_dropout_of_everything_keeps_special_tokens():
    dropped = np.asarray(WordDropout(1.0, unknown_id=3, num_special_ids=10)(IDS, training=True))
    np.testing.assert_array_equal(dropped, np.where(IDS >= 10, 3, IDS))


def test_word_dropout_draws_anew_and_repeats_with_its_seed():
    layer, again = WordDropout(0.5, seed=7), WordDropout(0.5, seed=7)
    first, second = (np.asarray(layer(IDS, training=True)) for _ in range(2))
    assert (first != second).any()
    step = tf.function(lambda ids: again(ids, training=True))
    np.testing.assert_array_equal(step(IDS), first)
    np.testing.assert_array_equal(step(IDS), second)


def test_word_dropout_has_a_rate_for_each_id():
    rates = [0.0] * 25 + [0.2] * 15 + [1.0] * 10
    layer = WordDropout(rates, seed=3)
    step = tf.function(lambda ids: layer(ids, training=True), jit_compile=True)
    is_dropped = np.asarray(step(IDS)) != IDS
    assert not is_dropped[IDS < 25].any() and is_dropped[IDS >= 40].all()
    assert abs(is_dropped[(IDS >= 25) & (IDS < 40)].mean() - 0.2) < 0.03
    assert WordDropout.from_config(layer.get_config()).rate == rates


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_word_dropout_keeps_type_and_shape(dtype):
    dropped = WordDropout(0.5)(IDS.astype(dtype), training=True)
    assert (dropped.dtype, dropped.shape) == (dtype, IDS.shape)
    symbolic = WordDropout(0.5)(keras.Input((None,), dtype=dtype), training=True)
    assert (symbolic.dtype, symbolic.shape) == (dtype, (None, None))


def test_embedding_bag_sums_what_is_not_zero():
    layer = EmbeddingBag(9, 4)
    ids = np.array([[[3, 5, 0], [0, 0, 0], [7, 7, 1]]])
    vectors = layer(ids)
    table = np.asarray(layer.embedding.embeddings)
    expected = [table[3] + table[5], np.zeros(4), 2 * table[7] + table[1]]
    np.testing.assert_allclose(vectors[0], expected, atol=1e-6)
    np.testing.assert_array_equal(vectors._keras_mask, [[True, False, True]])
    assert vectors.shape == layer.compute_output_shape(ids.shape)


@pytest.mark.parametrize(
    "layer",
    [WordDropout(0.25, unknown_id=2, num_special_ids=6, seed=9), EmbeddingBag(9, 4)],
    ids=lambda layer: layer.name,
)
def test_config_round_trip(layer):
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.parametrize("make", [lambda: WordDropout(-0.1), lambda: WordDropout(1.5), lambda: WordDropout([0.5, 2.0])])
def test_refuses_impossible_arguments(make):
    with pytest.raises(ValueError, match="must be"):
        make()


def test_add_to_steps_adds_everywhere_and_keeps_the_mask():
    token_ids, vector = keras.Input((None,), dtype="int32"), keras.Input((2,))
    model = keras.Model(
        [token_ids, vector], AddToSteps()(keras.layers.Embedding(9, 2, mask_zero=True)(token_ids), vector)
    )
    model.layers[1].set_weights([np.arange(18.0).reshape(9, 2)])
    answer = model([np.array([[3, 1, 0]]), np.array([[0.5, -1.0]], "float32")])
    np.testing.assert_array_equal(answer, [[[6.5, 6.0], [2.5, 2.0], [0.5, 0.0]]])
    np.testing.assert_array_equal(answer._keras_mask, [[True, True, False]])
