"""The best of many, found in blocks."""

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.decoding.continuations import find_best


@pytest.mark.parametrize(("width", "size"), [(640, 2), (1001, 3), (1001, 1), (30, 5)])
def test_the_best_are_those_of_tensorflow_with_many_equals(width, size):
    random = np.random.default_rng(width)
    values = random.integers(0, 9, (20, width)).astype("float32")
    values[0] = -np.inf
    values[1, 3:] = -np.inf
    values[2] = np.arange(width)
    for rows in (20, 1, 0):
        expected = tf.math.top_k(values[:rows], size)
        for one, other in zip(find_best(tf.constant(values[:rows]), size), expected, strict=True):
            np.testing.assert_array_equal(one, other)
    assert (find_best(tf.fill([1, width], np.nan), size)[1].numpy() < width).all()
