"""Which training examples are held back for early stopping and for choosing."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

_SHORTEST_SENTENCE = 5
# Texts are looked up by this many of their first words.
_START = 3


def split_holdout(texts: Iterable[bytes], fraction: float, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Divides training examples by their texts, the same way whatever the seed and the order.

    Args:
        texts: The text of each example.
        fraction: Share to hold back.
        kind: `texts`: by a hash of the text, so that equal texts stay on one side. `sentences`: for sets
            that hold sentences and pieces of them (the phrases of SST-2). Of the texts that are not a
            piece of a longer one, a share is held back, and all pieces of these leave the training
            examples.

    Of `texts` a byte an example is in memory; of `sentences` all the texts are.

    Returns:
        Two masks over the examples, (examples,) bool: those to train on, those held back.

    Example:

    >>> train, held_back = split_holdout([b"a", b"b", b"a", b"c"], 0.5, "texts")
    >>> bool((train ^ held_back).all()), bool(train[0] == train[2])
    (True, True)
    """
    if kind == "texts":
        held_back = np.fromiter((_hash_fraction(text) < fraction for text in texts), bool)
        return ~held_back, held_back
    words = [tuple(text.lower().split()) for text in texts]
    known = set(words)
    lengths_by_start = defaultdict(set)
    for text in known:
        lengths_by_start[text[:_START]].add(len(text))
    pieces_seen: set[tuple[bytes, ...]] = set()
    held_back_pieces: set[tuple[bytes, ...]] = set()
    held_back_sentences: set[tuple[bytes, ...]] = set()
    # Longest first: a text that is a piece of another then comes after it.
    for sentence in sorted(known, key=lambda text: (-len(text), text)):
        if sentence in pieces_seen or len(sentence) < _SHORTEST_SENTENCE:
            continue
        # Only pieces that are texts themselves: long documents have millions.
        pieces = known.intersection(
            sentence[place : place + length]
            for place in range(len(sentence))
            for start in range(1, _START + 1)
            for length in lengths_by_start.get(sentence[place : place + start], ())
        )
        pieces_seen |= pieces
        if _hash_fraction(b" ".join(sentence)) < fraction:
            held_back_sentences.add(sentence)
            held_back_pieces |= pieces
    held_back = np.array([sentence in held_back_sentences for sentence in words], bool)
    train = np.array([sentence not in held_back_pieces for sentence in words], bool)
    return train, held_back


def _hash_fraction(text: bytes) -> float:
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") / 2**64
