"""Vocabularies: token ↔ id, built in one pass over the training texts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.text.special_tokens import SPECIAL_TOKENS, UNKNOWN_ID
from rnnzoo.text.string_file import load_strings, save_strings

# Different things; with the strings some 250 MB.
MOST_COUNTED = 2_000_000
_COUNTED_AT_ONCE = 1 << 16


class Vocabulary(tf.Module):
    """A fixed list of tokens with look-ups in both directions, as tables that an export can track.

    The special tokens come first and cannot be produced by a text: a text that holds the characters
    `<pad>` holds an unknown token, not padding.

    Args:
        tokens: All tokens in the order of their ids, beginning with `SPECIAL_TOKENS`.
    """

    def __init__(self, tokens: Sequence[str]):
        super().__init__()
        if tuple(tokens[: len(SPECIAL_TOKENS)]) != SPECIAL_TOKENS or len(set(tokens)) != len(tokens):
            raise ValueError(f"a vocabulary is {SPECIAL_TOKENS} and then tokens that all differ")
        self._tokens = tuple(tokens)
        self._token_strings = tf.constant(list(tokens))
        ids = tf.range(len(tokens))
        ids_in_texts = tf.where(ids < len(SPECIAL_TOKENS), UNKNOWN_ID, ids)
        # KeyValueTensorInitializer, because a vocabulary file cannot hold "" or "\n".
        self._id_table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(self._token_strings, ids_in_texts), default_value=UNKNOWN_ID
        )

    def __len__(self) -> int:
        return len(self._tokens)

    @property
    def tokens(self) -> tuple[str, ...]:
        """All tokens in the order of their ids."""
        return self._tokens

    def to_ids(self, tokens: tf.Tensor) -> tf.Tensor:
        """Looks up string tokens of any shape; unknown ones become 1. Returns int32."""
        return self._id_table.lookup(tokens)

    def to_tokens(self, ids: tf.Tensor) -> tf.Tensor:
        """Looks up integer ids of any shape. Returns strings; an impossible id becomes ""."""
        # Not a table: one would be exported by every model, also where nothing is turned back into text.
        exists = (ids >= 0) & (ids < len(self))
        return tf.where(exists, tf.gather(self._token_strings, tf.where(exists, ids, 0)), "")

    def save(self, path: Path) -> None:
        """Writes one JSON string a line, in the order of the ids."""
        save_strings(path, self._tokens)

    @classmethod
    def of_most_frequent(cls, counts: Mapping[str, int], max_size: int, min_count: int = 1) -> "Vocabulary":
        """Makes a vocabulary of the most frequent tokens; of equally frequent ones, the first by code points."""
        frequent = [(token, count) for token, count in counts.items() if count >= min_count]
        frequent.sort(key=lambda item: (-item[1], item[0]))
        kept = [token for token, _ in frequent if token not in SPECIAL_TOKENS]
        return cls([*SPECIAL_TOKENS, *kept[: max_size - len(SPECIAL_TOKENS)]])

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """Reads what `save` wrote."""
        return cls(load_strings(path))


def count_tokens(tokens: Iterable[bytes | str]) -> Counter[str]:
    """Counts tokens in one pass, in bounded memory: see `prune_counts`."""
    counts: Counter[str] = Counter()
    tokens = (token.decode(errors="replace") if isinstance(token, bytes) else token for token in tokens)
    while some := list(islice(tokens, _COUNTED_AT_ONCE)):
        counts.update(some)
        prune_counts(counts)
    return counts


def prune_counts(counts: Counter) -> None:
    """Forgets what is rare once there is too much to remember.

    Up to `MOST_COUNTED` different things, two million, counts are exact. Beyond, the half that was seen least is
    forgotten, and what comes again is counted from the beginning. So a count may be too low, by no more than those of
    the things that were forgotten each time, which are the rarest: a vocabulary that is a fraction of that size has
    the same tokens, but for some that are as rare as those.

    Args:
        counts: Is changed.
    """
    if len(counts) > MOST_COUNTED:
        most_forgotten = sorted(counts.values())[len(counts) // 2]
        for thing in [thing for thing, count in counts.items() if count <= most_forgotten]:
            del counts[thing]


def build_vocabulary(tokens: Iterable[bytes | str], max_size: int, min_count: int) -> Vocabulary:
    """Counts tokens in one pass and keeps the most frequent.

    Args:
        tokens: All tokens of the training texts, repetitions included, or what `count_tokens` made of them.
        max_size: Largest number of entries, the special tokens included.
        min_count: Tokens seen less often are left out.

    Returns:
        The vocabulary; equally frequent tokens are in the order of their code points, so that the
        ids do not depend on the order of the texts.

    Raises:
        UserError: Not one token is frequent enough.

    Example:

    >>> build_vocabulary(["b", "a", "b"], max_size=10, min_count=1).tokens[4:]
    ('b', 'a')
    """
    counts = tokens if isinstance(tokens, Counter) else count_tokens(tokens)
    vocabulary = Vocabulary.of_most_frequent(counts, max_size, min_count)
    if len(vocabulary) == len(SPECIAL_TOKENS):
        raise UserError(
            "no token of the training texts is frequent enough for the vocabulary",
            key="text.min_count",
            got=min_count,
            hint=f"the texts hold {len(counts)} different tokens",
        )
    return vocabulary
