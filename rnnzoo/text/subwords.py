"""Words in pieces: few ids for all words there are, and a text that joins back exactly."""

from collections import Counter
from collections.abc import Mapping
from typing import Self

import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.text.chunks import MOST_CHARACTERS, cut_into_chunks
from rnnzoo.text.special_tokens import EOS_ID, SPECIAL_TOKENS
from rnnzoo.text.subword_learning import learn_pieces
from rnnzoo.text.text_units import TextUnits
from rnnzoo.text.vocabulary import Vocabulary


class SubwordTokenizer(TextUnits):
    """Pieces of words, learned by byte pair encoding and applied by longest match.

    A text is cut into chunks (see `cut_into_chunks`) and a chunk, from the left, always into the longest piece that
    there is; what has no piece is one unknown character. Unlike a replay of the merges or a search for the most
    probable pieces, that needs nothing but the list of pieces, compares no floats and is a handful of operations on
    all chunks of a batch at once. Uzan et al. (2024) found it good with such pieces, by measures of the pieces
    themselves; what it does to the score of a translator was not compared here.

    Args:
        vocabulary: The pieces; a blank before a word is `▁` (U+2581).
        lowercase: Whether to lower-case, by Unicode's rules.

    Example:

    >>> counts = {"▁low": 5, "▁lower": 2, "▁newest": 6, "▁widest": 3}
    >>> tokenizer = SubwordTokenizer.learn(counts, vocabulary_size=19, min_count=2)
    >>> token_ids = tokenizer.encode(tf.constant(["lower new low"]))
    >>> [piece.decode() for piece in tokenizer.vocabulary.to_tokens(token_ids[0]).numpy()]
    ['▁low', 'e', 'r', '▁', 'n', 'e', 'w', '▁low']
    >>> tokenizer.to_text(token_ids).numpy()
    array([b'lower new low'], dtype=object)
    """

    unit = "subwords"

    def __init__(self, vocabulary: Vocabulary, lowercase: bool = False):
        super().__init__(vocabulary, lowercase)
        lengths = (len(piece) for piece in vocabulary.tokens[len(SPECIAL_TOKENS) :])
        self._longest = min(max(lengths, default=1), MOST_CHARACTERS)

    @classmethod
    def split(cls, text: tf.Tensor, lowercase: bool = False) -> tf.RaggedTensor:
        return cut_into_chunks(text, lowercase)

    @classmethod
    def learn(
        cls, counts: Mapping[str, int], vocabulary_size: int, min_count: int = 1, lowercase: bool = False
    ) -> Self:
        pieces = learn_pieces(counts, max(vocabulary_size - len(SPECIAL_TOKENS), 1), min_count)
        if not pieces:
            raise UserError(
                "no character of the training texts is frequent enough for the vocabulary",
                key="text.min_count",
                got=min_count,
                hint=f"the texts hold {len(Counter(counts))} different words and marks",
            )
        return cls(Vocabulary([*SPECIAL_TOKENS, *pieces]), lowercase)

    def encode(self, text: tf.Tensor, max_length: int | None = None) -> tf.RaggedTensor:
        chunks = self.split(text, self.lowercase)
        if max_length is not None:
            chunks = chunks[:, :max_length]  # a chunk is one piece at least
        different, places = tf.unique(chunks.values)
        pieces = tf.gather(self._cut(different), places)
        row_splits = tf.gather(pieces.row_splits, chunks.row_splits)
        token_ids = tf.RaggedTensor.from_row_splits(pieces.values, row_splits, validate=False)
        return token_ids if max_length is None else token_ids[:, :max_length]

    def _cut(self, chunks: tf.Tensor) -> tf.RaggedTensor:
        """Returns the ids of the pieces of chunks, (chunks,) string: (chunks, (pieces)) int32.

        All substrings are looked up at once, and the longest match of every place is known before it is asked which
        places are the beginning of a piece: no loop.
        """
        num_characters = tf.strings.length(chunks, unit="UTF8_CHAR")
        # Most chunks are a piece themselves: then nothing but the whole needs to be looked up.
        is_piece = self.vocabulary.to_ids(chunks) > EOS_ID
        chunk_numbers, starts = _count_up(tf.where(is_piece, 1, num_characters))
        rests = tf.gather(num_characters, chunk_numbers) - starts
        most = tf.minimum(rests, self._longest)
        places, shorter_by = _count_up(tf.where(tf.gather(is_piece, chunk_numbers), 1, most))
        lengths = tf.gather(most, places) - shorter_by
        candidates = tf.strings.substr(
            tf.gather(chunks, tf.gather(chunk_numbers, places)), tf.gather(starts, places), lengths, unit="UTF8_CHAR"
        )
        ids = self.vocabulary.to_ids(candidates)
        # The longest one in one maximum: lengths and ids as one number.
        numbers = tf.where((ids > EOS_ID) | (lengths == 1), lengths * self.num_ids + ids, 0)
        longest = tf.math.segment_max(numbers, places)
        is_start = _find_starts(starts == 0, longest // self.num_ids, rests)
        return tf.RaggedTensor.from_value_rowids(
            tf.boolean_mask(longest % self.num_ids, is_start),
            tf.cast(tf.boolean_mask(chunk_numbers, is_start), tf.int64),
            nrows=tf.size(chunks, tf.int64),
            validate=False,
        )


def _count_up(row_lengths: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns for each element of rows of these lengths the number of its row and its own in the row."""
    rows = tf.repeat(tf.range(tf.size(row_lengths)), row_lengths)
    row_starts = tf.cumsum(row_lengths, exclusive=True)
    return rows, tf.range(tf.size(rows)) - tf.gather(row_starts, rows)


def _find_starts(is_first: tf.Tensor, lengths: tf.Tensor, rests: tf.Tensor) -> tf.Tensor:
    """Follows pieces from the first place of each chunk on; returns which places a piece begins at, (places,) bool."""
    end = tf.size(lengths)  # one place more, where all chunks end
    next_places = tf.concat([tf.where(lengths < rests, tf.range(end) + lengths, end), [end]], axis=0)
    is_start = tf.concat([tf.cast(is_first, tf.int32), [0]], axis=0)
    # Steps of one piece, then of two, four, eight: after the last, all that a chunk can have.
    for _ in range((MOST_CHARACTERS - 1).bit_length()):
        is_start = tf.maximum(is_start, tf.math.unsorted_segment_max(is_start, next_places, end + 1))
        next_places = tf.gather(next_places, next_places)
    return is_start[:-1] > 0
