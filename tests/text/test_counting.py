"""Counting what occurs in texts, in bounded memory."""

from collections import Counter

import numpy as np
import pytest

from rnnzoo.text import count_tokens, vocabulary


@pytest.fixture
def few(monkeypatch):
    """Has no more than 1,000 different things counted."""
    monkeypatch.setattr(vocabulary, "MOST_COUNTED", 1000)
    monkeypatch.setattr(vocabulary, "_COUNTED_AT_ONCE", 100)


def draw_words(num_words, num_tokens, seed=0):
    """Draws tokens as texts have them: few words are frequent, most are rare."""
    ranks = np.random.default_rng(seed).zipf(1.3, 3 * num_tokens)
    return [f"w{rank}" for rank in ranks[ranks <= num_words][:num_tokens].tolist()]


def test_counts_are_exact_while_there_is_room(few):
    tokens = draw_words(1000, 20_000)
    assert count_tokens(tokens) == Counter(tokens)
    assert count_tokens(token.encode() for token in tokens) == Counter(tokens)


def test_the_order_of_what_is_counted_is_that_of_the_texts(few):
    tokens = draw_words(900, 5000)
    assert list(count_tokens(tokens)) == list(dict.fromkeys(tokens))


def test_of_too_many_the_rare_are_forgotten_and_the_frequent_are_exact(few):
    tokens = draw_words(10**6, 200_000)
    exact, counts = Counter(tokens), count_tokens(tokens)
    assert len(exact) > 5000 and len(counts) <= 1000
    assert all(count <= exact[token] for token, count in counts.items())
    assert all(counts[token] == count for token, count in exact.most_common(50))
    # A vocabulary much smaller than what is remembered is the same.
    made = [set(vocabulary.Vocabulary.of_most_frequent(of, 200).tokens) for of in (exact, counts)]
    assert len(made[0] & made[1]) > 195


def test_things_that_all_occur_once_are_no_trouble(few):
    assert len(count_tokens(str(number) for number in range(10_000))) <= 1000


def test_broken_bytes_are_replaced():
    assert count_tokens([b"\xff", b"a", "\ufffd"]) == {"\ufffd": 2, "a": 1}
