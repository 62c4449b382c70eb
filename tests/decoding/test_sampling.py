"""Drawing tokens, against NumPy and by counting."""

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.decoding import MAXIMUM_TEMPERATURE, Sampler, sample_tokens, uniform_draws

PROBABILITIES = np.array([0.05, 0.4, 0.1, 0.25, 0.2])
LOGITS = np.log(PROBABILITIES)
NUM_DRAWS = 4000
EVEN_DRAWS = ((np.arange(NUM_DRAWS) + 0.5) / NUM_DRAWS).astype("float32")


def draw(logits=LOGITS, temperature=1.0, top_k=0, top_p=1.0, draws=EVEN_DRAWS, allowed=None):
    """Returns the tokens of rows that are all alike but for their draws."""
    size = len(draws)
    logits = np.tile(np.asarray(logits, "float32"), (size, 1))
    settings = [np.full(size, temperature, "float32"), np.full(size, top_k, "int32"), np.full(size, top_p, "float32")]
    return sample_tokens(logits, *settings, draws, allowed).numpy()


def shares(**options):
    return np.bincount(draw(**options), minlength=len(PROBABILITIES)) / NUM_DRAWS


def hash_in_python(seed, position):
    """The documented formula with Python's integers."""

    def scramble(number):
        for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
            number ^= number >> shift
            number = number * factor % 2**32
        return number ^ number >> 16

    return (scramble(scramble((seed + 0x9E3779B9 * (position + 1)) % 2**32)) >> 8) / 2**24


def test_draws_follow_the_documented_formula():
    seeds = np.array([0, 1, 2**31 - 1, -1, -(2**31)], "int32")
    for position in (0, 1, 999, 2**31 - 1):
        expected = [hash_in_python(int(seed), position) for seed in seeds]
        np.testing.assert_array_equal(uniform_draws(tf.constant(seeds), tf.constant(position)), expected)


def test_draws_are_uniform_along_a_text_and_across_seeds():
    table = uniform_draws(tf.range(300), tf.range(300)[:, None]).numpy()
    assert table.min() >= 0.0 and table.max() < 1.0
    for one in (table[:, 7], table[7], table.ravel()):
        counts = np.histogram(one, 10, (0, 1))[0] / len(one)
        assert np.abs(counts - 0.1).max() < 5 * np.sqrt(0.09 / len(one))
    assert abs(np.corrcoef(table[:-1].ravel(), table[1:].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(table[:, :-1].ravel(), table[:, 1:].ravel())[0, 1]) < 0.02


def test_tokens_come_as_often_as_their_probability():
    np.testing.assert_allclose(shares(), PROBABILITIES, atol=1e-3)
    hot = PROBABILITIES ** (1 / 2.5)
    np.testing.assert_allclose(shares(temperature=2.5), hot / hot.sum(), atol=1e-3)
    cold = PROBABILITIES**4
    np.testing.assert_allclose(shares(temperature=0.25), cold / cold.sum(), atol=1e-3)


def keep_in_numpy(temperature, top_k, top_p):
    """The distribution after top-k and then top-p."""
    weights = PROBABILITIES ** (1 / temperature)
    order = np.argsort(-weights)
    kept = order[: top_k if 0 < top_k <= len(weights) else None]
    shares = weights[kept] / weights[kept].sum()
    if 0 < top_p < 1:
        kept = kept[: np.searchsorted(np.cumsum(shares), top_p) + 1]
    result = np.zeros(len(weights))
    result[kept] = weights[kept] / weights[kept].sum()
    return result


@pytest.mark.parametrize("temperature", [1.0, 0.5, 3.0])
@pytest.mark.parametrize("top_k", [0, 1, 2, 4, 5])
@pytest.mark.parametrize("top_p", [1.0, 0.01, 0.5, 0.7, 0.97])
def test_top_k_and_top_p_against_numpy(temperature, top_k, top_p):
    expected = keep_in_numpy(temperature, top_k, top_p)
    np.testing.assert_allclose(shares(temperature=temperature, top_k=top_k, top_p=top_p), expected, atol=1e-3)


def test_settings_out_of_range_are_off():
    for options in ({"top_k": -3}, {"top_k": 6}, {"top_k": 2**31 - 1}, {"top_p": 0.0}, {"top_p": -1.0}, {"top_p": 2.0}):
        np.testing.assert_array_equal(draw(**options), draw())
    np.testing.assert_array_equal(draw(top_p=np.nan), draw())


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, -np.inf, 1e-30, 1e-6])
def test_no_temperature_is_greedy(temperature):
    assert (draw(temperature=temperature) == 1).all()
    assert (draw(temperature=temperature, top_k=3, top_p=0.9) == 1).all()


def test_a_temperature_has_a_maximum():
    np.testing.assert_array_equal(draw(temperature=np.inf), draw(temperature=MAXIMUM_TEMPERATURE))
    np.testing.assert_array_equal(draw(temperature=3e38), draw(temperature=MAXIMUM_TEMPERATURE))


def test_of_equal_tokens_top_k_keeps_the_first():
    logits = [1.0, 2.0, 1.0, 2.0, 1.0]
    assert set(draw(logits, top_k=3)) == {0, 1, 3}
    assert set(draw(logits, top_k=1)) == {1}
    assert set(draw(logits, temperature=0.0)) == {1}
    assert set(draw(np.zeros(5), top_k=2)) == {0, 1}


@pytest.mark.parametrize("options", [{}, {"top_k": 4}, {"top_p": 0.9}, {"temperature": 0.0}, {"temperature": 100.0}])
def test_only_allowed_tokens_are_drawn(options):
    allowed = np.array([True, False, True, False, False])
    draws = np.concatenate([EVEN_DRAWS, [0.0, 1 - 2**-24]]).astype("float32")
    tokens = draw(allowed=allowed, draws=draws, **options)
    assert set(tokens) == ({2} if options.get("temperature") == 0.0 else {0, 2})


def test_the_ends_of_the_range_of_draws_never_give_an_impossible_token():
    random = np.random.default_rng(0)
    logits = np.where(random.random((500, 40)) < 0.5, -1e30, random.normal(0, 5, (500, 40))).astype("float32")
    logits[:, 3] = 0.0
    for value in (0.0, 1 - 2**-24):
        tokens = sample_tokens(logits, *[np.full(500, setting) for setting in (1.0, 0, 1.0)], np.full(500, value, "f"))
        assert (np.take_along_axis(logits, tokens.numpy()[:, None], 1) > -1e29).all()


@pytest.mark.parametrize("logits", [[np.nan] * 5, [3e38, -3e38, 0, 0, 0], [np.inf, 0, 0, 0, 0], [-np.inf, 0, 0, 0, 0]])
def test_whatever_the_logits_the_answer_is_a_token(logits):
    for options in ({}, {"temperature": 0.0}, {"top_k": 2}, {"top_p": 0.5}, {"temperature": 1e-5}):
        tokens = draw(logits, **options)
        assert tokens.min() >= 0 and tokens.max() < 5


def test_a_row_does_not_depend_on_the_others():
    random = np.random.default_rng(0)
    size = 64
    logits = random.normal(0, 2, (size, 30)).astype("float32")
    temperature = random.choice([0.0, 0.7, 1.0, np.nan], size).astype("float32")
    top_k = random.choice([0, 1, 5, 99], size).astype("int32")
    top_p = random.choice([1.0, 0.5, 0.9], size).astype("float32")
    draws = random.random(size).astype("float32")
    together = sample_tokens(logits, temperature, top_k, top_p, draws).numpy()
    alone = [
        int(sample_tokens(*(value[row : row + 1] for value in (logits, temperature, top_k, top_p, draws)))[0])
        for row in range(size)
    ]
    assert together.tolist() == alone


def test_a_sampler_serves_many_tokens():
    sampler = Sampler([1.0, 0.0], [0, 0], [1.0, 1.0])
    for value in (0.01, 0.3, 0.99):
        logits = np.tile(LOGITS, (2, 1))
        tokens = sampler(logits, tf.fill([2], value)).numpy().tolist()
        assert tokens == [int(np.searchsorted(np.cumsum(PROBABILITIES), value)), 1]
