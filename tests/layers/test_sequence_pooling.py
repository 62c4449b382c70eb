"""Pooling against loops over the real steps."""

import keras
import numpy as np
import pytest

from rnnzoo.layers import POOLINGS, SequencePooling

MASK = np.array(
    [
        [True, True, True, True, True],
        [True, True, False, False, False],
        [False, False, False, False, False],
        [True, False, False, True, False],  # a frame of zeros inside
        [False, True, True, False, False],  # a frame of zeros at the start
    ]
)


@pytest.fixture
def steps():
    return np.random.default_rng(0).normal(size=(*MASK.shape, 4)).astype(np.float32)


def pool_by_loop(layer, row, mask):
    """Pools the steps of one sequence, (time, features)."""
    real = row[mask]
    if len(real) == 0:
        return np.zeros(row.shape[1] * (2 if layer.pooling == "mean_max" else 1))
    mean, largest = real.mean(axis=0), real.max(axis=0)
    if layer.pooling == "last":
        half = row.shape[1] // 2
        return np.concatenate([real[-1][:half], real[0][half:]]) if layer.bidirectional else real[-1]
    if layer.pooling == "attention":
        hidden = np.tanh(real @ np.asarray(layer.hidden.kernel) + np.asarray(layer.hidden.bias))
        scores = np.exp(hidden @ np.asarray(layer.score.kernel))
        return (real * scores / scores.sum()).sum(axis=0)
    return {"mean": mean, "max": largest, "mean_max": np.concatenate([mean, largest])}[layer.pooling]


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_equals_a_loop_over_the_real_steps(pooling, bidirectional, steps):
    keras.utils.set_random_seed(0)
    layer = SequencePooling(pooling, bidirectional=bidirectional)
    for mask in (MASK, np.ones_like(MASK)):
        pooled = np.asarray(layer(steps, mask=mask))
        expected = [pool_by_loop(layer, row, real) for row, real in zip(steps, mask, strict=True)]
        np.testing.assert_allclose(pooled, expected, atol=1e-6)
    np.testing.assert_array_equal(np.asarray(layer(steps)), pooled)
    assert pooled.shape == layer.compute_output_shape(steps.shape)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_padding_is_not_read(pooling, steps):
    layer = SequencePooling(pooling, bidirectional=True)
    other = np.where(MASK[..., None], steps, 1e6).astype(np.float32)
    np.testing.assert_allclose(layer(other, mask=MASK), layer(steps, mask=MASK), atol=1e-6)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_counts_long_sequences_and_survives_empty_ones(pooling, dtype):
    mask = np.array([[True] * 700, [False] * 700])
    layer = SequencePooling(pooling, dtype=dtype)
    pooled = layer(np.ones((2, 700, 2), np.float32), mask=mask)
    assert keras.backend.standardize_dtype(pooled.dtype) == dtype.removeprefix("mixed_")
    pooled = np.asarray(keras.ops.cast(pooled, "float32"))
    np.testing.assert_allclose(pooled[0], 1.0, rtol=0.01)
    np.testing.assert_array_equal(pooled[1], 0.0)


def test_the_mask_ends_here(steps):
    embedded = keras.layers.Masking()(steps)
    assert getattr(embedded, "_keras_mask", None) is not None
    assert getattr(SequencePooling("max")(embedded), "_keras_mask", None) is None


def test_config_round_trip():
    layer = SequencePooling.from_config(SequencePooling("attention", bidirectional=True).get_config())
    assert (layer.pooling, layer.bidirectional) == ("attention", True)


def test_refuses_an_unknown_pooling():
    with pytest.raises(ValueError, match="pooling must be one of last, mean, max, mean_max, attention, not 'first'"):
        SequencePooling("first")
