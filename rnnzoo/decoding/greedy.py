"""The likeliest token each time: one loop in the graph, without what a search has to remember."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from rnnzoo.decoding.beam_search import Beams
from rnnzoo.decoding.continuations import Continuations, length_factors


def decode_greedily(
    step: Callable[[tf.Tensor, Any], tuple[tf.Tensor, Any]],
    logits: tf.Tensor,
    state: Any,
    *,
    max_tokens: tf.Tensor,
    limit: int,
    length_penalty: float,
    eos_id: int,
    allowed: tf.Tensor | None = None,
) -> Beams:
    """Writes the best token of each step; the same as `search_beams` with a width of 1, in less time.

    A row ends at `eos_id`, which it does not keep, or at `max_tokens`; the loop ends with the last row.

    Args:
        step: From token ids, (batch,) int32, and the state to the logits of the next token,
            (batch, vocabulary) float, and the state after.
        logits: Those after `<bos>`, (batch, vocabulary) float.
        state: That after `<bos>`: a tensor or any structure of tensors whose shapes do not change.
        max_tokens: The most tokens that a row may have, its end counted; clipped to between 0 and `limit`.
            (batch,) int32.
        limit: The most tokens that any row may have.
        length_penalty: See `length_factors`; it changes the score and no token.
        eos_id: The id that ends a text.
        allowed: Which ids may be written, (vocabulary,) bool; None: all but padding, which never may be.

    Returns:
        `Beams` with one hypothesis a row.

    Raises:
        ValueError: The length penalty is negative.

    Example:

    >>> table = tf.constant([[0.0, 0.0, 0.0, 0.0, 9.0, 0.0]] * 4 + [[0.0, 0.0, 0.0, 0.0, 0.0, 9.0], [0.0] * 6])
    >>> beams = decode_greedily(
    ...     lambda token_ids, state: (tf.gather(table, token_ids), state), table[2:3], (),
    ...     max_tokens=[9], limit=9, length_penalty=0.0, eos_id=3, allowed=tf.range(6) > 2,
    ... )
    >>> beams.token_ids.numpy().tolist()
    [[[4, 5]]]
    """
    max_tokens = tf.clip_by_value(tf.cast(max_tokens, tf.int32), 0, limit)
    num_steps = tf.reduce_max(tf.concat([max_tokens, [1]], axis=0))
    factors = length_factors(num_steps, length_penalty)
    size = logits.shape[1]
    find_continuations = Continuations(tf.shape(logits)[1] if size is None else size, eos_id, allowed)

    def choose(position, logits, total, length, is_done):
        texts, token_ids, ends = find_continuations(logits, 1)
        text, end = total + texts[:, 0], total + ends[:, 0]
        is_end = end >= text
        total = tf.where(is_done, total, tf.maximum(text, end))
        length += tf.cast(tf.logical_not(is_done), tf.int32)
        token_ids = tf.where(is_done | is_end, 0, token_ids[:, 0])
        return token_ids, total, length, is_done | is_end | (position + 1 >= max_tokens)

    def body(position, _, token_ids, state, written, total, length, is_done):
        logits, state = step(token_ids, state)
        token_ids, *progress = choose(position, logits, total, length, is_done)
        written = written.write(position, token_ids)
        return position + 1, tf.logical_not(tf.reduce_all(progress[-1])), token_ids, state, written, *progress

    start = (tf.zeros_like(max_tokens, tf.float32), tf.zeros_like(max_tokens), max_tokens <= 0)
    token_ids, *progress = choose(tf.constant(0), logits, *start)
    goes_on = tf.logical_not(tf.reduce_all(progress[-1]))
    # Written once before the loop: an array knows the size of its elements from it.
    written = tf.TensorArray(tf.int32, size=num_steps, element_shape=token_ids.shape).write(0, token_ids)
    initial = (tf.constant(1), goes_on, token_ids, state, written, *progress)
    *_, written, total, counted, _ = tf.while_loop(
        lambda _, goes_on, *__: goes_on, body, initial, parallel_iterations=1
    )
    # No token of a text is 0, so what is not 0 was written.
    token_ids = tf.transpose(tf.reshape(written.stack(), [num_steps, tf.size(max_tokens)]))
    length = tf.math.count_nonzero(token_ids, axis=1, dtype=tf.int32)
    width = tf.reduce_max(tf.concat([length, [0]], axis=0))
    score = total * tf.gather(factors, counted)
    return Beams(token_ids[:, None, :width], length[:, None], total[:, None], score[:, None])
