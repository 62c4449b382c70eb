"""The shapes of words: capitals, digits and punctuation, which tell names and numbers among unseen words."""

import tensorflow as tf

# The first pattern that matches the whole word counts. In the syntax of RE2, whose classes know all of Unicode.
_PATTERNS = {
    "lower": r"\p{Ll}[\p{Ll}\p{M}]*",  # walk
    "one_capital": r"[\p{Lu}\p{Lt}]\p{M}*",  # I
    "initial_capital": r"[\p{Lu}\p{Lt}][\p{Ll}\p{M}]+",  # Paris
    "capitals": r"\p{Lu}[\p{Lu}\p{M}]+",  # NATO
    "lower_then_mixed": r"\p{Ll}[\p{L}\p{M}]+",  # iPhone
    "caseless": r"[\p{Lo}\p{Lm}][\p{Lo}\p{Lm}\p{M}]*",  # 東京
    "capital_then_mixed": r"\p{L}[\p{L}\p{M}]+",  # McDonald
    "digits": r"\p{N}+",  # 1999
    "number": r"[\p{P}\p{S}]*\p{N}[\p{N}\p{P}\p{S}]*",  # 3.5
    "mention": r"@[\p{L}\p{N}_].*",  # @user
    "hashtag": r"#[\p{L}\p{N}_].*",  # #topic
    "address": r"(?i)(?:[a-z]+://|www\.).+|[^@]+@[^@]+\.[^@]+",  # www.example.org
    "digits_then_letters": r"[\p{P}\p{S}]*\p{N}[\p{N}\p{L}\p{M}\p{P}\p{S}]*",  # 20th
    "letters_then_digits": r"\p{L}[\p{L}\p{M}\p{P}\p{S}]*\p{N}.*",  # B2
    "punctuation_mark": r"\p{P}",  # ,
    "punctuation_marks": r"\p{P}+",  # ...
    "symbols": r"[\p{S}\p{P}\p{M}\p{Cf}]+",  # 😀
    "lower_with_marks": r"[\p{Ll}\p{M}\p{P}]+",  # well-known
    "capitals_with_marks": r"[\p{Lu}\p{M}\p{P}]+",  # U.S.
    "initial_with_marks": r"[\p{Lu}\p{Lt}][\p{L}\p{M}\p{P}]+",  # Jean-Paul
    "letters_with_marks": r"[\p{L}\p{M}\p{P}]+",  # e-Book
    "other": r"\C*",  # any bytes, also such as are no UTF-8
}
WORD_SHAPES = ("<pad>", *_PATTERNS)


def encode_word_shapes(words: tf.Tensor | tf.RaggedTensor) -> tf.Tensor | tf.RaggedTensor:
    """Finds the shapes of words, places in `WORD_SHAPES`.

    Args:
        words: (words,) or (batch, (time)) string. What is no valid UTF-8 has the shape `other`.

    Returns:
        As the words, int32, from 1 on: 0 is left to padding.

    Example:

    >>> ids = encode_word_shapes(tf.constant(["Zoë", "met", "NASA", "in", "1999", "!"]))
    >>> [WORD_SHAPES[number] for number in ids.numpy()]
    ['initial_capital', 'lower', 'capitals', 'lower', 'digits', 'punctuation_mark']
    """
    return tf.ragged.map_flat_values(_encode, words)


def _encode(words: tf.Tensor) -> tf.Tensor:
    matches = tf.stack([tf.strings.regex_full_match(words, pattern) for pattern in _PATTERNS.values()])
    # Of several largest values tf.argmax takes the first.
    return tf.argmax(tf.cast(matches, tf.uint8), axis=0, output_type=tf.int32) + 1
