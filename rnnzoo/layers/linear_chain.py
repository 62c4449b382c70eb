"""Sums and maxima over all tag sequences of a linear chain, by dynamic programming.

A sequence begins and ends at a border, which stands behind the tags as one more. Its score is the sum of the
logits of its tags and of the transitions from border to tag, tag to tag and tag to border. Masked steps are left
out, wherever they are; a row without a real step goes from border to border, which scores 0.

All is done in float64: sums over thousands of steps keep the digits that tell sequences apart, and probabilities
need no logarithm inside the loops, so that a step is one matrix product. With transitions between `FORBIDDEN` and
about 50 no sum underflows and no quotient overflows, whatever the logits.
"""

from typing import NamedTuple

import tensorflow as tf

from rnnzoo.layers.custom_gradients import custom_gradient

# Score of a transition that may not be: a sequence pays it rather than having no score at all.
FORBIDDEN = -300.0
# Score of what cannot be at all: to be at the border after a step, or anywhere else before the first.
_NEVER = -1e30


def sum_over_paths(logits: tf.Tensor, transitions: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Computes the logarithm of the summed exponentials of the scores of all tag sequences.

    The gradient is written by hand: by the logits it is the marginal probabilities, by the transitions the
    expected number of times each is taken.

    Args:
        logits: (batch, time, tags) float.
        transitions: Scores from row to column, the border last, (tags + 1, tags + 1) float.
        mask: True for real steps, (batch, time) bool.

    Returns:
        (batch,) float64.
    """
    steps, real = _to_time_major(logits, mask)

    @custom_gradient
    def compute(steps, transitions):
        forward = _run_forward(steps, transitions, real)
        return forward.log_sum, lambda upstream: _run_backward(forward, real, upstream)

    return compute(steps, tf.cast(transitions, tf.float64))


def compute_marginals(logits: tf.Tensor, transitions: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Computes the probability of each tag at each step: the share of the sequences that have it there.

    Args:
        logits, transitions, mask: As for `sum_over_paths`.

    Returns:
        (batch, time, tags) float64; zero at masked steps.
    """
    steps, real = _to_time_major(logits, mask)
    forward = _run_forward(steps, tf.cast(transitions, tf.float64), real)
    marginals, _ = _run_backward(forward, real, tf.ones_like(forward.log_sum))
    return tf.transpose(marginals, [1, 0, 2])


def find_best_path(logits: tf.Tensor, transitions: tf.Tensor, mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Finds the tag sequence with the highest score (Viterbi 1967).

    Among equals it is the one with the lowest last tag, among these the lowest last but one, and so on.

    Args:
        logits, transitions, mask: As for `sum_over_paths`.

    Returns:
        Tag ids, (batch, time) int32, zero at masked steps; and their score, (batch,) float64.
    """
    steps, real = _to_time_major(logits, mask)
    # Row j: the scores of going to j.
    arriving = tf.transpose(tf.cast(transitions, tf.float64))
    num_steps = _num_steps(steps)
    away_from_border = tf.pad(steps, [[0, 0], [0, 0], [0, 1]], constant_values=_NEVER)

    def step_forward(number, scores, before):
        new = away_from_border[number] + tf.reduce_max(scores[:, None, :] + arriving, axis=-1)
        return number + 1, tf.where(real[number], new, scores), before.write(number, scores)

    at_border = tf.one_hot(steps.shape[-1], arriving.shape[0], 0.0, _NEVER, dtype=steps.dtype)
    scores = tf.tile(at_border[None], [tf.shape(steps)[1], 1])
    before = tf.TensorArray(steps.dtype, size=num_steps, element_shape=away_from_border.shape[1:])
    _, scores, before = _loop(num_steps, step_forward, [scores, before])
    before = before.stack()

    def step_back(number, tags, path):
        place = num_steps - 1 - number
        # The best tag before, found again for the one tag that needs it rather than stored for all.
        previous = _argmax(before[place] + tf.gather(arriving, tags))
        is_real = real[place, :, 0]
        return number + 1, tf.where(is_real, previous, tags), path.write(place, tf.where(is_real, tags, 0))

    at_end = scores + arriving[-1]
    tags = _argmax(at_end)
    path = tf.TensorArray(tf.int32, size=num_steps, element_shape=tags.shape)
    _, _, path = _loop(num_steps, step_back, [tags, path])
    return tf.transpose(path.stack()), tf.reduce_max(at_end, axis=-1)


def score_path(logits: tf.Tensor, transitions: tf.Tensor, tag_ids: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Computes the score of one tag sequence a row.

    Args:
        logits, transitions, mask: As for `sum_over_paths`.
        tag_ids: (batch, time) int; any value at masked steps.

    Returns:
        (batch,) float64.
    """
    size = transitions.shape[0]
    border = size - 1
    tag_ids = tf.where(mask, tf.cast(tag_ids, tf.int32), border)
    # One-hot products, whose gradients need no scatter.
    logits = tf.where(mask[..., None], tf.cast(logits, tf.float64), 0.0)
    at_tags = logits * tf.one_hot(tag_ids, border, dtype=tf.float64)
    # The real tags one after the other, with borders before and behind.
    places = tf.where(mask, tf.cumsum(tf.cast(mask, tf.int32), axis=1), 0)
    num_rows, num_steps = tf.unstack(tf.shape(mask))
    rows = tf.broadcast_to(tf.range(num_rows)[:, None], [num_rows, num_steps])
    borders = tf.fill([num_rows, num_steps + 2], border)
    path = tf.tensor_scatter_nd_update(borders, tf.stack([rows, places], axis=-1), tag_ids)
    path = tf.one_hot(path, size, dtype=tf.float64)
    taken = tf.einsum("bti,ij->btj", path[:, :-1], tf.cast(transitions, tf.float64)) * path[:, 1:]
    return tf.reduce_sum(at_tags, axis=[1, 2]) + tf.reduce_sum(taken, axis=[1, 2])


class _Forward(NamedTuple):
    """Probabilities given all that came before. Tensors over time hold what belongs to each step."""

    factors: tf.Tensor  # exponentials of the transitions
    emissions: tf.Tensor  # of the logits, the greatest of a step 1
    before: tf.Tensor  # probabilities of the tags before each step, (time, batch, tags + 1)
    last: tf.Tensor  # after the last step
    sums: tf.Tensor  # what those after each step were divided by, (time, batch, 1)
    end: tf.Tensor  # sum over what the border adds behind the last, (batch, 1)
    log_sum: tf.Tensor  # (batch,)


def _run_forward(steps, transitions, real):
    num_steps = _num_steps(steps)
    factors = tf.exp(transitions)
    highest = tf.reduce_max(steps, axis=-1, keepdims=True)
    emissions = tf.pad(tf.exp(steps - highest), [[0, 0], [0, 0], [0, 1]])

    def step(number, probabilities, before, sums):
        new = tf.matmul(probabilities, factors) * emissions[number]
        total = tf.reduce_sum(new, axis=-1, keepdims=True)
        after = tf.where(real[number], new / total, probabilities)
        return number + 1, after, before.write(number, probabilities), sums.write(number, total)

    at_border = tf.one_hot(steps.shape[-1], factors.shape[0], dtype=steps.dtype)
    first = tf.tile(at_border[None], [tf.shape(steps)[1], 1])
    before = tf.TensorArray(steps.dtype, size=num_steps, element_shape=emissions.shape[1:])
    sums = tf.TensorArray(steps.dtype, size=num_steps, element_shape=highest.shape[1:])
    _, last, before, sums = _loop(num_steps, step, [first, before, sums])
    sums = sums.stack()
    end = tf.reduce_sum(last * factors[:, -1], axis=-1, keepdims=True)
    log_sum = tf.math.log(end) + tf.reduce_sum(tf.where(real, tf.math.log(sums) + highest, 0.0), axis=0)
    return _Forward(factors, emissions, before.stack(), last, sums, end, log_sum[:, 0])


def _run_backward(forward, real, weights):
    """Returns the marginals and the summed expected transitions of the rows, each row's times its weight."""
    num_steps = _num_steps(real)
    factors, emissions, before, last, sums, end, _ = forward

    def step(number, ratios, arriving):
        # Ratios: how much likelier what follows a step is from each tag than from their mixture.
        place = num_steps - 1 - number
        on_arrival = tf.where(real[place], emissions[place] * ratios / sums[place], 0.0)
        left = tf.where(real[place], tf.matmul(on_arrival, factors, transpose_b=True), ratios)
        return number + 1, left, arriving.write(place, on_arrival)

    ratios = weights[:, None] * factors[:, -1] / end
    arriving = tf.TensorArray(last.dtype, size=num_steps, element_shape=last.shape)
    _, _, arriving = _loop(num_steps, step, [ratios, arriving])
    arriving = arriving.stack()
    marginals = tf.einsum("tbi,ij->tbj", before, factors) * arriving
    pairs = factors * tf.einsum("tbi,tbj->ij", before, arriving)
    to_end = tf.pad(tf.reduce_sum(last * ratios, axis=0)[:, None], [[0, 0], [factors.shape[0] - 1, 0]])
    return marginals[..., :-1], pairs + to_end


def _to_time_major(logits, mask):
    # Replaced, so that what is not finite at masked steps reaches nothing.
    logits = tf.where(mask[..., None], tf.cast(logits, tf.float64), 0.0)
    return tf.transpose(logits, [1, 0, 2]), tf.transpose(mask)[..., None]


def _argmax(scores):
    return tf.argmax(scores, axis=-1, output_type=tf.int32)


def _loop(num_steps, step, carried):
    # No `maximum_iterations`: it is for autodiff in XLA, and costs an op a step.
    return tf.while_loop(lambda number, *_: number < num_steps, step, [tf.constant(0), *carried], parallel_iterations=1)


def _num_steps(time_major):
    return tf.shape(time_major)[0] if time_major.shape[0] is None else time_major.shape[0]
