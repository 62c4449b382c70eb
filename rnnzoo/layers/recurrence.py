"""The recurrence h' = activation(z + h U) over time, with its gradient written by hand.

Autodiff keeps every tensor of every step and walks them backwards one by one. Here the forward loop keeps the
states alone, the backward loop has one matrix product a step, and the gradient of the recurrent kernel is one
product after it (back-propagation through time; Werbos 1990).
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import tensorflow as tf

from rnnzoo.layers.custom_gradients import custom_gradient

# The derivative of an activation, from its value alone.
_DERIVATIVES = {
    keras.activations.tanh: lambda value: 1.0 - value * value,
    keras.activations.relu: lambda value: tf.cast(value > 0, value.dtype),
    keras.activations.sigmoid: lambda value: value * (1.0 - value),
    keras.activations.linear: tf.ones_like,
}


@dataclass(frozen=True)
class Recurrence:
    """One direction of a recurrent layer.

    Attributes:
        projected: Inputs times kernel plus bias, (time, batch, units) float.
        recurrent_kernel: (units, units) float.
        initial_state: (batch, units) float.
        dropout_mask: Factor of the state before its product, the same for all steps, (batch, units)
            float; None: none.
        reverse: Whether time runs backwards.
    """

    projected: tf.Tensor
    recurrent_kernel: tf.Tensor
    initial_state: tf.Tensor
    dropout_mask: tf.Tensor | None = None
    reverse: bool = False


def run_recurrences(
    recurrences: list[Recurrence], activation: Callable, real: tf.Tensor | None = None
) -> list[tf.Tensor]:
    """Runs recurrences of the same length side by side in one loop.

    Args:
        recurrences: What to run; both directions of a layer, for instance.
        activation: A Keras activation. The gradient is written by hand for tanh, relu, sigmoid and
            linear, and TensorFlow's own for others.
        real: True for real steps; others leave the state as it is. (time, batch, 1) bool; None: all are
            real.

    Returns:
        For each recurrence the state after each step, (time, batch, units) float, in the order of the
        inputs also where time runs backwards.
    """
    if tf.executing_eagerly():
        # Else the loop would be Python's, and each step of it several calls.
        tensors = [(one.projected, one.recurrent_kernel, one.initial_state, one.dropout_mask) for one in recurrences]
        return _run_traced(tensors, tuple(one.reverse for one in recurrences), activation, real)
    derivative = _DERIVATIVES.get(activation)
    if derivative is None:
        return _run_forward(recurrences, activation, real)

    @custom_gradient
    def run(*tensors):
        inner = [
            Recurrence(*tensors[3 * place : 3 * place + 3], given.dropout_mask, given.reverse)
            for place, given in enumerate(recurrences)
        ]
        states = _run_forward(inner, activation, real)

        def gradient(*upstream):
            return [part for parts in _run_backward(inner, states, upstream, derivative, real) for part in parts]

        return states, gradient

    return run(*[tensor for r in recurrences for tensor in (r.projected, r.recurrent_kernel, r.initial_state)])


@tf.function(reduce_retracing=True)
def _run_traced(tensors, reverse, activation, real):
    recurrences = [Recurrence(*of_one, backwards) for of_one, backwards in zip(tensors, reverse, strict=True)]
    return run_recurrences(recurrences, activation, real)


def _run_forward(recurrences, activation, real):
    num_steps = _num_steps(recurrences[0].projected)

    def step(number, states, arrays):
        new_states, new_arrays = [], []
        for recurrence, state, array in zip(recurrences, states, arrays, strict=True):
            place = num_steps - 1 - number if recurrence.reverse else number
            kept = state if recurrence.dropout_mask is None else state * recurrence.dropout_mask
            new = activation(recurrence.projected[place] + tf.matmul(kept, recurrence.recurrent_kernel))
            if real is not None:
                new = tf.where(real[place], new, state)
            new_states.append(new)
            new_arrays.append(array.write(place, new))
        return number + 1, new_states, new_arrays

    initial = [recurrence.initial_state for recurrence in recurrences]
    _, arrays = _loop(num_steps, step, initial, recurrences)
    return [_stack(array, recurrence) for array, recurrence in zip(arrays, recurrences, strict=True)]


def _run_backward(recurrences, states, upstream, derivative, real):
    num_steps = _num_steps(recurrences[0].projected)

    def step(number, carried, arrays):
        new_carried, new_arrays = [], []
        for index, recurrence in enumerate(recurrences):
            place = number if recurrence.reverse else num_steps - 1 - number
            arriving = upstream[index][place] + carried[index]
            at_sum = arriving * derivative(states[index][place])
            if real is not None:
                at_sum = tf.where(real[place], at_sum, tf.zeros([], at_sum.dtype))
            before = tf.matmul(at_sum, recurrence.recurrent_kernel, transpose_b=True)
            if recurrence.dropout_mask is not None:
                before *= recurrence.dropout_mask
            if real is not None:
                before = tf.where(real[place], before, arriving)
            new_carried.append(before)
            new_arrays.append(arrays[index].write(place, at_sum))
        return number + 1, new_carried, new_arrays

    zeros = [tf.zeros_like(recurrence.initial_state) for recurrence in recurrences]
    at_initial, arrays = _loop(num_steps, step, zeros, recurrences)
    for recurrence, of_one, array, initial_gradient in zip(recurrences, states, arrays, at_initial, strict=True):
        at_sums = _stack(array, recurrence)
        before = _states_before(recurrence, of_one)
        if recurrence.dropout_mask is not None:
            before *= recurrence.dropout_mask
        # Not the static width: a trace may serve layers of several widths.
        rows = [-1, tf.shape(of_one)[-1]]
        kernel_gradient = tf.matmul(tf.reshape(before, rows), tf.reshape(at_sums, rows), transpose_a=True)
        yield at_sums, kernel_gradient, initial_gradient


def _states_before(recurrence, states):
    initial = recurrence.initial_state[None]
    return tf.concat([states[1:], initial], 0) if recurrence.reverse else tf.concat([initial, states[:-1]], 0)


def _loop(num_steps, step, initial, recurrences):
    arrays = [
        tf.TensorArray(of_one.projected.dtype, size=num_steps, element_shape=of_one.projected.shape[1:])
        for of_one in recurrences
    ]
    # No `maximum_iterations`: it is for autodiff in XLA, and costs an op a step.
    _, states, arrays = tf.while_loop(
        lambda number, *_: number < num_steps, step, [tf.constant(0), initial, arrays], parallel_iterations=1
    )
    return states, arrays


def _num_steps(projected):
    return tf.shape(projected)[0] if projected.shape[0] is None else projected.shape[0]


def _stack(array, recurrence):
    states = array.stack()
    states.set_shape(recurrence.projected.shape)
    return states
