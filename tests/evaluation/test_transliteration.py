"""The baseline of counts, on scripts that are made up."""

import math
from itertools import product

import numpy as np
import pytest

from rnnzoo.config import UserError
from rnnzoo.evaluation import TransliterationBaseline
from rnnzoo.evaluation.transliteration import _make_lattices, align_characters

# One to one, one to two, one to three, and one that is silent; "αι" is written as one letter.
TABLE = {"α": "a", "β": "b", "γ": "g", "θ": "th", "ξ": "x", "ψ": "sch", "ʿ": "", "αι": "e"}


def make_pairs(num_pairs, seed):
    random = np.random.default_rng(seed)
    units = [random.choice(list(TABLE), random.integers(2, 7)) for _ in range(num_pairs)]
    return ["".join(word) for word in units], ["".join(TABLE[unit] for unit in word) for word in units]


@pytest.fixture(scope="module")
def baseline():
    return TransliterationBaseline(*make_pairs(400, 1), order=2)


def test_learns_a_table(baseline):
    sources, targets = make_pairs(100, 2)
    assert np.mean([output == target for output, target in zip(baseline.predict(sources), targets, strict=True)]) > 0.97


def test_aligns_what_belongs_together():
    sources, targets = make_pairs(400, 1)
    aligned = align_characters(sources, targets)
    assert ["".join(source for source, _ in units) for units in aligned] == sources
    assert ["".join(target for _, target in units) for units in aligned] == targets
    units = [unit for word in aligned for unit in word]
    assert np.mean([unit in TABLE.items() for unit in units]) > 0.97


def list_cuts(source, target):
    """All ways to cut a pair into units, by brute force."""
    if not source:
        return [] if target else [[]]
    return [
        [(source[:length], target[:width]), *rest]
        for length, width in [(1, 0), (1, 1), (1, 2), (1, 3), (2, 1)]
        if length <= len(source) and width <= len(target)
        for rest in list_cuts(source[length:], target[width:])
    ]


@pytest.mark.parametrize(
    ("source", "target"), [("abc", "xyxy"), ("aab", "x"), ("a", "xyz"), ("ab", ""), ("abab", "xyx")]
)
def test_expected_counts_and_best_cut_equal_brute_force(source, target):
    numbers = {}
    (lattice,) = _make_lattices([source, source], [target, target], numbers)
    logits = np.log(np.random.default_rng(5).dirichlet(np.ones(len(numbers))))
    cuts = list_cuts(source, target)
    scores = np.array([sum(logits[numbers[unit]] for unit in cut) for cut in cuts])
    expected = np.zeros(len(numbers))
    for cut, share in zip(cuts, np.exp(scores) / np.exp(scores).sum(), strict=True):
        for unit in cut:
            expected[numbers[unit]] += 2 * share  # there are two such pairs
    counts = np.zeros(len(numbers))
    lattice.add_counts(logits, counts)
    np.testing.assert_allclose(counts, expected, atol=1e-12)
    best = [numbers[unit] for unit in cuts[scores.argmax()]]
    assert lattice.find_best(logits) == [(0, best), (1, best)]


def test_search_equals_brute_force():
    sources, targets = make_pairs(12, 3)
    baseline = TransliterationBaseline(sources, targets, order=3, beam_width=10**6)
    units = {number: unit for number, unit in enumerate(baseline._units) if number > 2}

    def score(cut):
        history, total = baseline._start, 0.0
        for number in (*cut, 1):
            total += math.log(baseline._compute_probability(history, number))
            history = (*history, number)[1:]
        return total

    for source in ["αβ", "θξα", "αι", "ψαι"]:
        cuts = [
            cut
            for length in range(1, len(source) + 1)
            for cut in product(units, repeat=length)
            if "".join(units[number][0] for number in cut) == source
        ]
        best = max(cuts, key=score)
        assert baseline.predict([source]) == ["".join(units[number][1] for number in best)]


def test_copies_what_it_does_not_know(baseline):
    assert baseline.predict(["β-β", "2024", "", "β𝄞β"]) == ["b-b", "2024", "", "b𝄞b"]


def test_probabilities_sum_to_one(baseline):
    for history in [(), (0,), (3,), (4,), (2,)]:
        # The start is never foretold, but has its share of what is left for the unseen.
        total = sum(baseline._compute_probability(history, number) for number in range(len(baseline._units)))
        assert total == pytest.approx(1)


def test_order_of_one_knows_no_neighbours():
    baseline = TransliterationBaseline(["ab", "ba"], ["xy", "yx"], order=1)
    assert baseline.predict(["aab", "bb"]) == ["xxy", "yy"]


def test_long_words_take_bounded_time(baseline):
    assert baseline.predict(["β" * 3000]) == ["b" * 3000]


def test_pairs_that_cannot_be_cut_are_left_out():
    sources, targets = make_pairs(50, 1)
    strange = TransliterationBaseline([*sources, "α", "", "β"], [*targets, "abcd", "b", "b" * 9], order=2)
    plain = TransliterationBaseline(sources, targets, order=2)
    words = make_pairs(10, 4)[0]
    assert strange.predict(words) == plain.predict(words)
    with pytest.raises(UserError, match="no training pair"):
        TransliterationBaseline(["a", ""], ["wxyz", "x"])
