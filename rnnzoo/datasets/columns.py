"""Encoded examples: one array a feature, texts of different length end to end."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

# So many values of a column that lies in a file are looked at in one go.
_VALUES_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Column:
    """One feature of all examples.

    Attributes:
        values: One value an example, (examples, ...); or of sequences, all steps end to end,
            (steps, ...). May be mapped from a file.
        offsets: Of sequences, where each begins, and the end: (examples + 1,) int64; else None.
    """

    values: np.ndarray
    offsets: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values) if self.offsets is None else len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Steps of each sequence, (examples,) int64."""
        return np.diff(self.offsets)

    def pad(self, rows: np.ndarray, width: int) -> np.ndarray:
        """Gathers sequences and pads them on the right with zeros: (len(rows), width, ...).

        A row of -1 is an empty one.
        """
        real, places = self._find_steps(rows, width)
        padded = np.zeros((len(rows), width, *self.values.shape[1:]), self.values.dtype)
        padded[real] = self.values[places]
        return padded

    def unpad(self, rows: np.ndarray, padded: np.ndarray, values: np.ndarray) -> None:
        """Puts what belongs to the steps of padded sequences where those steps are: `pad` the other way round.

        Args:
            rows: What was given to `pad`.
            padded: (len(rows), width, ...).
            values: Is written to: (steps, ...).
        """
        real, places = self._find_steps(rows, padded.shape[1])
        values[places] = padded[real]

    def _find_steps(self, rows: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns where padded sequences are real, (len(rows), width) bool, and the places of these steps."""
        starts = self.offsets[rows]
        lengths = np.where(rows < 0, 0, np.minimum(self.offsets[rows + 1] - starts, width))
        steps = np.arange(width)
        real = steps < lengths[:, None]
        return real, (starts[:, None] + steps)[real]

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Gathers plain values; a row of -1 gives zero."""
        values = self.values[rows]
        values[rows < 0] = 0
        return values

    def select(self, rows: np.ndarray) -> "Column":
        """Returns the column of some examples: a mask over the examples, (examples,) bool."""
        if self.offsets is None:
            return Column(self.values[rows])
        return Column(self.values[np.repeat(rows, self.lengths)], np.concatenate([[0], np.cumsum(self.lengths[rows])]))

    def first(self, number: int) -> "Column":
        """Returns the column of the first examples, without copying."""
        if self.offsets is None:
            return Column(self.values[:number])
        offsets = self.offsets[: number + 1]
        return Column(self.values[: offsets[-1]], offsets)

    def share(self, value: int) -> float:
        """Returns the share of the values that are equal to one; 0 where there are none."""
        return sum(int((part == value).sum()) for part in self._iterate_parts()) / max(1, self.values.size)

    def count(self, num_values: int) -> np.ndarray:
        """Counts how often each of the values 0, 1, …, num_values - 1 occurs: (num_values,) int64."""
        counts = np.zeros(num_values, np.int64)
        for part in self._iterate_parts():
            counts += np.bincount(part, minlength=num_values)
        return counts

    def _iterate_parts(self) -> Iterator[np.ndarray]:
        for start in range(0, len(self.values), _VALUES_AT_ONCE):
            yield self.values[start : start + _VALUES_AT_ONCE]
