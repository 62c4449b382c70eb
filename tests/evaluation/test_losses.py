"""The loss against Keras and against its definition."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.evaluation import softmax_cross_entropy_sum

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(0.0, 3.0, (4, 6, 5)).astype(np.float32)
LABELS = RANDOM.integers(0, 5, (4, 6)).astype(np.int32)
WEIGHTS = (np.arange(6) < np.array([[6], [2], [0], [1]])).astype(np.float32)


def mean(*arguments):
    loss, weight = softmax_cross_entropy_sum(*arguments)
    return float(loss / weight)


@pytest.mark.parametrize("place", [slice(None), 0], ids=["steps", "examples"])
def test_equals_keras(place):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    expected = loss(LABELS[place], LOGITS[place], sample_weight=WEIGHTS[place])
    ours, weight = softmax_cross_entropy_sum(LOGITS[place], LABELS[place], WEIGHTS[place])
    assert float(ours) == pytest.approx(float(expected), rel=1e-5)
    assert float(weight) == WEIGHTS[place].sum()


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_equals_the_definition(smoothing):
    total = 0.0
    weights = WEIGHTS * 2.5
    for place in np.ndindex(LABELS.shape):
        exponents = np.exp(LOGITS[place].astype(np.float64))
        target = (1.0 - smoothing) * np.eye(5)[LABELS[place]] + smoothing / 5
        total -= weights[place] * (target * np.log(exponents / exponents.sum())).sum()
    ours, weight = softmax_cross_entropy_sum(LOGITS, LABELS, weights, smoothing)
    assert float(ours) == pytest.approx(total, rel=1e-5)
    assert float(weight) == pytest.approx(weights.sum())


def test_smoothing_equals_keras():
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2, reduction="sum")
    expected = loss(np.eye(5)[LABELS], LOGITS, sample_weight=WEIGHTS)
    assert float(softmax_cross_entropy_sum(LOGITS, LABELS, WEIGHTS, 0.2)[0]) == pytest.approx(float(expected), rel=1e-5)


def test_the_mean_does_not_depend_on_batches():
    whole = mean(LOGITS, LABELS, WEIGHTS)
    for cuts in ([1, 2, 3], [3], [2]):
        parts = [
            softmax_cross_entropy_sum(*part)
            for part in zip(*(np.split(values, cuts) for values in (LOGITS, LABELS, WEIGHTS)), strict=True)
        ]
        assert float(sum(part[0] for part in parts) / sum(part[1] for part in parts)) == pytest.approx(whole, rel=1e-6)
    padded = [np.pad(values, [(0, 2), (0, 50), (0, 0)][: values.ndim]) for values in (LOGITS, LABELS, WEIGHTS)]
    assert mean(*padded) == pytest.approx(whole, rel=1e-6)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_what_lies_at_padding_counts_for_nothing(value, smoothing):
    real = WEIGHTS > 0
    logits = tf.constant(np.where(real[..., None], LOGITS, value))
    labels = np.where(real, LABELS, -1)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss, _ = softmax_cross_entropy_sum(logits, labels, WEIGHTS, smoothing)
    assert float(loss) == pytest.approx(float(softmax_cross_entropy_sum(LOGITS, LABELS, WEIGHTS, smoothing)[0]))
    gradient = tape.gradient(loss, logits).numpy()
    np.testing.assert_array_equal(gradient[~real], 0.0)
    assert np.isfinite(gradient).all() and gradient[real].any(axis=-1).all()


def test_the_gradient_is_softmax_minus_target():
    logits = tf.constant(LOGITS)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss, _ = softmax_cross_entropy_sum(logits, LABELS, WEIGHTS)
    expected = (tf.nn.softmax(LOGITS) - tf.one_hot(LABELS, 5)) * WEIGHTS[..., None]
    np.testing.assert_allclose(tape.gradient(loss, logits), expected, atol=1e-6)


def test_nothing_real_sums_to_zero():
    loss, weight = softmax_cross_entropy_sum(LOGITS, LABELS, np.zeros_like(WEIGHTS))
    assert (float(loss), float(weight)) == (0.0, 0.0)


def test_half_precision_logits_are_summed_in_float32():
    loss, weight = softmax_cross_entropy_sum(
        tf.zeros([3000, 2], tf.bfloat16), tf.zeros([3000], tf.int64), tf.ones([3000])
    )
    assert loss.dtype == weight.dtype == tf.float32
    assert float(loss / weight) == pytest.approx(np.log(2.0), rel=1e-5)


def test_confident_logits_do_not_overflow():
    assert mean([[1e4, -1e4]], [1], [1.0]) == pytest.approx(2e4)
