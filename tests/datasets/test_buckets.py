"""Bucket widths that waste the least."""

import itertools

import numpy as np
import pytest

from rnnzoo.datasets import choose_widths


def padded_steps(lengths, widths, batch_size):
    places = np.searchsorted(widths, np.maximum(lengths, 1))
    return sum(
        -(-int((places == place).sum()) // batch_size) * batch_size * width for place, width in enumerate(widths)
    )


def least_padded_steps(lengths, num_buckets, batch_size):
    candidates = np.unique(np.maximum(lengths, 1)).tolist()
    longest = candidates[-1]
    return min(
        padded_steps(lengths, [*chosen, longest], batch_size)
        for size in range(min(num_buckets, len(candidates)))
        for chosen in itertools.combinations(candidates[:-1], size)
    )


@pytest.mark.parametrize("seed", range(60))
def test_no_other_widths_waste_less(seed):
    random = np.random.default_rng(seed)
    lengths = random.integers(0, 12, random.integers(1, 30))
    num_buckets, batch_size = int(random.integers(1, 6)), int(random.integers(1, 8))
    widths = choose_widths(lengths, num_buckets, batch_size)
    assert len(widths) <= num_buckets and widths == sorted(set(widths)) and widths[-1] == max(1, lengths.max())
    assert padded_steps(lengths, widths, batch_size) == least_padded_steps(lengths, num_buckets, batch_size)


def test_many_different_lengths_still_hold_the_longest():
    lengths = np.random.default_rng(1).integers(1, 3000, 5000)
    widths = choose_widths(lengths, num_buckets=8, batch_size=64)
    assert len(widths) == 8 and widths[-1] == lengths.max()
    assert padded_steps(lengths, widths, 64) < 1.15 * lengths.sum()


def test_empty_texts_and_no_texts_get_one_column():
    assert choose_widths(np.array([0, 0]), 4, 2) == [1]
    assert choose_widths(np.array([], int), 4, 2) == [1]


def test_small_sets_get_few_buckets():
    assert choose_widths(np.array([3, 4, 5]), num_buckets=4, batch_size=64) == [5]
