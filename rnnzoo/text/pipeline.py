"""The one path from strings to ids, used by `tf.data` and by the exported graph alike."""

import tensorflow as tf

from rnnzoo.text.special_tokens import BOS_ID, EOS_ID, PAD_ID
from rnnzoo.text.tokenization import Tokenizer
from rnnzoo.text.vocabulary import Vocabulary


def to_dense(ragged: tf.RaggedTensor, default_value: object = PAD_ID) -> tf.Tensor:
    """Pads on the right to (batch, time), to one column at least: recurrent layers refuse none."""
    dense = ragged.to_tensor(default_value)
    missing = tf.maximum(0, 1 - tf.shape(dense)[1])
    dense = tf.pad(dense, [[0, 0], [0, missing]], constant_values=default_value)
    return tf.ensure_shape(dense, [None, None])


class TextPipeline(tf.Module):
    """Turns strings into token ids.

    Args:
        tokenizer: How a string is cut into tokens.
        vocabulary: The tokens that have an id of their own.
        max_length: Tokens past this many are cut.
        boundary_tokens: Whether `<bos>` and `<eos>` are put around what is left.

    Example:

    >>> from rnnzoo.text import WordTokenizer, build_vocabulary
    >>> vocabulary = build_vocabulary(["good", "film", "film"], max_size=10, min_count=1)
    >>> pipeline = TextPipeline(WordTokenizer(lowercase=True), vocabulary, max_length=3)
    >>> pipeline(tf.constant(["Good film!", ""])).numpy().tolist()
    [[5, 4, 1], [0, 0, 0]]
    """

    def __init__(
        self, tokenizer: Tokenizer, vocabulary: Vocabulary, max_length: int, boundary_tokens: bool = False
    ):
        super().__init__()
        self.tokenizer = tokenizer
        self.vocabulary = vocabulary
        self.max_length = max_length
        self.boundary_tokens = boundary_tokens

    def encode(self, text: tf.Tensor) -> tuple[tf.RaggedTensor, tf.Tensor]:
        """Encodes a batch, without padding.

        Args:
            text: Raw strings, (batch,) string.

        Returns:
            Token ids, (batch, (time)) int32, and how many tokens of each text were cut, (batch,) int32.
        """
        tokens = self.tokenizer(text)
        num_cut = tf.maximum(tf.cast(tokens.row_lengths(), tf.int32) - self.max_length, 0)
        tokens = tokens[:, : self.max_length]
        token_ids = tokens.with_flat_values(self.vocabulary.to_ids(tokens.flat_values))
        if self.boundary_tokens:
            column = tf.ones([tf.shape(text)[0], 1], tf.int32)
            token_ids = tf.concat([column * BOS_ID, token_ids, column * EOS_ID], axis=1)
        return token_ids, num_cut

    def __call__(self, text: tf.Tensor) -> tf.Tensor:
        """Encodes strings, (batch,), and pads: (batch, time) int32 with at least one column."""
        return to_dense(self.encode(text)[0])
