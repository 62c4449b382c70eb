"""Normalisation and tokenisation of raw strings, in TensorFlow core ops."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import tensorflow as tf


def make_valid_utf8(text: tf.Tensor) -> tf.Tensor:
    """Replaces each broken byte of `text` (any shape, string) by U+FFFD."""
    return tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")


def lower_case(text: tf.Tensor) -> tf.Tensor:
    """Lower-cases valid UTF-8, `text` (any shape, string), by Unicode's rules; a NUL becomes a blank."""
    # To tf.strings.lower a text ends at a NUL.
    return tf.strings.lower(tf.strings.regex_replace(text, r"\x00", " "), encoding="utf-8")


class Tokenizer(ABC):
    """Cuts strings into tokens, after making them valid UTF-8.

    Args:
        lowercase: Whether to lower-case, by Unicode's rules.
        blanks: Strings that count as a blank, such as `<br />` in texts from the web.

    Attributes:
        separator: What stands between tokens that are joined to a text.
    """

    separator: ClassVar[str]

    def __init__(self, lowercase: bool, blanks: Sequence[str] = ()):
        self.lowercase = lowercase
        self._blanks = "|".join("".join(rf"\x{{{ord(character):x}}}" for character in blank) for blank in blanks)

    def __call__(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Tokenises a batch.

        Args:
            text: Raw strings, (batch,) string. Any bytes.

        Returns:
            The tokens, (batch, (time)) string, valid UTF-8.
        """
        text = make_valid_utf8(text)
        if self._blanks:
            text = tf.strings.regex_replace(text, self._blanks, " ")
        return self._split(lower_case(text) if self.lowercase else text)

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
        return _split_at_blanks(text)


_NEGATED = "ai|are|ca|could|did|does|do|had|has|have|is|might|must|need|should|was|were|wo|would"
_ABBREVIATIONS = (
    "Mr|Mrs|Ms|Dr|Drs|Prof|Rev|Hon|St|Jr|Sr|Inc|Corp|Co|Ltd|Bros|Capt|Col|Gen|Lt|Maj|Sgt|Rep|Sen|Gov|Pres|"
    "Jan|Feb|Aug|Sept?|Oct|Nov|Dec|Ave|Blvd|Dept|Univ|Mt|Ft|No|vs|etc|al|approx"
)
# The first that matches at a place is a token. In the syntax of RE2; \p only where it is needed, as its automata are
# large, and with too large a one RE2 becomes slow.
_TOKENS = (
    r"(?i:https?://|www\.)[^\s<>\"]*[\w/]",
    r"[A-Za-z0-9][\w.+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
    r"[@#][\p{L}_][\p{L}\p{N}_]*",
    r"[:;]['-]?[DP]\b|[:;]['-]?[)(]+|=[)(]|<3",
    rf"(?:\b[A-Za-z]\.){{2,}}|\b(?:{_ABBREVIATIONS}|[A-Z])\.",
    r"\b[A-Za-z][\w-]*(?:\.[a-z][\w-]*)+",  # file.pdf, example.org
    r"[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+",
    r"\b\d{3}-(?:\d{3}-)?\d{4}\b",  # telephone numbers
    r"\p{N}+(?:[.,:/]\p{N}+)+",
    r"(?i:\bb/c\b|\bw/o?\b|\be-mails?\b|\b[OD]['’][a-z]{3,})",
    r"(?i:n['’]t|['’](?:s|re|ve|ll|d|m))\b",
    r"[\p{L}\p{M}\p{N}]+",
    r"\.{2,}|[!?]+|-{2,}|={2,}|\*{2,}|_{2,}|~{2,}|\${2,}|#{2,}|<{2,}|>{2,}|\+{2,}|'{2}|’{2}|\S",
)


class TreebankTokenizer(Tokenizer):
    """Tokens of English treebanks: what is written without a blank and is two words is cut, the rest stays whole.

    Clitics and what people write for them (`don't`, `dont`, `cannot`, `gonna`) are two tokens; addresses, file
    names, abbreviations with their point, numbers, emoticons and runs of one punctuation mark are one.

    Example:

    >>> text = "I cannot e-mail Dr. Lee at lee@example.org... why don't you?"
    >>> tokens = TreebankTokenizer(lowercase=False)(tf.constant([text]))
    >>> b" ".join(tokens[0].numpy()).decode()
    "I can not e-mail Dr. Lee at lee@example.org ... why do n't you ?"
    """

    separator = " "

    _REWRITES = (
        (r"[\s\p{Z}\p{Cc}]+", " "),
        (r"(?i)\b(can)(not)\b", r"\1 \2"),
        (r"(?i)\b(gon|wan)(na)\b|\b(got)(ta)\b", r"\1\3 \2\4"),
        (rf"(?i)\b({_NEGATED})(n['’]?t)\b", r"\1 \2"),
        (r"\b([Ii])(m|ve)\b|(\d)([AaPp]\.?[Mm])\b", r"\1\3 \2\4"),
        ("|".join(_TOKENS), r" \0 "),
    )

    def _split(self, text: tf.Tensor) -> tf.RaggedTensor:
        for pattern, rewrite in self._REWRITES:
            text = tf.strings.regex_replace(text, pattern, rewrite)
        return _split_at_blanks(text)


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


def _split_at_blanks(text: tf.Tensor) -> tf.RaggedTensor:
    # An explicit separator: the default one also takes vertical tabs and the like, which are gone by now.
    tokens = tf.strings.split(text, " ")
    return tf.ragged.boolean_mask(tokens, tf.not_equal(tokens, ""))


_TOKENIZERS = {"words": WordTokenizer, "treebank": TreebankTokenizer, "characters": CharacterTokenizer}


def make_tokenizer(name: str, lowercase: bool, blanks: Sequence[str] = ()) -> Tokenizer:
    """Returns the tokenizer that a config names: `words`, `treebank` or `characters`."""
    return _TOKENIZERS[name](lowercase, blanks)
