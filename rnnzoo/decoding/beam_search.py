"""The best texts a model can say: one loop in the graph that keeps several beginnings of each."""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from rnnzoo.decoding.continuations import Continuations, length_factors

# The log probability and the score of a hypothesis that there is not: finite, so that JSON can hold it.
IMPOSSIBLE = -1e30
_NEVER = float("-inf")


class Beams(NamedTuple):
    """The best hypotheses of each row, the best first.

    Where there are fewer than asked for, the others are empty and have `IMPOSSIBLE` as log probability and score.

    Attributes:
        token_ids: Without the end token, padded with 0; the time is that of the longest,
            (batch, num_best, time) int32.
        length: Number of tokens of each, (batch, num_best) int32.
        log_probability: In nats, the end token's included, (batch, num_best) float32.
        score: The log probability over the length penalty, (batch, num_best) float32.
    """

    token_ids: tf.Tensor
    length: tf.Tensor
    log_probability: tf.Tensor
    score: tf.Tensor


def repeat_for_beams(structure: Any, beam_width: int) -> Any:
    """Repeats each row for its beams, for what `step` of `search_beams` reads and no beam changes.

    Args:
        structure: A tensor or any structure of tensors, each (batch, ...).
        beam_width: Number of beams of a row.

    Returns:
        The same structure, each tensor (batch * beam_width, ...), the beams of a row side by side.

    Example:

    >>> repeat_for_beams(tf.constant([7, 8]), 3).numpy().tolist()
    [7, 7, 7, 8, 8, 8]
    """
    return tf.nest.map_structure(lambda tensor: tf.repeat(tensor, beam_width, axis=0), structure)


def search_beams(
    step: Callable[[tf.Tensor, Any], tuple[tf.Tensor, Any]],
    logits: tf.Tensor,
    state: Any,
    *,
    beam_width: int,
    max_tokens: tf.Tensor,
    limit: int,
    length_penalty: float,
    eos_id: int,
    allowed: tf.Tensor | None = None,
    num_best: int = 1,
) -> Beams:
    """Searches for the texts with the highest scores, `beam_width` beginnings at a time.

    With each token, the best `beam_width` continuations of all beginnings go on; an end that is among the best
    `beam_width` continuations, ends included, finishes a hypothesis. A row is done when it has `beam_width` of them,
    when no beginning can come to a score above its `num_best`th, or at `max_tokens`, where what has no end counts as
    finished too. The length of a score counts the end token. Of equals, the end goes before other tokens, the better
    beginning before others, and then the lower id. Width 1 is `decode_greedily`. What a row says depends on nothing
    but its own logits, state and `max_tokens`.

    Args:
        step: From token ids, (rows,) int32, and the state to the logits of the next token,
            (rows, vocabulary) float, and the state after. There are batch * beam_width rows, the beams of a text
            side by side. What is the same for all beams of a text, as an encoder's outputs, is best not in the
            state, which is rearranged at every token, but known to `step`: by `repeat_for_beams`, or as it is, where
            `step` takes the rows apart into (batch, beam_width).
        logits: Those after `<bos>`, (batch, vocabulary) float.
        state: That after `<bos>`: a tensor or any structure of tensors, each (batch, ...), whose shapes do not change.
        beam_width: Number of beginnings that are kept.
        max_tokens: The most tokens that a row may have, its end counted; clipped to between 0 and `limit`.
            (batch,) int32.
        limit: The most tokens that any row may have.
        length_penalty: See `length_factors`.
        eos_id: The id that ends a text.
        allowed: Which ids may be written, (vocabulary,) bool; None: all but padding, which never may be.
        num_best: How many hypotheses to return, at most `beam_width`.

    Raises:
        ValueError: `num_best` is not between 1 and `beam_width`, or the length penalty is negative.

    Example:

    >>> bos = [0.0, 0.0, 0.0, 0.0, 0.6, 0.4]
    >>> table = tf.math.log([bos] * 4 + [[0.0, 0.0, 0.0, 0.4, 0.3, 0.3], [0.0, 0.0, 0.0, 0.9, 0.1, 0.0]])
    >>> beams = search_beams(
    ...     lambda token_ids, state: (tf.gather(table, token_ids), state), table[2:3], (),
    ...     beam_width=2, max_tokens=[9], limit=9, length_penalty=0.0, eos_id=3, num_best=2,
    ... )
    >>> beams.token_ids.numpy().tolist(), [f"{value:.2f}" for value in tf.exp(beams.score[0])]
    ([[[5], [4]]], ['0.36', '0.24'])
    """
    if not 1 <= num_best <= beam_width:
        raise ValueError(f"num_best must be between 1 and beam_width, {beam_width}, got {num_best}")
    max_tokens = tf.clip_by_value(tf.cast(max_tokens, tf.int32), 0, limit)
    num_steps = tf.reduce_max(tf.concat([max_tokens, [1]], axis=0))
    choose = _Choice(
        logits, beam_width, num_best, max_tokens, length_factors(num_steps, length_penalty), eos_id, allowed
    )

    def body(position, _, token_ids, state, progress, written):
        logits, state = step(token_ids, state)
        token_ids, source, progress, finished = choose(position, logits, progress)
        chosen = (token_ids, source, *finished)
        written = [array.write(position, value) for array, value in zip(written, chosen, strict=True)]
        state = tf.nest.map_structure(lambda tensor: tf.gather(tensor, source), state)
        return position + 1, tf.logical_not(tf.reduce_all(progress.is_done)), token_ids, state, progress, written

    # The first token is chosen here: from one beginning a row, and an array knows the size of its elements from it.
    token_ids, source, progress, finished = choose(tf.constant(0), logits, choose.start())
    written = [
        tf.TensorArray(value.dtype, size=num_steps, element_shape=value.shape).write(0, value)
        for value in (token_ids, source, *finished)
    ]
    state = tf.nest.map_structure(lambda tensor: tf.gather(tensor, source), state)
    goes_on = tf.logical_not(tf.reduce_all(progress.is_done))
    initial = (tf.constant(1), goes_on, token_ids, state, progress, written)
    position, *_, written = tf.while_loop(lambda _, goes_on, *__: goes_on, body, initial, parallel_iterations=1)
    token_ids, source, log_probability, ends = (array.stack()[:position] for array in written)
    return choose.best(token_ids, source, log_probability, ends)


class _Progress(NamedTuple):
    """How far the search is: log probabilities of the beginnings, (batch, beams) float, the best first; the scores of
    the best finished ones, (batch, beam_width) float; which rows are done, (batch,) bool."""

    total: tf.Tensor
    best_scores: tf.Tensor
    is_done: tf.Tensor


class _Choice:
    """Chooses the next token of each beginning, and in the end the best of what was finished.

    Rows are numbered text by text; a row number is what `source` holds.
    """

    def __init__(self, logits, beam_width, num_best, max_tokens, factors, eos_id, allowed):
        self._batch, vocabulary_size = (
            tf.shape(logits)[axis] if size is None else size for axis, size in enumerate(logits.shape)
        )
        self._width = beam_width
        self._num_best = num_best
        self._max_tokens = max_tokens
        self._factors = factors
        # Log probabilities only fall: no beginning comes to more than what it has now at the longest length.
        self._last_factor = tf.gather(factors, max_tokens)
        self._is_large = isinstance(vocabulary_size, int) and vocabulary_size >= beam_width
        self._size = beam_width if self._is_large else tf.minimum(beam_width, vocabulary_size)
        self._continue = Continuations(vocabulary_size, eos_id, allowed)
        self._text = tf.range(self._batch)[:, None]

    def start(self):
        best_scores = tf.fill([self._batch, self._width], _NEVER)
        return _Progress(tf.zeros([self._batch, 1]), best_scores, self._max_tokens <= 0)

    def __call__(self, position, logits, progress):
        width, num_beams = self._width, progress.total.shape[1]
        texts, token_ids, ends = self._continue(logits, self._size)
        if not self._is_large:
            missing = [[0, 0], [0, width - self._size]]
            texts = tf.pad(texts, missing, constant_values=_NEVER)
            token_ids = tf.pad(token_ids, missing)
        texts = progress.total[:, :, None] + tf.reshape(texts, [self._batch, num_beams, width])
        total, chosen = tf.math.top_k(tf.reshape(texts, [self._batch, num_beams * width]), width)
        place = tf.reshape(chosen + self._text * (num_beams * width), [self._batch * width])
        token_ids = tf.gather(tf.reshape(token_ids, [self._batch * num_beams * width]), place)

        ends = progress.total + tf.reshape(ends, [self._batch, num_beams])
        ends = tf.pad(ends, [[0, 0], [0, width - num_beams]], constant_values=_NEVER) if num_beams < width else ends
        # The best of all continuations are among the ends and the best others. Numbers below the width are ends.
        finished, number = tf.math.top_k(tf.concat([ends, total], axis=1), width)
        is_last = position + 1 >= self._max_tokens
        is_finished = tf.logical_not(progress.is_done)[:, None] & ((number < width) | is_last[:, None])
        finished = tf.where(is_finished, finished, _NEVER)
        scores = tf.concat([progress.best_scores, finished * self._factors[position + 1]], axis=1)
        scores = tf.math.top_k(scores, width).values
        # Also true where there is nothing that could go on: minus infinity on both sides.
        is_decided = scores[:, self._num_best - 1] >= total[:, 0] * self._last_factor
        is_done = progress.is_done | is_last | is_decided | (scores[:, -1] > _NEVER)
        return token_ids, place // width, _Progress(total, scores, is_done), (finished, number)

    def best(self, token_ids, source, log_probability, number):
        """Finds the best of what was finished and follows it back to its first token.

        Args:
            token_ids, source: What was chosen in each step, (time, rows) int32.
            log_probability, number: What was finished in each step, (time, batch, beam_width).
        """
        width = self._width
        # Rows that may have no token: their one hypothesis has length 0, which no step wrote.
        is_empty = (self._max_tokens <= 0)[:, None] & (tf.range(width) == 0)
        log_probability = tf.concat([tf.where(is_empty, 0.0, _NEVER)[None], log_probability], axis=0)
        number = tf.concat([tf.fill([1, self._batch, width], width), number], axis=0)
        num_lengths = tf.shape(log_probability)[0]

        def by_text(values):
            return tf.reshape(tf.transpose(values, [1, 0, 2]), [self._batch, num_lengths * width])

        scores = by_text(log_probability * self._factors[:num_lengths, None, None])
        score, place = tf.math.top_k(scores, self._num_best)
        log_probability = tf.gather(by_text(log_probability), place, batch_dims=1)
        number = tf.gather(by_text(number), place, batch_dims=1)
        exists = score > _NEVER
        length = tf.where(exists, place // width - tf.cast(number < width, tf.int32), 0)
        row = self._text * width + number % width
        written = self._follow(token_ids, source, row, length)
        score, log_probability = (tf.where(exists, value, IMPOSSIBLE) for value in (score, log_probability))
        return Beams(written, length, log_probability, score)

    def _follow(self, token_ids, source, row, length):
        count = self._batch * self._num_best
        longest = tf.reduce_max(tf.concat([tf.reshape(length, [count]), [0]], axis=0))

        def body(position, row, path):
            path = path.write(position, row)
            before = tf.gather(tf.gather(source, position), row)
            return position - 1, tf.where(position < length, before, row), path

        # One longer than needed, so that an element is known where nothing was written.
        path = tf.TensorArray(tf.int32, size=longest + 1, element_shape=row.shape).write(longest, row)
        *_, path = tf.while_loop(
            lambda position, *_: position >= 0, body, (longest - 1, row, path), parallel_iterations=1
        )
        path = tf.reshape(path.stack()[:longest], [longest, count])
        written = tf.transpose(tf.gather(token_ids[:longest], path, batch_dims=1))
        written = tf.reshape(written, [self._batch, self._num_best, longest])
        return tf.where(tf.range(longest) < length[:, :, None], written, 0)
