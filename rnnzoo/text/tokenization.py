"""Normalisation and tokenisation of raw strings, in TensorFlow core ops."""

from abc import ABC, abstractmethod
from typing import ClassVar

import tensorflow as tf


def make_valid_utf8(text: tf.Tensor) -> tf.Tensor:
    """Replaces each broken byte of `text` (any shape, string) by U+FFFD."""
    return tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")


class Tokenizer(ABC):
    """Cuts strings into tokens, after making them valid UTF-8.

    Args:
        lowercase: Whether to lower-case, by Unicode's rules.

    Attributes:
        separator: What stands between tokens that are joined to a text.
    """

    separator: ClassVar[str]

    def __init__(self, lowercase: bool):
        self.lowercase = lowercase

    def __call__(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Tokenises a batch.

        Args:
            text: Raw strings, (batch,) string. Any bytes.

        Returns:
            The tokens, (batch, (time)) string, valid UTF-8.
        """
        text = make_valid_utf8(text)
        if self.lowercase:
            # To tf.strings.lower a text ends at a NUL.
            text = tf.strings.lower(tf.strings.regex_replace(text, r"\x00", " "), encoding="utf-8")
        return self._split(text)

    @abstractmethod
    def _split(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Cuts valid UTF-8."""


class WordTokenizer(Tokenizer):
    """Words, numbers and single punctuation marks; English clitics apart, as treebanks have them.

    White space of any script and control characters separate tokens. A text that is tokenised like a
    treebank, with blanks between the tokens, gives the same tokens.

    Example:

    >>> tokens = WordTokenizer(lowercase=True)(tf.constant(["It isn't bad: 3.5/5, très bien!"]))
    >>> [token.decode() for token in tokens[0].numpy()]
    ['it', 'is', "n't", 'bad', ':', '3.5', '/', '5', ',', 'très', 'bien', '!']
    """

    separator = " "

    # In the syntax of RE2. Rewriting the whole match, \0, spares it the tracking of groups, which is slow.
    _REWRITES = (
        ("[’ʼ]", "'"),
        (r"[\s\p{Z}\p{Cc}]+", " "),
        (r"(?i)n't\b", r" \0"),
        # RE2's \b knows ASCII letters only: without this the 'd of Turkish "Ankara'dır" would be a clitic.
        (r"(?i)'((?:s|t|re|ve|ll|d|m)[\p{L}\p{M}\p{N}])", r"' \1"),
        (r"(?i)n't\b|'(?:s|re|ve|ll|d|m)\b|\p{N}+(?:[.,]\p{N}+)+|[\p{L}\p{M}\p{N}]+|\S", r" \0 "),
    )

    def _split(self, text: tf.Tensor) -> tf.RaggedTensor:
        for pattern, rewrite in self._REWRITES:
            text = tf.strings.regex_replace(text, pattern, rewrite)
        # An explicit separator: the default one also takes vertical tabs and the like, which are gone by now.
        tokens = tf.strings.split(text, " ")
        return tf.ragged.boolean_mask(tokens, tf.not_equal(tokens, ""))


class CharacterTokenizer(Tokenizer):
    """Unicode code points, white space and line ends included.

    Example:

    >>> tokens = CharacterTokenizer(lowercase=False)(tf.constant(["né!"]))
    >>> [token.decode() for token in tokens[0].numpy()]
    ['n', 'é', '!']
    """

    separator = ""

    def _split(self, text: tf.Tensor) -> tf.RaggedTensor:
        return tf.strings.unicode_split(text, "UTF-8")


_TOKENIZERS = {"words": WordTokenizer, "characters": CharacterTokenizer}


def make_tokenizer(name: str, lowercase: bool) -> Tokenizer:
    """Returns the tokenizer that a config names: `words` or `characters`."""
    return _TOKENIZERS[name](lowercase)
