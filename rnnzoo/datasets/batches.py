"""Batches of a few fixed shapes, as a function of seed and epoch alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rnnzoo.datasets.columns import Column

EXAMPLE_INDEX = "example_index"


@dataclass(frozen=True)
class _Bucket:
    width: int
    rows: np.ndarray
    own_widths: dict[str, int]


class Batches:
    """Cuts encoded examples into batches.

    Of columns that lie in files only the rows of a batch are read. In memory there are some 16 bytes an example.

    Every batch of a bucket has the same number of rows and the same width. The last batch of a
    bucket is filled with empty rows; `example_index`, (batch,) int64, tells the examples apart and is
    -1 for filler.

    Args:
        columns: Encoded examples.
        length_columns: Name of the sequence column that decides the bucket; or names of several, of which the
            longest decides, and each has in every bucket a width of its own, that of its longest sequence.
        widths: Increasing widths of the buckets; longer sequences are cut.
        batch_size: Rows of a batch.
        seed: Seed of the order; None: the examples are not shuffled.
    """

    def __init__(
        self,
        columns: dict[str, Column],
        length_columns: str | Sequence[str],
        widths: list[int],
        batch_size: int,
        seed: int | None = None,
    ):
        self._columns = columns
        self._batch_size = batch_size
        self._seed = seed
        several = () if isinstance(length_columns, str) else length_columns
        self.lengths = lengths = _longest(columns, several or [length_columns])
        self.num_examples = len(lengths)
        self.num_steps = int(np.minimum(lengths, widths[-1]).sum())
        places = np.minimum(np.searchsorted(widths, lengths), len(widths) - 1).astype(np.int16)
        self._buckets = []
        for place, width in enumerate(widths):
            rows = np.flatnonzero(places == place).astype(np.int32)
            if len(rows):
                own_widths = {name: min(width, int(columns[name].lengths[rows].max())) for name in several}
                self._buckets.append(_Bucket(width, rows, own_widths))

    def __len__(self) -> int:
        """Number of batches of an epoch."""
        return sum(-(-len(bucket.rows) // self._batch_size) for bucket in self._buckets)

    @property
    def shapes(self) -> dict[tuple[int, int], int]:
        """How many batches of an epoch have which shape (rows, width)."""
        return {(self._batch_size, bucket.width): -(-len(bucket.rows) // self._batch_size) for bucket in self._buckets}

    def epoch(self, epoch: int = 0, start: int = 0) -> Iterator[dict[str, np.ndarray]]:
        """Yields the batches of an epoch, from batch number `start` on.

        Returns:
            Dictionaries of arrays: sequences padded to (batch, width, ...), plain values (batch, ...),
            and `example_index`.
        """
        for bucket, rows in self._plan(epoch)[start:]:
            batch = {EXAMPLE_INDEX: rows.astype(np.int64)}
            for name, column in self._columns.items():
                width = bucket.own_widths.get(name, bucket.width)
                batch[name] = column.take(rows) if column.offsets is None else column.pad(rows, width)
            yield batch

    def _plan(self, epoch: int) -> list[tuple[_Bucket, np.ndarray]]:
        shuffle = None if self._seed is None else np.random.default_rng([self._seed, epoch])
        plan = []
        for bucket in self._buckets:
            rows = bucket.rows if shuffle is None else shuffle.permutation(bucket.rows)
            missing = -len(rows) % self._batch_size
            rows = np.concatenate([rows, np.full(missing, -1, rows.dtype)])
            plan += [(bucket, part) for part in rows.reshape(-1, self._batch_size)]
        if shuffle is not None:
            plan = [plan[place] for place in shuffle.permutation(len(plan))]
        return plan


def _longest(columns: dict[str, Column], names: Sequence[str]) -> np.ndarray:
    lengths = columns[names[0]].lengths.astype(np.int32)
    for name in names[1:]:
        np.maximum(lengths, columns[name].lengths, out=lengths, casting="same_kind")
    return lengths
