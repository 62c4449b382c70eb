"""Words and marks that keep the blank before them, so that end to end they are the text again."""

import tensorflow as tf

from rnnzoo.text.tokenization import lower_case, make_valid_utf8

BLANK = "▁"  # U+2581, as in SentencePiece
MOST_CHARACTERS = 32
REPLACEMENT_CHARACTER = "\ufffd"

_END = "\0"
# In the syntax of RE2, whose \s is ASCII only: any other white space is a mark. The first that matches is a chunk.
_WORD = r"[\p{L}\p{M}_]+"
_CHUNK = rf"{BLANK}?{_WORD}|{BLANK}?\p{{N}}+|{BLANK}?[^{BLANK}\s\p{{L}}\p{{M}}\p{{N}}_]|[{BLANK}\s]+"


def cut_into_chunks(text: tf.Tensor, lowercase: bool = False) -> tf.RaggedTensor:
    """Cuts texts into words, numbers, single marks and runs of white space.

    A word, a number or a mark keeps one blank before it, written `▁` (U+2581), and every text that is not empty is
    taken to begin with a blank, so that a word is the same at the beginning as elsewhere. What is longer than 32
    characters is cut.

    Args:
        text: Raw strings, (batch,) string. Any bytes: each broken one counts as U+FFFD, and so do NUL and `▁`.
        lowercase: Whether to lower-case, by Unicode's rules.

    Returns:
        The chunks, (batch, (time)) string, none of them empty.

    Example:

    >>> chunks = cut_into_chunks(tf.constant(["Two dogs, one  cat-flap."]))
    >>> [chunk.decode() for chunk in chunks[0].numpy()]
    ['▁Two', '▁dogs', ',', '▁one', '▁▁', 'cat', '-', 'flap', '.']
    >>> join_chunks(chunks).numpy()
    array([b'Two dogs, one  cat-flap.'], dtype=object)
    """
    text = tf.strings.regex_replace(make_valid_utf8(text), rf"[\x00{BLANK}]", REPLACEMENT_CHARACTER)
    if lowercase:
        text = lower_case(text)
    text = tf.strings.regex_replace(text, " ", BLANK)
    text = tf.where(text == "", "", BLANK + text)
    text = tf.strings.regex_replace(text, _CHUNK, rf"\0{_END}")
    text = tf.strings.regex_replace(text, rf"[^\x00]{{{MOST_CHARACTERS}}}", rf"\0{_END}")
    return _without_empty(tf.strings.split(text, _END))


def _without_empty(chunks: tf.RaggedTensor) -> tf.RaggedTensor:
    is_kept = tf.not_equal(chunks.values, "")
    num_kept_before = tf.concat([[0], tf.cumsum(tf.cast(is_kept, tf.int64))], axis=0)
    row_splits = tf.gather(num_kept_before, chunks.row_splits)
    return tf.RaggedTensor.from_row_splits(tf.boolean_mask(chunks.values, is_kept), row_splits, validate=False)


def join_chunks(chunks: tf.RaggedTensor) -> tf.Tensor:
    """Puts chunks, or parts of chunks, end to end: (batch, (time)) string to (batch,) string."""
    text = tf.strings.reduce_join(chunks, axis=-1)
    text = tf.strings.regex_replace(text, f"^{BLANK}", "")
    return tf.strings.regex_replace(text, BLANK, " ")
