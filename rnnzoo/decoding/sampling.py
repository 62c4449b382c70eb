"""Drawing a token from logits: temperature, top-k, top-p, and random numbers that belong to a row."""

import tensorflow as tf

# Above it a distribution is flat, below it the best token has all of it.
MAXIMUM_TEMPERATURE = 100.0
_MINIMUM_TEMPERATURE = 1e-3
# Far below any logit, but finite: no infinity less infinity.
_FORBIDDEN = -1e30


def uniform_draws(seed: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
    """Draws numbers that depend on nothing but a row's seed and the position in its text.

    The number is a hash: with 32-bit unsigned arithmetic and the finaliser of MurmurHash3 (Appleby 2011) as
    `scramble`, it is `scramble(scramble(seed + 0x9E3779B9 * (position + 1)))`, of which the upper 24 bits are
    divided by 2**24.

    Args:
        seed: (batch,) int32.
        position: () int32, or of any shape that broadcasts with `seed`.

    Returns:
        float32 in [0, 1), (batch,).

    Example:

    >>> [f"{draw:.4f}" for draw in uniform_draws(tf.constant([0, 1]), tf.constant(0)).numpy()]
    ['0.6650', '0.4413']
    """
    number = tf.cast(position, tf.uint32) + tf.constant(1, tf.uint32)
    key = tf.cast(seed, tf.uint32) + tf.constant(0x9E3779B9, tf.uint32) * number
    upper = tf.bitwise.right_shift(_scramble(_scramble(key)), tf.constant(8, tf.uint32))
    return tf.cast(upper, tf.float32) / 2.0**24


def _scramble(numbers):
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        numbers = tf.bitwise.bitwise_xor(numbers, tf.bitwise.right_shift(numbers, tf.constant(shift, tf.uint32)))
        numbers *= tf.constant(factor, tf.uint32)
    return tf.bitwise.bitwise_xor(numbers, tf.bitwise.right_shift(numbers, tf.constant(16, tf.uint32)))


class Sampler:
    """Draws the next token of each row.

    What does not change from token to token is computed when the object is made: make it in each trace, before
    the loop. No setting gives an answer that is not a token, and a row's answer does not depend on the others'
    settings.

    Args:
        temperature: Divides the logits; 0, a negative number and NaN take the best token, and above
            `MAXIMUM_TEMPERATURE` it is that. (batch,) float.
        top_k: Keeps the best k tokens; of equals those with lower ids. Below 1, or as large as the vocabulary:
            off. (batch,) int32.
        top_p: Keeps the best tokens that together have at least this probability at the temperature, after
            top-k. NaN, and what is not between 0 and 1: off. (batch,) float.
        allowed: Which tokens may be drawn, (vocabulary,) bool; None: all. At least one must be.
    """

    def __init__(self, temperature: tf.Tensor, top_k: tf.Tensor, top_p: tf.Tensor, allowed: tf.Tensor | None = None):
        temperature = tf.cast(temperature, tf.float32)
        self._is_greedy = tf.logical_not(temperature > 0.0)
        kept_in_bounds = tf.clip_by_value(temperature, _MINIMUM_TEMPERATURE, MAXIMUM_TEMPERATURE)
        self._factor = 1.0 / tf.where(self._is_greedy, 1.0, kept_in_bounds)[:, None]
        self._top_k = tf.cast(top_k, tf.int32)
        top_p = tf.cast(top_p, tf.float32)
        self._top_p = tf.where((top_p > 0.0) & (top_p < 1.0), top_p, 1.0)
        self._is_cut = ~self._is_greedy & ((self._top_k > 0) | (self._top_p < 1.0))
        self._any_cut = tf.reduce_any(self._is_cut)
        self._penalty = None if allowed is None else tf.where(allowed, 0.0, _FORBIDDEN)

    def __call__(self, logits: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        """Draws a token for each row.

        Args:
            logits: (batch, vocabulary) float.
            draws: A number in [0, 1) for each row, (batch,) float.

        Returns:
            (batch,) int32.
        """
        logits = tf.cast(logits, tf.float32) * self._factor
        if self._penalty is not None:
            logits += self._penalty
        best = tf.argmax(logits, axis=-1, output_type=tf.int32)
        kept = tf.cond(self._any_cut, lambda: self._keep_best(logits), lambda: logits)
        # Not a softmax, of which TensorFlow's is slow for a small vocabulary: the draw is of whatever the sum comes to.
        cumulative = tf.cumsum(tf.exp(kept - tf.reduce_max(kept, axis=-1, keepdims=True)), axis=-1)
        # The first token whose cumulative probability is above the draw; a token that has none never is.
        drawn = tf.raw_ops.UpperBound(sorted_inputs=cumulative, values=cumulative[:, -1:] * draws[:, None])[:, 0]
        # NaN among the logits would put the place past the end.
        drawn = tf.where(self._is_greedy, best, drawn)
        return tf.minimum(drawn, tf.shape(logits)[1] - 1)

    def _keep_best(self, logits):
        size = tf.shape(logits)[1]
        top_k = tf.where((self._top_k > 0) & (self._top_k < size), self._top_k, size)
        # TensorFlow sorts everything faster than it finds the best few.
        values = tf.sort(logits, axis=-1, direction="DESCENDING")
        is_kept = tf.range(size) < top_k[:, None]
        weights = tf.where(is_kept, tf.exp(values - values[:, :1]), 0.0)
        before = tf.cumsum(weights, axis=-1, exclusive=True)
        of_all = self._top_p[:, None] * tf.reduce_sum(weights, axis=-1, keepdims=True)
        is_kept &= (before < of_all) | (self._top_p >= 1.0)[:, None]
        num_kept = tf.maximum(tf.reduce_sum(tf.cast(is_kept, tf.int32), axis=-1, keepdims=True), 1)
        least = tf.gather(values, num_kept - 1, batch_dims=1)
        # Of those that equal the least only as many as there is room for.
        num_above = tf.reduce_sum(tf.cast(logits > least, tf.int32), axis=-1, keepdims=True)
        is_equal = tf.equal(logits, least)
        has_room = num_above + tf.cumsum(tf.cast(is_equal, tf.int32), axis=-1) <= num_kept
        return tf.where((logits > least) | (is_equal & has_room) | ~self._is_cut[:, None], logits, _FORBIDDEN)


def sample_tokens(
    logits: tf.Tensor,
    temperature: tf.Tensor,
    top_k: tf.Tensor,
    top_p: tf.Tensor,
    draws: tf.Tensor,
    allowed: tf.Tensor | None = None,
) -> tf.Tensor:
    """Draws one token for each row; see `Sampler`, which is for many.

    Args:
        logits: (batch, vocabulary) float.
        temperature: (batch,) float.
        top_k: (batch,) int32.
        top_p: (batch,) float.
        draws: A number in [0, 1) for each row, (batch,) float.
        allowed: Which tokens may be drawn, (vocabulary,) bool; None: all.

    Returns:
        (batch,) int32.

    Example:

    >>> logits = tf.math.log([[0.1, 0.6, 0.3], [0.1, 0.6, 0.3]])
    >>> sample_tokens(logits, [0.0, 1.0], [0, 0], [1.0, 1.0], tf.constant([0.9, 0.9])).numpy().tolist()
    [1, 2]
    """
    return Sampler(temperature, top_k, top_p, allowed)(logits, draws)
