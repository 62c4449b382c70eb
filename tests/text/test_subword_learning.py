"""Learning pieces of words."""

import random
from collections import Counter
from itertools import pairwise

import pytest

from rnnzoo.text import cut_by_longest_match, learn_pieces
from rnnzoo.text.subword_learning import _merge_pairs


def make_counts(seed):
    draw = random.Random(seed)
    return {"▁" + "".join(draw.choices("aabbcde", k=draw.randint(1, 7))): draw.randint(1, 9) for _ in range(40)}


def merge_slowly(runs, max_merged, min_count):
    words = {tuple(run): count for run, count in runs.items()}
    merged = set()
    while len(merged) < max_merged:
        pairs = Counter()
        for word, count in words.items():
            for pair in pairwise(word):
                pairs[pair] += count
        if not pairs or max(pairs.values()) < min_count:
            break
        left, right = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merged.add(left + right)
        new_words = Counter()
        for word, count in words.items():
            parts = []
            for part in word:
                # A part that has just been merged is not merged on with the same pair.
                if parts and (parts[-1], part) == ((left, False), right):
                    parts[-1] = (left + right, True)
                else:
                    parts.append((part, False))
            new_words[tuple(part for part, _ in parts)] += count
        words = new_words
    return merged


@pytest.mark.parametrize("seed", range(5))
def test_merges_are_those_of_counting_all_pairs_anew(seed):
    counts = make_counts(seed)
    for max_merged in (3, 10, 25):
        assert _merge_pairs(counts, max_merged, 2) == merge_slowly(counts, max_merged, 2)


def test_pairs_that_overlap():
    assert _merge_pairs({"aaaaa": 3}, 2, 2) == merge_slowly({"aaaaa": 3}, 2, 2) == {"aa", "aaa"}


@pytest.mark.parametrize("seed", range(3))
def test_every_longer_piece_is_used_often_enough(seed):
    counts = make_counts(seed)
    pieces = learn_pieces(counts, max_pieces=25, min_count=4)
    assert len(pieces) == len(set(pieces)) <= 25
    assert set("▁abcde") <= set(pieces)
    longest = max(map(len, pieces))
    uses = Counter()
    for chunk, count in counts.items():
        parts = cut_by_longest_match(chunk, set(pieces), longest)
        assert "".join(parts) == chunk
        uses.update(dict.fromkeys(parts, 0))
        for part in parts:
            uses[part] += count
    assert all(uses[piece] >= 4 for piece in pieces if len(piece) > 1)
    assert [uses[piece] for piece in pieces] == sorted((uses[piece] for piece in pieces), reverse=True)
    shuffled = dict(sorted(counts.items(), key=lambda item: item[0][::-1]))
    assert learn_pieces(shuffled, max_pieces=25, min_count=4) == pieces


def test_rare_characters_have_no_piece():
    assert set(learn_pieces({"aba": 5, "aqa": 1}, max_pieces=9, min_count=2)) == {"a", "b", "aba"}
    assert learn_pieces({"aaab": 5, "c": 1}, max_pieces=1, min_count=1) == ["a"]
    assert learn_pieces({"a": 1}, max_pieces=9, min_count=2) == []
    assert learn_pieces({}, max_pieces=9, min_count=1) == []


def test_pieces_never_are_special_tokens():
    assert "<pad>" not in learn_pieces({"<pad>": 50}, max_pieces=50, min_count=1)
