"""The vocabulary that needs no learning: all bytes."""

from pathlib import Path

import tensorflow as tf

from rnnzoo.text.special_tokens import SPECIAL_TOKENS, UNKNOWN_ID
from rnnzoo.text.string_file import save_strings

_NUM_BYTES = 256
_FIRST_BEYOND_ASCII = 128


class ByteVocabulary(tf.Module):
    """The special tokens and the 256 bytes, with look-ups in both directions.

    Example:

    >>> vocabulary = ByteVocabulary()
    >>> vocabulary.to_ids(tf.constant(["A", "é", ""])).numpy().tolist(), vocabulary.tokens[69], vocabulary.tokens[-1]
    ([69, 1, 1], 'A', '<0xFF>')
    """

    def __init__(self):
        super().__init__()
        self._bytes = tf.constant([b""] * len(SPECIAL_TOKENS) + [bytes([byte]) for byte in range(_NUM_BYTES)])

    def __len__(self) -> int:
        return len(SPECIAL_TOKENS) + _NUM_BYTES

    @property
    def tokens(self) -> tuple[str, ...]:
        """All tokens in the order of their ids, for people: bytes that are no character by their numbers."""
        names = (chr(byte) if byte < _FIRST_BEYOND_ASCII else f"<0x{byte:02X}>" for byte in range(_NUM_BYTES))
        return (*SPECIAL_TOKENS, *names)

    def to_ids(self, tokens: tf.Tensor) -> tf.Tensor:
        """Looks up single bytes, strings of any shape; what is not one byte becomes 1. Returns int32."""
        is_byte = tf.strings.length(tokens) == 1
        values = tf.io.decode_raw(tf.where(is_byte, tokens, "\0"), tf.uint8)[..., 0]
        return tf.where(is_byte, tf.cast(values, tf.int32) + len(SPECIAL_TOKENS), UNKNOWN_ID)

    def to_tokens(self, ids: tf.Tensor) -> tf.Tensor:
        """Looks up integer ids of any shape. Returns bytes as strings; a special token or an impossible id is ""."""
        exists = (ids >= 0) & (ids < len(self))
        return tf.where(exists, tf.gather(self._bytes, tf.where(exists, ids, 0)), "")

    def save(self, path: Path) -> None:
        """Writes one JSON string a line, in the order of the ids."""
        save_strings(path, self.tokens)
