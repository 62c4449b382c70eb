"""The characters of words, from which a model reads words that were never seen."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import tensorflow as tf

from rnnzoo.text.special_tokens import PAD_ID
from rnnzoo.text.vocabulary import Vocabulary

_VOCABULARY_FILE = "characters.jsonl"
_SETTINGS_FILE = "characters.json"


class WordCharacterEncoder(tf.Module):
    """Looks up the characters of words, case and all.

    A long word is cut in the middle, so that its first and its last characters stay: what it begins and
    ends with says most about it. A character that the vocabulary lacks has the id 1.

    Args:
        vocabulary: The characters that have an id of their own.
        word_length: Characters of a word that are kept; at least 2.

    Example:

    >>> encoder = build_word_character_encoder({"abc": 2, "b": 1}, word_length=4, max_size=10, min_count=1)
    >>> encoder(tf.constant(["cab", "aabbcc", ""])).numpy().tolist()
    [[6, 5, 4, 0], [5, 5, 6, 6], [0, 0, 0, 0]]
    """

    def __init__(self, vocabulary: Vocabulary, word_length: int):
        super().__init__()
        if word_length < 2:
            raise ValueError(f"word_length must be at least 2, a first and a last character, not {word_length!r}")
        self.vocabulary = vocabulary
        self.word_length = word_length

    def __call__(self, words: tf.Tensor | tf.RaggedTensor) -> tf.Tensor | tf.RaggedTensor:
        """Looks up the characters of words.

        Args:
            words: (words,) or (batch, (time)) string. What is no valid UTF-8 counts as U+FFFD.

        Returns:
            (words, word_length) or (batch, (time), word_length) int32, padded on the right with 0.
        """
        return tf.ragged.map_flat_values(self._encode, words)

    def _encode(self, words: tf.Tensor) -> tf.Tensor:
        characters = tf.strings.unicode_split(words, "UTF-8", errors="replace")
        starts = tf.cast(characters.row_starts(), tf.int32)[:, None]
        num_characters = tf.cast(characters.row_lengths(), tf.int32)[:, None]
        num_cut = tf.maximum(num_characters - self.word_length, 0)
        places = tf.range(self.word_length)
        is_in_first_half = places < (self.word_length + 1) // 2
        sources = starts + places + tf.where(is_in_first_half, 0, num_cut)
        # One look-up for the characters and one gather, of padding from the very end: ragged slices take twice as long.
        ids = tf.concat([self.vocabulary.to_ids(characters.values), [PAD_ID]], axis=0)
        return tf.gather(ids, tf.where(places < num_characters, sources, tf.size(ids) - 1))

    def save(self, folder: Path) -> None:
        """Writes `characters.jsonl`, one JSON string a line, and `characters.json`, the length of words."""
        self.vocabulary.save(folder / _VOCABULARY_FILE)
        settings = json.dumps({"word_length": self.word_length})
        (folder / _SETTINGS_FILE).write_text(settings + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "WordCharacterEncoder":
        """Reads what `save` wrote."""
        settings = json.loads((folder / _SETTINGS_FILE).read_text(encoding="utf-8"))
        return cls(Vocabulary.load(folder / _VOCABULARY_FILE), **settings)


def build_word_character_encoder(
    counts: Mapping[str, int], word_length: int, max_size: int, min_count: int
) -> WordCharacterEncoder:
    """Collects the characters of the training texts.

    Args:
        counts: How often each word occurs in the training texts.
        word_length: Characters of a word that are kept; at least 2.
        max_size: Largest number of entries, the special tokens included.
        min_count: Characters seen less often are left out, so that the unknown one is trained.
    """
    characters: Counter[str] = Counter()
    for word, count in counts.items():
        for character in word:
            characters[character] += count
    return WordCharacterEncoder(Vocabulary.of_most_frequent(characters, max_size, min_count), word_length)
