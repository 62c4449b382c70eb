"""The path from running text to ids and back, for models that predict what comes next."""

import unicodedata
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import ClassVar

import tensorflow as tf

from rnnzoo.config.language_sections import LanguageTextSection
from rnnzoo.text.byte_vocabulary import ByteVocabulary
from rnnzoo.text.pieces import PIECE_CHARACTERS, cut_into_pieces
from rnnzoo.text.pipeline import VOCABULARY_FILE
from rnnzoo.text.special_tokens import EOS_ID, SPECIAL_TOKENS, UNKNOWN_ID
from rnnzoo.text.tokenization import WordTokenizer, lower_case, make_valid_utf8
from rnnzoo.text.vocabulary import Vocabulary, build_vocabulary, prune_counts

REPLACEMENT_CHARACTER = "\ufffd"
_PIECES_AT_ONCE = 16


class LanguagePipeline(tf.Module):
    """Turns running text into ids and ids into text, without boundary tokens and without padding.

    Unicode has more than one spelling for some characters: "é" is one code point or "e" and an accent. Text that a
    model learns from is brought to the composed form, NFC, while it is read (`cut_and_normalize`). TensorFlow has no
    such operation, so a text that is served is expected in NFC, as keyboards and browsers write it; in any other, the
    accent is a character that was never seen.

    Args:
        vocabulary: The units that have an id of their own.
        lowercase: Whether to lower-case, by Unicode's rules.
        max_length: The most units of a text that an export reads; `encode` itself cuts nothing.

    Attributes:
        unit: What has an id: `characters`, `bytes` or `words`.
        separator: What stands between units that are joined to a text.
        vocabulary: As given.
        lowercase: As given.
        max_length: As given.

    Example:

    >>> section = LanguageTextSection(min_count=1)
    >>> pipeline = LanguagePipeline.learn(section, [b"hello"])
    >>> pipeline.vocabulary.tokens[4:]
    ('l', 'e', 'h', 'o')
    >>> token_ids = pipeline.encode(tf.constant(["hello", "yell"]))
    >>> token_ids.to_list(), pipeline.to_text(token_ids).numpy()[1].decode()
    ([[6, 5, 4, 4, 7], [1, 5, 4, 4]], '�ell')
    """

    unit: ClassVar[str]
    separator: ClassVar[str] = ""
    _unknown: ClassVar[str] = REPLACEMENT_CHARACTER

    def __init__(self, vocabulary: Vocabulary | ByteVocabulary, lowercase: bool = False, max_length: int = 10_000):
        super().__init__()
        self.vocabulary = vocabulary
        self.lowercase = lowercase
        self.max_length = max_length

    @property
    def num_ids(self) -> int:
        """Number of ids, those of special tokens included."""
        return len(self.vocabulary)

    def cut_and_normalize(self, text: bytes) -> Iterator[bytes]:
        """Yields a text as `encode` wants it, NFC, in pieces that can be encoded one by one.

        Args:
            text: Any bytes; broken UTF-8 is replaced.
        """
        for piece in cut_into_pieces(text.decode(errors="replace")):
            yield unicodedata.normalize("NFC", piece).encode()

    def encode(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Encodes a batch of strings, (batch,), of any bytes: (batch, (time)) int32."""
        units = self._split(text)
        return units.with_values(self._look_up(units.values))

    def to_text(self, token_ids: tf.Tensor | tf.RaggedTensor) -> tf.Tensor:
        """Joins units to texts.

        Args:
            token_ids: (batch, time) int; padding and boundary tokens are left out.

        Returns:
            (batch,) string. An unknown character is U+FFFD, an unknown word `<unk>`. Bytes are joined as they are,
            so that their text may be broken UTF-8.
        """
        is_shown = (token_ids == UNKNOWN_ID) | (token_ids > EOS_ID)
        shown = tf.ragged.boolean_mask(token_ids, is_shown)
        tokens = tf.where(shown.values == UNKNOWN_ID, self._unknown, self.vocabulary.to_tokens(shown.values))
        return tf.strings.reduce_join(shown.with_values(tokens), axis=-1, separator=self.separator)

    @abstractmethod
    def _split(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Cuts strings, (batch,), into units of any type: (batch, (time))."""

    @abstractmethod
    def _look_up(self, units: tf.Tensor) -> tf.Tensor:
        """Returns the ids of units, (units,) int32."""

    def save(self, folder: Path) -> None:
        """Writes the vocabulary."""
        self.vocabulary.save(folder / VOCABULARY_FILE)

    @classmethod
    def load(cls, folder: Path, text: LanguageTextSection) -> "LanguagePipeline":
        """Makes a pipeline of a config and the vocabulary that `save` wrote."""
        if text.unit == "bytes":
            return _make(text, ByteVocabulary())
        return _make(text, Vocabulary.load(folder / VOCABULARY_FILE))

    @classmethod
    def learn(cls, text: LanguageTextSection, texts: Iterable[bytes]) -> "LanguagePipeline":
        """Makes a pipeline of a config and the training texts.

        Args:
            text: The `[text]` section of the config.
            texts: The texts, in pieces of any length; they need not be normalised.

        Raises:
            UserError: Not one unit is frequent enough.
        """
        if text.unit == "bytes":
            return _make(text, ByteVocabulary())
        counting = _make(text, Vocabulary(SPECIAL_TOKENS))
        counts = counting._count(texts)
        return _make(text, build_vocabulary(counts, text.vocabulary_size, text.min_count))

    def _count(self, texts: Iterable[bytes]) -> Counter[str]:
        counts: Counter = Counter()
        pieces = (piece for text in texts for piece in self.cut_and_normalize(text))
        while batch := list(islice(pieces, _PIECES_AT_ONCE)):
            units, _, unit_counts = tf.unique_with_counts(self._split(tf.constant(batch)).values)
            counts.update(dict(zip(units.numpy().tolist(), unit_counts.numpy().tolist(), strict=True)))
            prune_counts(counts)
        return Counter({self._to_token(unit): count for unit, count in counts.items()})

    @staticmethod
    def _to_token(unit: bytes | int) -> str:
        return unit.decode()


class CharacterPipeline(LanguagePipeline):
    """Unicode code points."""

    unit = "characters"

    def __init__(self, vocabulary: Vocabulary, lowercase: bool = False, max_length: int = 10_000):
        super().__init__(vocabulary, lowercase, max_length)
        # From numbers, not strings: ten times as fast. The special tokens' strings are no characters.
        characters = vocabulary.tokens[len(SPECIAL_TOKENS) :]
        # -1 is none: TensorFlow refuses an empty table.
        code_points = tf.constant([-1, *(ord(character) for character in characters)], tf.int32)
        ids = tf.constant([UNKNOWN_ID, *range(len(SPECIAL_TOKENS), len(vocabulary))], tf.int32)
        self._ids = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(code_points, ids), UNKNOWN_ID)

    def _split(self, text: tf.Tensor) -> tf.RaggedTensor:
        if self.lowercase:
            text = lower_case(make_valid_utf8(text))
        return tf.strings.unicode_decode(text, "UTF-8", errors="replace")

    def _look_up(self, units: tf.Tensor) -> tf.Tensor:
        return self._ids.lookup(units)

    @staticmethod
    def _to_token(unit: int) -> str:
        return chr(unit)


class BytePipeline(LanguagePipeline):
    """Bytes, whatever they mean: 256 ids after the special tokens, none unknown, and nothing normalised."""

    unit = "bytes"

    def cut_and_normalize(self, text: bytes) -> Iterator[bytes]:
        for start in range(0, len(text), PIECE_CHARACTERS):
            yield text[start : start + PIECE_CHARACTERS]

    def _split(self, text: tf.Tensor) -> tf.RaggedTensor:
        if self.lowercase:
            text = lower_case(make_valid_utf8(text))
        values = tf.io.decode_raw(tf.strings.reduce_join(text), tf.uint8)
        return tf.RaggedTensor.from_row_lengths(values, tf.strings.length(text), validate=False)

    def _look_up(self, units: tf.Tensor) -> tf.Tensor:
        return tf.cast(units, tf.int32) + len(SPECIAL_TOKENS)


class TokenPipeline(LanguagePipeline):
    """Words and punctuation marks, which are joined with blanks; line ends are blanks too."""

    unit = "words"
    separator = " "
    _unknown = SPECIAL_TOKENS[UNKNOWN_ID]

    def __init__(self, vocabulary: Vocabulary, lowercase: bool = False, max_length: int = 10_000):
        super().__init__(vocabulary, lowercase, max_length)
        self._tokenizer = WordTokenizer(lowercase)

    def _split(self, text: tf.Tensor) -> tf.RaggedTensor:
        return self._tokenizer(text)

    def _look_up(self, units: tf.Tensor) -> tf.Tensor:
        return self.vocabulary.to_ids(units)


_PIPELINES: dict[str, type[LanguagePipeline]] = {
    pipeline.unit: pipeline for pipeline in (CharacterPipeline, BytePipeline, TokenPipeline)
}


def _make(text: LanguageTextSection, vocabulary: Vocabulary | ByteVocabulary) -> LanguagePipeline:
    return _PIPELINES[text.unit](vocabulary, text.lowercase, text.max_length)
