"""Writing on: one loop in the graph that draws token after token."""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from rnnzoo.decoding.sampling import Sampler, uniform_draws


class Generation(NamedTuple):
    """What was written.

    Attributes:
        token_ids: (batch, time) int32, padded with 0; the time is that of the longest row.
        length: Number of tokens of each row, (batch,) int32.
    """

    token_ids: tf.Tensor
    length: tf.Tensor


def generate_tokens(
    step: Callable[[tf.Tensor, Any], tuple[tf.Tensor, Any]],
    logits: tf.Tensor,
    state: Any,
    *,
    max_tokens: tf.Tensor,
    limit: int,
    temperature: tf.Tensor,
    top_k: tf.Tensor,
    top_p: tf.Tensor,
    seed: tf.Tensor,
    stop_ids: tf.Tensor | None = None,
    eos_id: int | None = None,
    allowed: tf.Tensor | None = None,
) -> Generation:
    """Writes on from the state after a prompt.

    A row ends at `eos_id` or at its `stop_ids`, neither of which it keeps, or at `max_tokens`; the loop ends with the
    last row. What a row says depends on nothing but its own logits, state, settings and seed.

    Args:
        step: From token ids, (batch,) int32, and the state to the logits of the next token,
            (batch, vocabulary) float, and the state after; see `rnnzoo.builders.LanguageModelStep.prepare`.
        logits: Those after the prompt, (batch, vocabulary) float.
        state: That after the prompt: a tensor or any structure of tensors whose shapes do not change.
        max_tokens: The most tokens a row may have; clipped to between 0 and `limit`. (batch,) int32.
        limit: The most tokens that any row may have.
        temperature: 0: greedy; see `Sampler`. (batch,) float.
        top_k: 0: off. (batch,) int32.
        top_p: 1: off. (batch,) float.
        seed: (batch,) int32.
        stop_ids: The tokens of a text that ends a row, padded on the right with 0 (all 0: none), (batch, stop) int32.
        eos_id: The id that ends a row; None: no id does.
        allowed: Which ids may be drawn, (vocabulary,) bool; None: all but padding, which never may be.
    """
    max_tokens = tf.clip_by_value(tf.cast(max_tokens, tf.int32), 0, limit)
    num_steps = tf.reduce_max(tf.concat([max_tokens, [1]], axis=0))
    vocabulary_size = tf.shape(logits)[1]
    is_text = tf.range(vocabulary_size) > 0
    sample = Sampler(temperature, top_k, top_p, is_text if allowed is None else is_text & allowed)
    # All at once: a hash is a score of operations, in the loop a large part of it.
    draws = uniform_draws(tf.cast(seed, tf.int32), tf.range(num_steps)[:, None])
    stops = None if stop_ids is None else _align_right(tf.cast(stop_ids, tf.int32))

    def body(position, _, is_done, tail, logits, state, written):
        token_ids = tf.where(is_done, 0, sample(logits, tf.gather(draws, position)))
        written = written.write(position, token_ids)
        position += 1
        is_done |= position >= max_tokens
        if eos_id is not None:
            is_done |= tf.equal(token_ids, eos_id)
        if stops is not None:
            tail = tf.concat([tail[:, 1:], token_ids[:, None]], axis=1)
            is_done |= _matches(tail, stops)
        logits, state = step(token_ids, state)
        return position, tf.logical_not(tf.reduce_all(is_done)), is_done, tail, logits, state, written

    is_done = max_tokens <= 0
    tail = tf.zeros([0], tf.int32) if stops is None else tf.zeros_like(stops)
    # Written once before the loop: where no row asks for a token, nothing else tells the size of an element.
    array = tf.TensorArray(tf.int32, size=num_steps, element_shape=is_done.shape).write(0, tf.zeros_like(max_tokens))
    initial = (tf.constant(0), tf.logical_not(tf.reduce_all(is_done)), is_done, tail, logits, state, array)
    *_, written = tf.while_loop(lambda _, goes_on, *__: goes_on, body, initial, parallel_iterations=1)
    token_ids = tf.transpose(tf.reshape(written.stack(), [num_steps, tf.size(max_tokens)]))
    return _cut(token_ids, stops, eos_id)


def _align_right(stop_ids):
    """Moves the padding of stop ids to the left; of a row that has none to -1, which no token is."""
    stop_ids = tf.pad(stop_ids, [[0, 0], [0, 1]])  # so that the width is not 0
    width = tf.shape(stop_ids)[1]
    length = tf.math.count_nonzero(stop_ids, axis=1, keepdims=True, dtype=tf.int32)
    source = tf.range(width)[None] - (width - length)
    moved = tf.where(source >= 0, tf.gather(stop_ids, tf.maximum(source, 0), batch_dims=1), 0)
    return tf.where(length > 0, moved, -1)


def _matches(tail, stops):
    return tf.reduce_all(tf.equal(tail, stops) | tf.equal(stops, 0), axis=1)


def _cut(token_ids, stops, eos_id):
    """Takes off what ended the rows."""
    # No token is 0, so what is not 0 was written.
    length = tf.math.count_nonzero(token_ids, axis=1, dtype=tf.int32)
    if stops is not None:
        width = tf.shape(stops)[1]
        padded = tf.pad(token_ids, [[0, 0], [width, 0]])
        tail = tf.gather(padded, length[:, None] + tf.range(width), batch_dims=1)
        stop_length = tf.math.count_nonzero(stops, axis=1, dtype=tf.int32)
        length -= tf.where(_matches(tail, stops), stop_length, 0)
    if eos_id is not None:
        # Not where a stop text was taken off: it ended the row before.
        last = tf.gather(tf.pad(token_ids, [[0, 0], [1, 0]]), length, batch_dims=1)
        length -= tf.cast(tf.equal(last, eos_id), tf.int32)
    width = tf.reduce_max(tf.concat([length, [0]], axis=0))
    is_kept = tf.range(width) < length[:, None]
    return Generation(tf.where(is_kept, token_ids[:, :width], 0), length)
