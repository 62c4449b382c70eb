"""The model of counts that a recurrent transliterator has to beat."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np

from rnnzoo.config import UserError

# How many characters of the source become how many of the target. Two never become two or more: units so large would
# always be the likeliest, as a word takes fewer of them.
_SIZES = ((1, 0), (1, 1), (1, 2), (1, 3), (2, 1))
_MAX_TARGETS_EACH = 3
_EM_ITERATIONS = 8
_START, _END, _COPY = 0, 1, 2  # numbers of units that training does not have
# For each character, or two, the search tries the most frequent units.
_MAX_UNITS_EACH = 20
_MAX_CACHED = 20_000

_Unit = tuple[str, str]
_History = tuple[int, ...]


class TransliterationBaseline:
    """A joint n-gram model of pairs of characters, after Bisani and Ney 2008.

    Each training pair is cut, from left to right, into units: a character of the source with none to three of the
    target, or two with one. How probable a unit is, is learned by expectation maximisation over all ways to cut; the
    most probable way then makes a sequence of units of each pair, and an n-gram model of these, with interpolated
    absolute discounting (Ney et al. 1994), reads words: it looks for the most probable units that spell the source,
    by a beam search. Characters that training lacks are copied.

    Args:
        sources: Training words.
        targets: How each is written in the other script. A pair that cannot be cut, because its target is more than
            three times as long as its source, is left out.
        order: n.
        beam_width: How many histories the search keeps at each character.

    Raises:
        UserError: There is no pair that can be cut.

    Example:

    >>> baseline = TransliterationBaseline(["αβ", "βα", "ξα", "βξ"], ["ab", "ba", "xa", "bx"])
    >>> baseline.predict(["ξβ", "α-β"])
    ['xb', 'a-b']
    """

    def __init__(self, sources: Sequence[str], targets: Sequence[str], order: int = 3, beam_width: int = 10):
        sequences = align_characters(sources, targets)
        if not sequences:
            raise UserError("there is no training pair of which each character can be made of another")
        self._beam_width = beam_width
        self._units: list[_Unit] = [("", "")] * 3 + sorted(set().union(*sequences))
        numbers = {unit: number for number, unit in enumerate(self._units) if number > _COPY}
        self._counts: dict[_History, Counter[int]] = defaultdict(Counter)
        self._start: _History = (_START,) * (order - 1)
        for sequence in sequences:
            padded = (*self._start, *[numbers[unit] for unit in sequence], _END)
            for place in range(order - 1, len(padded)):
                for length in range(order):
                    self._counts[padded[place - length : place]][padded[place]] += 1
        self._totals = {history: counts.total() for history, counts in self._counts.items()}
        self._discounts = [_compute_discount(self._counts, length) for length in range(order)]
        self._numbers_of: dict[str, list[int]] = defaultdict(list)
        for number in sorted(numbers.values(), key=lambda number: -self._counts[()][number]):
            self._numbers_of[self._units[number][0]].append(number)
        self._list_steps = lru_cache(_MAX_CACHED)(self._compute_steps)

    def predict(self, sources: Sequence[str]) -> list[str]:
        """Returns each word of `sources` in the other script."""
        return [self._search(source) for source in sources]

    def _search(self, source: str) -> str:
        # Of each place the best log probability, and its output, by the history of units that leads there.
        beams: list[dict[_History, tuple[float, str]]] = [{} for _ in range(len(source) + 1)]
        beams[0][self._start] = (0.0, "")
        for place, beam in enumerate(beams[:-1]):
            lengths = (1, 2) if source[place : place + 2][1:] else (1,)
            for history, (score, output) in sorted(beam.items(), key=_by_score)[: self._beam_width]:
                for length in lengths:
                    reached = beams[place + length]
                    for log_probability, target, next_history in self._list_steps(
                        history, source[place : place + length]
                    ):
                        total = score + log_probability
                        if next_history not in reached or total > reached[next_history][0]:
                            reached[next_history] = (total, output + target)
        ends = {
            history: (score + math.log(self._compute_probability(history, _END)), output)
            for history, (score, output) in beams[-1].items()
        }
        return min(ends.items(), key=_by_score)[1][1]

    def _compute_steps(self, history: _History, characters: str) -> list[tuple[float, str, _History]]:
        """Lists the units for some characters: log probability, target, the history after it."""
        steps = [(number, self._units[number][1]) for number in self._numbers_of.get(characters, ())[:_MAX_UNITS_EACH]]
        if not steps and len(characters) == 1:
            steps = [(_COPY, characters)]
        return [
            (
                math.log(self._compute_probability(history, number)),
                target,
                self._shorten((*history, number)[-len(self._start) :] if self._start else ()),
            )
            for number, target in steps
        ]

    def _compute_probability(self, history: _History, number: int) -> float:
        lower = self._compute_probability(history[1:], number) if history else 1 / len(self._units)
        counts = self._counts.get(history)
        if counts is None:
            return lower
        discount = self._discounts[len(history)]
        return (max(counts[number] - discount, 0) + discount * len(counts) * lower) / self._totals[history]

    def _shorten(self, history: _History) -> _History:
        # What comes after a history that training lacks is as after its end.
        while history not in self._counts:
            history = history[1:]
        return history


def _compute_discount(counts: dict[_History, Counter[int]], length: int) -> float:
    """Returns what counts after histories of a length are lessened by (Ney et al. 1994); neither 0 nor 1."""
    how_many = Counter(chain.from_iterable(of.values() for history, of in counts.items() if len(history) == length))
    return (how_many[1] + 0.5) / (how_many[1] + 2 * how_many[2] + 1)


def _by_score(item: tuple[_History, tuple[float, str]]) -> float:
    return -item[1][0]


def align_characters(sources: Sequence[str], targets: Sequence[str]) -> list[list[_Unit]]:
    """Cuts pairs of words into units of characters that become each other.

    Args:
        sources: Words.
        targets: What each becomes.

    Returns:
        The units (characters of the source, characters of the target) of each pair that can be cut.

    Example:

    >>> align_characters(["αβ", "βα", "ξα"], ["ab", "ba", "xa"])[2]
    [('ξ', 'x'), ('α', 'a')]
    """
    numbers: dict[_Unit, int] = {}
    lattices = _make_lattices(sources, targets, numbers)
    logits = np.zeros(len(numbers))
    for _ in range(_EM_ITERATIONS if lattices else 0):
        counts = np.zeros(len(numbers))
        for lattice in lattices:
            lattice.add_counts(logits, counts)
        with np.errstate(divide="ignore"):
            logits = np.log(counts) - math.log(counts.sum())
    units = list(numbers)
    cut = {place: path for lattice in lattices for place, path in lattice.find_best(logits)}
    return [[units[number] for number in cut[place]] for place in sorted(cut)]


@dataclass(frozen=True)
class _Lattice:
    """All ways to cut the pairs of one length of source and one of target.

    Attributes:
        places: Which pairs they are, (pairs,).
        num_sources: Characters of each source.
        num_targets: Characters of each target.
        units: By (source length, target length) of units the numbers of those that begin at each place,
            (pairs, places in the source, places in the target).
    """

    places: list[int]
    num_sources: int
    num_targets: int
    units: dict[tuple[int, int], np.ndarray]

    def add_counts(self, logits: np.ndarray, counts: np.ndarray) -> None:
        """Adds to `counts` (units,) how often each unit is to be expected, given log probabilities of the units."""
        scores = {size: logits[numbers] for size, numbers in self.units.items()}
        forward, backward = self._run(scores, np.logaddexp)
        total = forward[:, -1, -1, None, None]
        for (length, width), numbers in self.units.items():
            rows, columns = numbers.shape[1:]
            inside = forward[:, :rows, :columns] + scores[length, width] + backward[:, length:, width:]
            counts += np.bincount(numbers.ravel(), np.exp(inside - total).ravel(), len(counts))

    def find_best(self, logits: np.ndarray) -> list[tuple[int, list[int]]]:
        """Returns the place of each pair and the units of the most probable way to cut it."""
        scores = {size: logits[numbers] for size, numbers in self.units.items()}
        _, backward = self._run(scores, np.maximum)
        return [(place, self._follow(row, scores, backward[row])) for row, place in enumerate(self.places)]

    def _follow(self, row: int, scores: dict[tuple[int, int], np.ndarray], backward: np.ndarray) -> list[int]:
        at, column, path = 0, 0, []
        while at < self.num_sources:
            _, size = max(
                (scores[size][row, at, column] + backward[at + size[0], column + size[1]], size)
                for size, numbers in self.units.items()
                if at < numbers.shape[1] and column < numbers.shape[2]
            )
            path.append(int(self.units[size][row, at, column]))
            at, column = at + size[0], column + size[1]
        return path

    def _run(self, scores: dict[tuple[int, int], np.ndarray], combine: np.ufunc) -> tuple[np.ndarray, np.ndarray]:
        """Returns log probabilities of all before, and of all after each node, (pairs, sources + 1, targets + 1)."""
        # Logarithms of nothing: finite, for the sake of differences.
        forward = np.full((len(self.places), self.num_sources + 1, self.num_targets + 1), -1e9)
        backward = forward.copy()
        forward[:, 0, 0] = backward[:, -1, -1] = 0
        for at in range(1, self.num_sources + 1):
            for (length, width), of_size in scores.items():
                if at >= length:
                    columns = of_size.shape[2]
                    reached = forward[:, at - length, :columns] + of_size[:, at - length]
                    forward[:, at, width:] = combine(forward[:, at, width:], reached)
                    start = self.num_sources - at
                    left = backward[:, start + length, width:] + of_size[:, start]
                    backward[:, start, :columns] = combine(backward[:, start, :columns], left)
        return forward, backward


def _make_lattices(sources: Sequence[str], targets: Sequence[str], numbers: dict[_Unit, int]) -> list[_Lattice]:
    """Numbers all units that can occur, in `numbers`, and lays out the pairs by their lengths."""
    by_lengths: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, (source, target) in enumerate(zip(sources, targets, strict=True)):
        if source and len(target) <= _MAX_TARGETS_EACH * len(source):
            by_lengths[len(source), len(target)].append(place)
    lattices = []
    for (num_sources, num_targets), places in by_lengths.items():
        units = {}
        for length, width in _SIZES:
            shape = (len(places), num_sources - length + 1, num_targets - width + 1)
            if min(shape) <= 0:
                continue
            codes = [
                numbers.setdefault(
                    (sources[place][at : at + length], targets[place][column : column + width]), len(numbers)
                )
                for place in places
                for at in range(shape[1])
                for column in range(shape[2])
            ]
            units[length, width] = np.array(codes, np.int32).reshape(shape)
        lattices.append(_Lattice(places, num_sources, num_targets, units))
    return lattices
