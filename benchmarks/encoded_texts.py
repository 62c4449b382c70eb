"""Encoded texts in a file, for all that train on them."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Texts:
    """Token ids and labels, those of all texts end to end.

    Attributes:
        ids: (tokens,) int32; 0 is padding and does not occur.
        character_ids: (tokens, word length) int32, padded on the right with 0; of word length 0 where only
            words are read.
        lengths: Tokens of each text, (texts,) int64.
        labels: (texts,) int32; of tagged texts (tokens,).
        is_tagged: Whether each token has a label, rather than each text.
    """

    ids: np.ndarray
    character_ids: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    is_tagged: bool


def save_texts(path: Path, splits: dict[str, Texts], num_ids: int, num_labels: int, num_characters: int) -> None:
    """Writes splits by name, and how many ids, labels and ids of characters there are."""
    arrays = {f"{name}_{field}": value for name, texts in splits.items() for field, value in vars(texts).items()}
    np.savez(path, **arrays, sizes=np.array([num_ids, num_labels, num_characters]))


def load_texts(path: Path, name: str) -> Texts:
    """Reads a split."""
    with np.load(path, allow_pickle=False) as arrays:
        *values, is_tagged = (arrays[f"{name}_{field.name}"] for field in fields(Texts))
    return Texts(*values, bool(is_tagged))


def load_sizes(path: Path) -> tuple[int, int, int]:
    """Reads how many ids, labels and ids of characters there are, the last 0 where only words are read."""
    with np.load(path, allow_pickle=False) as arrays:
        num_ids, num_labels, num_characters = arrays["sizes"].tolist()
    return num_ids, num_labels, num_characters
