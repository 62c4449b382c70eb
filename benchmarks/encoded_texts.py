"""Encoded texts in a file, for all that train on them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Texts:
    """Token ids and classes.

    Attributes:
        ids: One array of ids for each text, int32; 0 is padding and occurs in none.
        labels: (texts,) int32.
    """

    ids: list[np.ndarray]
    labels: np.ndarray

    @property
    def num_tokens(self) -> int:
        """Tokens of all texts."""
        return sum(len(row) for row in self.ids)


def save_texts(path: Path, splits: dict[str, Texts], num_ids: int) -> None:
    """Writes splits by name, and the number of ids there are."""
    arrays = {"num_ids": np.array(num_ids)}
    for name, texts in splits.items():
        arrays[f"{name}_values"] = np.concatenate(texts.ids)
        arrays[f"{name}_lengths"] = np.array([len(row) for row in texts.ids])
        arrays[f"{name}_labels"] = texts.labels
    np.savez(path, **arrays)


def load_texts(path: Path, name: str) -> Texts:
    """Reads a split."""
    with np.load(path, allow_pickle=False) as arrays:
        ends = np.cumsum(arrays[f"{name}_lengths"])[:-1]
        return Texts(np.split(arrays[f"{name}_values"], ends), arrays[f"{name}_labels"])


def load_num_ids(path: Path) -> int:
    """Reads how many ids there are."""
    with np.load(path, allow_pickle=False) as arrays:
        return int(arrays["num_ids"])
