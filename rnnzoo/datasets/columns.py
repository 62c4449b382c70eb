"""Encoded examples in memory: one array a feature, texts of different length end to end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

ENCODING_BATCH = 512


@dataclass(frozen=True)
class Column:
    """One feature of all examples.

    Attributes:
        values: One value an example, (examples, ...); or of sequences, all steps end to end,
            (steps, ...).
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


def encode_columns(dataset: "tf.data.Dataset", encode: Callable) -> dict[str, Column]:
    """Encodes a whole data set.

    Args:
        dataset: Single examples.
        encode: From a batch of examples to a dictionary of tensors (one value an example) and
            ragged tensors (sequences), in TensorFlow ops.
    """
    import tensorflow as tf

    parts: dict[str, list[np.ndarray]] = {}
    lengths: dict[str, list[np.ndarray]] = {}
    encoded = batch_examples(dataset).map(encode, num_parallel_calls=2).prefetch(2)
    for batch in encoded:
        for name, tensor in batch.items():
            if isinstance(tensor, tf.RaggedTensor):
                lengths.setdefault(name, []).append(tensor.row_lengths().numpy())
                tensor = tensor.values
            parts.setdefault(name, []).append(tensor.numpy())
    columns = {}
    for name, arrays in parts.items():
        offsets = None
        if name in lengths:
            offsets = np.concatenate([[0], np.cumsum(np.concatenate(lengths[name]))])
        columns[name] = Column(np.concatenate(arrays), offsets)
    return columns


def batch_examples(dataset: "tf.data.Dataset") -> "tf.data.Dataset":
    """Batches single examples; features whose size varies become ragged tensors."""
    import tensorflow as tf

    if all(spec.shape.is_fully_defined() for spec in tf.nest.flatten(dataset.element_spec)):
        return dataset.batch(ENCODING_BATCH)
    return dataset.ragged_batch(ENCODING_BATCH)


def iterate_values(dataset: "tf.data.Dataset", feature: str) -> Iterator[bytes | np.generic | np.ndarray]:
    """Yields the values of one feature: `bytes` of texts, arrays of sequences."""
    for batch in batch_examples(dataset):
        yield from batch[feature].numpy()
