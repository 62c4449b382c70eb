"""From sequences of numbers to the features of a model."""

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.config.schema import FeaturesSection
from rnnzoo.tasks.feature_pipeline import FeaturePipeline, as_sequences

NAN, INF = float("nan"), float("inf")


def make_pipeline(max_length=4):
    return FeaturePipeline(np.array([1.0, 0.0], np.float32), np.array([2.0, 1.0], np.float32), max_length)


def test_mean_and_deviation_are_those_of_the_training_steps():
    steps = np.random.default_rng(0).normal([3.0, -2.0, 1e6], [0.5, 4.0, 100.0], (5000, 3)).astype(np.float32)
    pipeline = FeaturePipeline.learn(FeaturesSection(), steps)
    np.testing.assert_allclose(pipeline.mean, steps.astype(np.float64).mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(pipeline.deviation, steps.astype(np.float64).std(axis=0), rtol=1e-5)


def test_what_is_missing_or_does_not_vary_is_no_trouble():
    steps = np.array([[1.0, 0.1, NAN, NAN], [3.0, 0.1, 5.0, INF], [2.0, 0.1, 7.0, NAN]], np.float32)
    pipeline = FeaturePipeline.learn(FeaturesSection(), steps)
    np.testing.assert_allclose(pipeline.mean, [2.0, 0.1, 6.0, 0.0], rtol=1e-6)
    np.testing.assert_allclose(pipeline.deviation, [(2 / 3) ** 0.5, 1.0, 1.0, 1.0], rtol=1e-6)


def test_steps_are_normalised_marked_as_real_and_padded_with_zeros():
    features = tf.constant([[[1.0, 0.0], [3.0, -2.0]], [[0.0, 0.0], [9.0, 9.0]]])
    encoded = make_pipeline()(features, tf.constant([2, 1]))["features"]
    assert encoded.numpy().tolist() == [[[0.0, 0.0, 1.0], [1.0, -2.0, 1.0]], [[-0.5, 0.0, 1.0], [0.0, 0.0, 0.0]]]


@pytest.mark.parametrize("garbage", [7.0, 3e38, NAN, INF, -INF])
def test_what_lies_past_the_length_is_ignored(garbage):
    features = np.ones((3, 4, 2), np.float32)
    length = tf.constant([0, 2, 3])
    expected = make_pipeline()(tf.constant(features), length)["features"]
    features[np.arange(4) >= length.numpy()[:, None]] = garbage
    np.testing.assert_array_equal(make_pipeline()(tf.constant(features), length)["features"], expected)


def test_lengths_beyond_the_steps_and_below_zero_are_clipped():
    features = tf.ones([3, 2, 2])
    encoded = make_pipeline()(features, tf.constant([99, -1, 0]))["features"].numpy()
    assert encoded[..., -1].tolist() == [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]


def test_odd_numbers_become_finite_ones():
    features = tf.constant([[[NAN, INF], [-INF, 3e38], [-3e38, 1e-40]]])
    encoded = make_pipeline()(features, tf.constant([3]))["features"].numpy()
    np.testing.assert_allclose(encoded[0, :, :2], [[0.0, 100.0], [-100.0, 100.0], [-100.0, 0.0]], atol=1e-30)


def test_a_batch_has_a_step_at_least():
    encoded = make_pipeline()(tf.zeros([2, 0, 2]), tf.constant([0, 0]))["features"]
    assert encoded.numpy().tolist() == [[[0.0, 0.0, 0.0]]] * 2


def test_long_sequences_are_cut_alike_in_training_and_serving():
    steps = np.random.default_rng(1).normal(size=(9, 2)).astype(np.float32)
    ragged = tf.RaggedTensor.from_row_lengths(steps, [6, 0, 3])
    encoded, num_cut = make_pipeline(max_length=4).encode(ragged)
    assert num_cut.numpy().tolist() == [2, 0, 0]
    assert encoded["features"].row_lengths().numpy().tolist() == [4, 0, 3]
    served = make_pipeline(max_length=4)(ragged.to_tensor(), tf.cast(ragged.row_lengths(), tf.int32))["features"]
    np.testing.assert_array_equal(encoded["features"].to_tensor(), served)


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        (tf.ragged.constant([[1, 2], [3]]), [[[1.0], [2.0]], [[3.0]]]),
        (tf.constant([[1, 2], [3, 4]], tf.int64), [[[1.0], [2.0]], [[3.0], [4.0]]]),
        (tf.constant([[[1.0, 2.0]]], tf.float64), [[[1.0, 2.0]]]),
        (
            tf.RaggedTensor.from_row_lengths(tf.constant([[1, 2], [3, 4]], tf.uint8), [0, 2]),
            [[], [[1.0, 2.0], [3.0, 4.0]]],
        ),
    ],
)
def test_every_form_of_a_sequence_is_taken(features, expected):
    sequences = as_sequences(features)
    assert sequences.dtype == tf.float32 and sequences.ragged_rank == 1
    assert sequences.to_list() == expected


def test_saved_numbers_are_read_back_exactly(tmp_path):
    pipeline = FeaturePipeline.learn(FeaturesSection(), np.random.default_rng(2).normal(size=(7, 3)).astype(np.float32))
    pipeline.save(tmp_path)
    again = FeaturePipeline.load(tmp_path, FeaturesSection(max_length=5))
    np.testing.assert_array_equal(again.mean, pipeline.mean)
    np.testing.assert_array_equal(again.deviation, pipeline.deviation)
    assert again.max_length == 5 and again.dim == 3 and again.feature_dim == 4
