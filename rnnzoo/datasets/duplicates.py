"""Texts that occur more than once, within a split and across splits."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

_NUM_EXAMPLES = 3


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


def find_duplicates(splits: Mapping[str, Sequence[bytes]]) -> Duplicates:
    """Counts equal texts; neither case nor spacing tells texts apart.

    Args:
        splits: The texts of each split.

    Example:

    >>> found = find_duplicates({"train": [b"Good film", b"good  film"], "test": [b"good film", b"bad"]})
    >>> found.repeated, found.shared[0].num_texts, found.shared[0].examples
    ({'train': 1, 'test': 0}, 1, ('good film',))
    """
    digests = {name: [digest_text(text.decode(errors="replace")) for text in texts] for name, texts in splits.items()}
    different = {name: set(of_split) for name, of_split in digests.items()}
    shared = []
    for first, second in combinations(splits, 2):
        common = different[first] & different[second]
        places = [place for place, digest in enumerate(digests[second]) if digest in common]
        examples: dict[bytes, str] = {}
        for place in places:
            if len(examples) == _NUM_EXAMPLES:
                break
            examples.setdefault(digests[second][place], splits[second][place].decode(errors="replace"))
        shared.append(SharedTexts((first, second), len(common), len(places), tuple(examples.values())))
    repeated = {name: len(digests[name]) - len(different[name]) for name in splits}
    return Duplicates(repeated, tuple(shared))


def fold_text(text: str) -> str:
    """Returns what texts that differ only in case or spacing have in common."""
    return " ".join(text.casefold().split())


def digest_text(text: str) -> bytes:
    """Returns a digest of `fold_text`, in which millions of texts fit into memory."""
    return hashlib.blake2b(fold_text(text).encode(), digest_size=8).digest()
