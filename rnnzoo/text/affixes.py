"""Prefixes and suffixes of words, which say something about words that were never seen."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import tensorflow as tf

from rnnzoo.config.schema import TokenSection
from rnnzoo.text.vocabulary import Vocabulary

_FEWEST_WORDS = 2


class AffixEncoder(tf.Module):
    """Looks up the first and last few characters of words.

    A word shorter than an affix is its own affix. The vocabulary marks prefixes `abc-` and suffixes
    `-abc`; an affix that it lacks has the id 1.

    Args:
        vocabulary: The affixes that have an id of their own.
        prefix_lengths: Lengths of the prefixes, in characters.
        suffix_lengths: Lengths of the suffixes.

    Example:

    >>> encoder = build_affix_encoder(["walking", "talking"], prefix_lengths=[], suffix_lengths=[3], max_size=10)
    >>> encoder(tf.constant(["stalking", "walks"])).numpy().tolist()
    [[4], [1]]
    """

    def __init__(self, vocabulary: Vocabulary, prefix_lengths: Sequence[int], suffix_lengths: Sequence[int]):
        super().__init__()
        self.vocabulary = vocabulary
        self.prefix_lengths = tuple(prefix_lengths)
        self.suffix_lengths = tuple(suffix_lengths)

    @property
    def num_affixes(self) -> int:
        """How many affixes a word has."""
        return len(self.prefix_lengths) + len(self.suffix_lengths)

    def __call__(self, words: tf.Tensor) -> tf.Tensor:
        """Looks up the affixes of words.

        Args:
            words: (words,) string, valid UTF-8.

        Returns:
            (words, num_affixes) int32.
        """
        num_characters = tf.strings.length(words, unit="UTF8_CHAR")
        start = tf.zeros_like(num_characters)
        affixes = [
            tf.strings.substr(words, start, start + length, unit="UTF8_CHAR") + "-" for length in self.prefix_lengths
        ]
        affixes += [
            "-" + tf.strings.substr(words, tf.maximum(num_characters - length, 0), start + length, unit="UTF8_CHAR")
            for length in self.suffix_lengths
        ]
        return self.vocabulary.to_ids(tf.stack(affixes, axis=-1))

    def save(self, folder: Path) -> None:
        """Writes `affixes.jsonl`, one JSON string a line, and `affixes.json`, their lengths."""
        self.vocabulary.save(folder / "affixes.jsonl")
        lengths = {"prefix_lengths": self.prefix_lengths, "suffix_lengths": self.suffix_lengths}
        (folder / "affixes.json").write_text(json.dumps(lengths) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "AffixEncoder":
        """Reads what `save` wrote."""
        lengths = json.loads((folder / "affixes.json").read_text(encoding="utf-8"))
        return cls(Vocabulary.load(folder / "affixes.jsonl"), **lengths)


def build_affix_encoder(
    words: Iterable[str], prefix_lengths: Sequence[int], suffix_lengths: Sequence[int], max_size: int
) -> AffixEncoder:
    """Collects the affixes that several words share.

    Args:
        words: The different words of the training texts.
        prefix_lengths: Lengths of the prefixes, in characters.
        suffix_lengths: Lengths of the suffixes.
        max_size: Largest number of entries, the special tokens included.
    """
    counts: Counter[str] = Counter()
    for word in words:
        affixes = [f"{word[:length]}-" for length in prefix_lengths]
        affixes += [f"-{word[-length:]}" for length in suffix_lengths]
        counts.update(set(affixes))  # a short word has one affix several times
    shared = {affix: count for affix, count in counts.items() if count >= _FEWEST_WORDS}
    return AffixEncoder(Vocabulary.of_most_frequent(shared, max_size), prefix_lengths, suffix_lengths)


def learn_affixes(text: TokenSection, words: Iterable[str]) -> AffixEncoder | None:
    """Collects the affixes that a config asks for, as `build_affix_encoder` does; None where it asks for none."""
    if not _has_affixes(text):
        return None
    return build_affix_encoder(words, text.prefix_lengths, text.suffix_lengths, text.affix_vocabulary_size)


def load_affixes(text: TokenSection, folder: Path) -> AffixEncoder | None:
    """Reads the affixes that a config asks for; None where it asks for none."""
    return AffixEncoder.load(folder) if _has_affixes(text) else None


def _has_affixes(text: TokenSection) -> bool:
    return bool(text.prefix_lengths or text.suffix_lengths)
