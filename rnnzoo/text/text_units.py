"""What an output of a translator is put together from: strings ↔ ids without boundary tokens."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Self

import tensorflow as tf

from rnnzoo.text.chunks import BLANK, REPLACEMENT_CHARACTER, cut_into_chunks, join_chunks
from rnnzoo.text.special_tokens import EOS_ID, SPECIAL_TOKENS, UNKNOWN_ID
from rnnzoo.text.tokenization import lower_case, make_valid_utf8
from rnnzoo.text.vocabulary import Vocabulary, build_vocabulary


class TextUnits(tf.Module):
    """Turns strings into ids and ids into text, without boundary tokens.

    Args:
        vocabulary: The units that have an id of their own.
        lowercase: Whether to lower-case, by Unicode's rules.

    Attributes:
        unit: What has an id: `words`, `characters` or `subwords`.
        vocabulary: As given.
        lowercase: As given.
    """

    unit: ClassVar[str]
    _unknown: ClassVar[str] = REPLACEMENT_CHARACTER

    def __init__(self, vocabulary: Vocabulary, lowercase: bool = False):
        super().__init__()
        self.vocabulary = vocabulary
        self.lowercase = lowercase

    @property
    def num_ids(self) -> int:
        """Number of ids, those of special tokens included."""
        return len(self.vocabulary)

    @classmethod
    @abstractmethod
    def split(cls, text: tf.Tensor, lowercase: bool = False) -> tf.RaggedTensor:
        """Cuts strings, (batch,), into what is counted to learn from: (batch, (time)) string."""

    @classmethod
    def learn(
        cls, counts: Mapping[str, int], vocabulary_size: int, min_count: int = 1, lowercase: bool = False
    ) -> Self:
        """Learns units from the training texts.

        Args:
            counts: How often each string that `split` makes of the training texts occurs in them.
            vocabulary_size: Most ids, those of special tokens included.
            min_count: What occurs less often is unknown.
            lowercase: Whether to lower-case; `counts` must be of lower-cased texts then.

        Raises:
            UserError: Not one unit is frequent enough.
        """
        return cls(build_vocabulary(Counter(counts), vocabulary_size, min_count), lowercase)

    def encode(self, text: tf.Tensor, max_length: int | None = None) -> tf.RaggedTensor:
        """Encodes a batch of strings, (batch,), of any bytes.

        Args:
            text: (batch,) string.
            max_length: Units past this many are cut; None: none.

        Returns:
            (batch, (time)) int32.
        """
        units = self.split(text, self.lowercase)
        if max_length is not None:
            units = units[:, :max_length]
        return units.with_values(self.vocabulary.to_ids(units.values))

    def to_text(self, token_ids: tf.Tensor | tf.RaggedTensor) -> tf.Tensor:
        """Joins units to texts.

        Args:
            token_ids: (batch, time) int; padding and boundary tokens are left out.

        Returns:
            (batch,) string. An unknown character is U+FFFD, an unknown word `<unk>`.
        """
        is_shown = (token_ids == UNKNOWN_ID) | (token_ids > EOS_ID)
        shown = tf.ragged.boolean_mask(token_ids, is_shown)
        units = tf.where(shown.values == UNKNOWN_ID, self._unknown, self.vocabulary.to_tokens(shown.values))
        return self._join(shown.with_values(units))

    def _join(self, units: tf.RaggedTensor) -> tf.Tensor:
        return join_chunks(units)

    def save(self, path: Path) -> None:
        """Writes the vocabulary: one JSON string a line, in the order of the ids."""
        self.vocabulary.save(path)

    @classmethod
    def load(cls, path: Path, lowercase: bool = False) -> Self:
        """Reads what `save` wrote."""
        return cls(Vocabulary.load(path), lowercase)


class CharacterUnits(TextUnits):
    """Unicode code points, white space included.

    Example:

    >>> units = CharacterUnits.learn({"a": 2, "b": 1}, vocabulary_size=10)
    >>> token_ids = units.encode(tf.constant(["bad"]))
    >>> token_ids.to_list(), units.to_text(token_ids).numpy()[0].decode()
    ([[5, 4, 1]], 'ba�')
    """

    unit = "characters"

    @classmethod
    def split(cls, text: tf.Tensor, lowercase: bool = False) -> tf.RaggedTensor:
        text = make_valid_utf8(text)
        return tf.strings.unicode_split(lower_case(text) if lowercase else text, "UTF-8")

    def _join(self, units: tf.RaggedTensor) -> tf.Tensor:
        return tf.strings.reduce_join(units, axis=-1)


class WordUnits(TextUnits):
    """Words, numbers and marks, each with the blank before it, where there is one: they join to ordinary text.

    No rules are needed of where a blank goes, which differ between languages: the model says it.

    Example:

    >>> units = WordUnits.learn({"▁Oh": 1, ",": 1, "▁no": 2}, vocabulary_size=10)
    >>> token_ids = units.encode(tf.constant(["Oh, no no", "Oh, yes"]))
    >>> token_ids.to_list(), units.to_text(token_ids).numpy().tolist()
    ([[6, 5, 4, 4], [6, 5, 1]], [b'Oh, no no', b'Oh, <unk>'])
    """

    unit = "words"
    _unknown = BLANK + SPECIAL_TOKENS[UNKNOWN_ID]

    @classmethod
    def split(cls, text: tf.Tensor, lowercase: bool = False) -> tf.RaggedTensor:
        return cut_into_chunks(text, lowercase)
