"""Draws in NumPy and in the graph."""

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.decoding import sample_tokens, uniform_draws
from rnnzoo.serving.sampling import draw_uniform, sample_token


def test_draws_are_those_of_the_graph():
    for seed in (0, 1, -1, 2**31 - 1, -(2**31), 12345):
        for position in (0, 1, 999, 99_999):
            expected = uniform_draws(tf.constant([seed]), tf.constant(position)).numpy()[0]
            assert np.float32(draw_uniform(seed, position)) == expected


def test_tokens_are_those_of_the_graph():
    random = np.random.default_rng(1)
    num_rows, size = 400, 13
    logits = random.normal(0.0, 2.0, (num_rows, size)).astype(np.float32)
    temperature = random.choice([0.0, -1.0, np.nan, 0.3, 1.0, 2.0, np.inf, 1e-20], num_rows).astype(np.float32)
    top_k = random.choice([-3, 0, 1, 2, 5, size, 10**6], num_rows).astype(np.int32)
    top_p = random.choice([-1.0, 0.0, 0.1, 0.5, 0.9, 1.0, 3.0, np.nan], num_rows).astype(np.float32)
    draws = random.integers(0, 2**24, num_rows) / 2**24
    is_allowed = np.arange(size) > 2
    expected = sample_tokens(logits, temperature, top_k, top_p, tf.constant(draws, tf.float32), tf.constant(is_allowed))
    probabilities = tf.nn.softmax(logits).numpy()
    found = [
        sample_token(
            probabilities[row],
            draws[row],
            temperature=float(temperature[row]),
            top_k=int(top_k[row]),
            top_p=float(top_p[row]),
            is_allowed=is_allowed,
        )
        for row in range(num_rows)
    ]
    assert found == expected.numpy().tolist()
    assert min(found) > 2


@pytest.mark.parametrize("draw", [0.0, 0.5, 1.0 - 2.0**-24])
def test_a_token_that_is_not_allowed_is_never_drawn(draw):
    probabilities = np.array([0.3, 0.1, 0.2, 0.1, 0.3], np.float32)
    settings = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "is_allowed": np.array([False, True, False, True, False])}
    assert sample_token(probabilities, draw, **settings) in (1, 3)
