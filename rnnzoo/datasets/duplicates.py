"""Texts that occur more than once, within a split and across splits."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

_NUM_EXAMPLES = 3
_COMPARED_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class SharedTexts:
    """What two splits have in common.

    Attributes:
        splits: Their names.
        num_texts: Different texts that occur in both.
        num_examples: Examples of the second split whose text occurs in the first.
        examples: A few such texts, as the second split has them.
    """

    splits: tuple[str, str]
    num_texts: int
    num_examples: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Duplicates:
    """Texts that occur more than once.

    Attributes:
        repeated: Examples of each split whose text occurred in it before.
        shared: What each two splits share.
    """

    repeated: dict[str, int]
    shared: tuple[SharedTexts, ...]


def find_duplicates(splits: Mapping[str, Iterable[bytes]]) -> Duplicates:
    """Counts equal texts; neither case nor spacing tells texts apart.

    Of each text 8 bytes are in memory, and as many again while they are compared.

    Args:
        splits: The texts of each split; they are gone through more than once.

    Example:

    >>> found = find_duplicates({"train": [b"Good film", b"good  film"], "test": [b"good film", b"bad"]})
    >>> found.repeated, found.shared[0].num_texts, found.shared[0].examples
    ({'train': 1, 'test': 0}, 1, ('good film',))
    """
    digests = {name: np.fromiter(map(_digest_number, texts), np.uint64) for name, texts in splits.items()}
    different = {name: np.unique(of_split) for name, of_split in digests.items()}
    shared = []
    for first, second in combinations(splits, 2):
        common = np.intersect1d(different[first], different[second], assume_unique=True)
        is_common = _is_among(digests[second], common)
        examples = _show_first(splits[second], digests[second], is_common)
        shared.append(SharedTexts((first, second), len(common), int(is_common.sum()), examples))
    repeated = {name: len(digests[name]) - len(different[name]) for name in splits}
    return Duplicates(repeated, tuple(shared))


def _digest_number(text: bytes) -> int:
    return int.from_bytes(digest_text(text.decode(errors="replace")), "big")


def _is_among(numbers: np.ndarray, of_sorted: np.ndarray) -> np.ndarray:
    """Returns which numbers are among sorted ones, (numbers,) bool."""
    found = np.zeros(len(numbers), bool)
    for start in range(0, len(numbers) if len(of_sorted) else 0, _COMPARED_AT_ONCE):
        part = numbers[start : start + _COMPARED_AT_ONCE]
        places = np.minimum(np.searchsorted(of_sorted, part), len(of_sorted) - 1)
        found[start : start + _COMPARED_AT_ONCE] = of_sorted[places] == part
    return found


def _show_first(texts: Iterable[bytes], digests: np.ndarray, is_shown: np.ndarray) -> tuple[str, ...]:
    """Returns the first few different texts among some."""
    if not is_shown.any():
        return ()
    examples: dict[int, str] = {}
    for text, digest, shown in zip(texts, digests, is_shown, strict=False):
        if shown:
            examples.setdefault(int(digest), text.decode(errors="replace"))
        if len(examples) == _NUM_EXAMPLES:
            break
    return tuple(examples.values())


def fold_text(text: str) -> str:
    """Returns what texts that differ only in case or spacing have in common."""
    return " ".join(text.casefold().split())


def digest_text(text: str) -> bytes:
    """Returns a digest of `fold_text`, in which millions of texts fit into memory."""
    return hashlib.blake2b(fold_text(text).encode(), digest_size=8).digest()
