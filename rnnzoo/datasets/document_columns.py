"""Whole documents with their boundaries, put around them batch by batch."""

from dataclasses import dataclass

import numpy as np

from rnnzoo.datasets.columns import Column
from rnnzoo.datasets.streams import EncodedText
from rnnzoo.text.special_tokens import BOS_ID, EOS_ID


@dataclass(frozen=True)
class DocumentColumn(Column):
    """A column of `Batches` with what a model reads of documents, or with what comes next.

    Attributes:
        is_target: Whether `<eos>` comes after each document; else `<bos>` comes before it.

    Example:

    >>> text = EncodedText(np.array([7, 8, 9], np.uint8), np.array([0, 2, 3]))
    >>> for is_target in (False, True):
    ...     DocumentColumn.of(text, is_target).pad(np.array([0, 1, -1]), 3).tolist()
    [[2, 7, 8], [2, 9, 0], [0, 0, 0]]
    [[7, 8, 3], [9, 3, 0], [0, 0, 0]]
    """

    is_target: bool = False

    @classmethod
    def of(cls, text: EncodedText, is_target: bool) -> "DocumentColumn":
        """Makes a column of the documents of a text."""
        return cls(text.token_ids, text.offsets, is_target)

    @property
    def lengths(self) -> np.ndarray:
        return np.diff(self.offsets) + 1

    def pad(self, rows: np.ndarray, width: int) -> np.ndarray:
        padded = super().pad(rows, width).astype(np.int32)
        is_real = rows >= 0
        if self.is_target:
            places = (self.offsets[rows + 1] - self.offsets[rows])[:, None]
            return np.where(is_real[:, None] & (np.arange(width) == places), EOS_ID, padded)
        return np.concatenate([np.where(is_real, BOS_ID, 0)[:, None], padded[:, :-1]], axis=1).astype(np.int32)
