"""How a text goes on, and what its probability counts for: what searching and greedy decoding share."""

import tensorflow as tf

# The log probability of ending where the model has nothing to say: far below that of any text, yet an answer.
_BROKEN = -1e6
_NEVER = float("-inf")
_BLOCK = 64


class Continuations:
    """Finds how each beginning of a text goes on best.

    Probabilities are those of the whole vocabulary, also of tokens that may not be written. Where a row's logits hold
    NaN or infinity, or leave next to nothing (e ** -88) to all that may be written, the text ends there, at a log
    probability far below that of any other. Make the object in each trace, before the loop.

    Args:
        vocabulary_size: Number of logits; int or () int32.
        eos_id: The id that ends a text.
        allowed: Which ids may be written, (vocabulary,) bool; None: all but padding, which never may be.

    Call arguments:
        logits: (rows, vocabulary) float.
        size: How many continuations; at most `vocabulary_size`.

    Returns:
        For each row the log probabilities, (rows, size) float32, and the ids, (rows, size) int32, of the best tokens
        that do not end the text, of equals the lower id first; those that may not be written have minus infinity.
        Then the log probability of the end, (rows, 1) float32.
    """

    def __init__(self, vocabulary_size: int | tf.Tensor, eos_id: int, allowed: tf.Tensor | None = None):
        ids = tf.range(vocabulary_size)
        is_text = (ids > 0) & (ids != eos_id)
        self._eos_id = eos_id
        self._end_penalty = None
        if allowed is not None:
            is_text &= allowed
            self._end_penalty = tf.where(tf.gather(allowed, eos_id), 0.0, _NEVER)
        self._penalty = tf.where(is_text, 0.0, _NEVER)

    def __call__(self, logits: tf.Tensor, size: int | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        logits = tf.cast(logits, tf.float32)
        values, token_ids = find_best(logits + self._penalty, size)
        end = logits[:, self._eos_id : self._eos_id + 1]
        if self._end_penalty is not None:
            end += self._end_penalty
        # Not the maximum of all logits, which would be one more pass over the vocabulary.
        best = tf.maximum(values[:, :1], end)
        total = best + tf.math.log(tf.reduce_sum(tf.exp(logits - best), axis=1, keepdims=True))
        is_sound = tf.math.is_finite(total)
        return tf.where(is_sound, values - total, _NEVER), token_ids, tf.where(is_sound, end - total, _BROKEN)


def find_best(values: tf.Tensor, size: int | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Finds the best of each row as `tf.math.top_k` does, several times as fast where a row is long.

    The best `size` are in the `size` blocks with the largest maxima, and only these are sorted.

    Args:
        values: (rows, width) float.
        size: How many; at most `width`.

    Returns:
        The values and their places, each (rows, size), of equals the lower place first.

    Example:

    >>> [result.numpy().tolist() for result in find_best(tf.constant([[1.0, 3.0, 2.0, 3.0]]), 3)]
    [[[3.0, 3.0, 2.0]], [[1, 3, 2]]]
    """
    width = values.shape[1]
    # One is found fast as it is.
    if width is None or not isinstance(size, int) or size == 1 or width < 4 * size * _BLOCK:
        return tf.math.top_k(values, size)
    num_blocks = -(-width // _BLOCK)
    if num_blocks * _BLOCK > width:
        values = tf.pad(values, [[0, 0], [0, num_blocks * _BLOCK - width]], constant_values=_NEVER)
    num_rows = tf.shape(values)[0]
    values = tf.reshape(values, [num_rows * num_blocks, _BLOCK])
    maxima = tf.reshape(tf.reduce_max(values, axis=1), [num_rows, num_blocks])
    # In the order of the row again, so that of equals the first stays the first.
    block = tf.sort(tf.math.top_k(maxima, size).indices, axis=1)
    kept = tf.gather(values, block + tf.range(num_rows)[:, None] * num_blocks)
    values, place = tf.math.top_k(tf.reshape(kept, [num_rows, size * _BLOCK]), size)
    place = tf.gather(block, place // _BLOCK, batch_dims=1) * _BLOCK + place % _BLOCK
    # NaN might put the place into what was padded.
    return values, tf.minimum(place, width - 1)


def length_factors(limit: int | tf.Tensor, length_penalty: float) -> tf.Tensor:
    """Computes what turns a log probability into a score: ((5 + length) / 6) ** -length_penalty (Wu et al. 2016).

    Args:
        limit: The longest length; int or () int32.
        length_penalty: 0: the score is the log probability; the larger, the longer the texts. Not negative.

    Returns:
        Factors of the lengths 0 to `limit`, (limit + 1,) float32.

    Raises:
        ValueError: The length penalty is negative.

    Example:

    >>> length_factors(7, 1.0).numpy()[[1, 7]].tolist()
    [1.0, 0.5]
    """
    if not length_penalty >= 0.0:
        raise ValueError(f"length_penalty must not be negative, got {length_penalty}")
    lengths = tf.cast(tf.range(limit + 1), tf.float32)
    return tf.maximum(((5.0 + lengths) / 6.0) ** -float(length_penalty), 1e-30)
