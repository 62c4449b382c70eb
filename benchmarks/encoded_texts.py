"""Encoded texts in a file, for all that train on them."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Texts:
    """Token ids and labels, those of all texts end to end.

    Attributes:
        ids: (tokens,) int32; 0 is padding and does not occur.
        lengths: Tokens of each text, (texts,) int64.
        labels: (texts,) int32; of tagged texts (tokens,).
        is_tagged: Whether each token has a label, rather than each text.
    """

    ids: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    is_tagged: bool


def save_texts(path: Path, splits: dict[str, Texts], num_ids: int, num_labels: int) -> None:
    """Writes splits by name, and how many ids and labels there are."""
    arrays = {f"{name}_{field}": value for name, texts in splits.items() for field, value in vars(texts).items()}
    np.savez(path, **arrays, sizes=np.array([num_ids, num_labels]))


def load_texts(path: Path, name: str) -> Texts:
    """Reads a split."""
    with np.load(path, allow_pickle=False) as arrays:
        ids, lengths, labels, is_tagged = (arrays[f"{name}_{field.name}"] for field in fields(Texts))
    return Texts(ids, lengths, labels, bool(is_tagged))


def load_sizes(path: Path) -> tuple[int, int]:
    """Reads how many ids and labels there are."""
    with np.load(path, allow_pickle=False) as arrays:
        num_ids, num_labels = arrays["sizes"].tolist()
    return num_ids, num_labels
