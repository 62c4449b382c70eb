import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.layers import Dropout
from rnnzoo.layers.random_bits import draw_bits, threshold_of


def test_a_share_is_dropped_and_the_rest_scaled():
    inputs = np.ones((50, 40, 30), "float32")
    outputs = np.asarray(Dropout(0.3, seed=1)(inputs, training=True))
    assert np.mean(outputs == 0) == pytest.approx(0.3, abs=0.005)
    np.testing.assert_allclose(outputs[outputs > 0], 1.0 / 0.7, rtol=1e-6)


@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_inference_changes_nothing(rate):
    inputs = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(Dropout(rate)(inputs, training=False), inputs)


def test_masks_differ_from_call_to_call_and_repeat_with_the_seed():
    inputs = np.ones((100, 100), "float32")
    first, second = Dropout(0.5, seed=1), Dropout(0.5, seed=1)
    masks = [np.asarray(first(inputs, training=True)) > 0 for _ in range(3)]
    again = [np.asarray(second(inputs, training=True)) > 0 for _ in range(3)]
    np.testing.assert_array_equal(masks, again)
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert np.mean(masks[one] == masks[other]) == pytest.approx(0.5, abs=0.03)


def test_masks_are_the_same_under_xla():
    inputs = tf.ones((20, 30))
    plain, compiled = Dropout(0.4, seed=2), Dropout(0.4, seed=2)
    function = tf.function(lambda inputs: compiled(inputs, training=True), jit_compile=True)
    for _ in range(2):
        np.testing.assert_array_equal(plain(inputs, training=True), function(inputs))


def test_noise_shape_locks_the_features_over_time():
    outputs = np.asarray(
        Dropout(0.5, noise_shape=(None, 1, None), seed=3)(np.ones((8, 5, 40), "float32"), training=True)
    )
    np.testing.assert_array_equal(outputs, np.repeat(outputs[:, :1], 5, axis=1))
    assert 0.3 < np.mean(outputs == 0) < 0.7


def test_the_mask_and_the_file_are_kept(tmp_path):
    ids = keras.Input((None,), dtype="int32")
    x = Dropout(0.2, name="dropout")(keras.layers.Embedding(5, 3, mask_zero=True)(ids))
    assert getattr(x, "_keras_mask", None) is not None
    keras.Model(ids, x).save(tmp_path / "model.keras")
    assert isinstance(keras.saving.load_model(tmp_path / "model.keras").get_layer("dropout"), Dropout)


def test_bits_are_uniform_and_independent():
    generator = keras.random.SeedGenerator(5)
    numbers = np.asarray(draw_bits(tf.constant([400_000]), generator), np.uint32)
    for bit in range(32):
        assert np.mean((numbers >> bit) & 1) == pytest.approx(0.5, abs=0.005)
    uniform = numbers / 2**32 - 0.5
    for distance in (1, 2, 64, 1000):
        correlation = np.mean(uniform[:-distance] * uniform[distance:]) * 12
        assert abs(correlation) < 0.01
    counts = np.histogram(numbers, bins=64, range=(0, 2**32))[0]
    assert np.sum((counts - 6250) ** 2 / 6250) < 130  # chi square with 63 degrees of freedom; 1e-6 lies at 131


def test_thresholds():
    assert int(threshold_of(0.0)) == 0
    assert int(threshold_of(0.5)) == 2**31
    assert int(threshold_of(1.0)) == 2**32 - 1
