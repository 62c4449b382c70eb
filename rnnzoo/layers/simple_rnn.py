"""A drop-in for `keras.layers.SimpleRNN` that trains and runs faster."""

import keras
import tensorflow as tf

from rnnzoo.layers.recurrence import Recurrence, run_recurrences


@keras.saving.register_keras_serializable("rnnzoo")
class SimpleRNN(keras.layers.SimpleRNN):
    """`keras.layers.SimpleRNN` with the same arguments, weights, states and answers, only faster.

    The inputs of all steps are projected by one matrix product before the loop, the loop runs over
    time-major slices with one product each, and so does the hand-written backward loop; the gradients of
    the kernels are one product each after it. With `unroll=True` the stock loop is used.

    Args:
        units: Width of the output and the state.
        **kwargs: All arguments of `keras.layers.SimpleRNN`.

    Call arguments:
        sequences: (batch, time, features) float.
        initial_state: (batch, units) float or a list with it; zeros where it is left out.
        mask: (batch, time) bool, True for real steps. Other steps leave the state as it is and repeat
            the output, which is zero before the first real step.
        training: Whether dropout is on.

    Returns:
        As the stock layer: (batch, units) float, with `return_sequences` (batch, time, units), and
        with `return_state` also the final state. The mask is passed on with `return_sequences`.

    Example:

    >>> import numpy as np
    >>> layer = SimpleRNN(4, return_sequences=True)
    >>> layer(np.zeros((2, 3, 5), "float32")).shape
    TensorShape([2, 3, 4])
    """

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if self.unroll:
            return super().inner_loop(sequences, initial_state, mask, training)
        time_major = tf.transpose(sequences, [1, 0, 2])
        real = None if mask is None else tf.transpose(mask)[..., None]
        recurrence = make_recurrence(self.cell, time_major, initial_state[0], training, self.go_backwards)
        (states,) = run_recurrences([recurrence], self.activation, real)
        last = 0 if self.go_backwards else -1
        final_state = states[last]
        if real is not None:
            shown = real
            if not self.zero_output_for_mask:
                shown = tf.cumsum(tf.cast(real, tf.int32), reverse=self.go_backwards) > 0
            states = tf.where(shown, states, tf.zeros([], states.dtype))
        last_output = states[last]
        if self.return_sequences:
            states = tf.reverse(states, [0]) if self.go_backwards else states
            outputs = tf.transpose(states, [1, 0, 2])
        else:
            outputs = last_output
        return last_output, outputs, [final_state]


def make_recurrence(cell, sequences, initial_state, training=False, reverse=False):
    """Projects the inputs of a `keras.layers.SimpleRNNCell` for all steps at once.

    Args:
        cell: The cell.
        sequences: (time, batch, features) float; or (time, batch) int, ids that stand for one-hot vectors.
        initial_state: (batch, units) float; None: zeros.
        training: Whether the cell's dropout is on.
        reverse: Whether time runs backwards.
    """
    if initial_state is None:
        initial_state = tf.zeros([tf.shape(sequences)[1], cell.units], cell.compute_dtype)
    dropout_mask = None
    if training:
        input_mask = cell.get_dropout_mask(sequences[0])
        sequences = sequences if input_mask is None else sequences * input_mask
        dropout_mask = cell.get_recurrent_dropout_mask(initial_state)
    kernel = tf.convert_to_tensor(cell.kernel)
    projected = tf.gather(kernel, sequences) if sequences.dtype.is_integer else tf.tensordot(sequences, kernel, 1)
    if cell.use_bias:
        projected += tf.convert_to_tensor(cell.bias)
    recurrent_kernel = tf.convert_to_tensor(cell.recurrent_kernel)
    return Recurrence(projected, recurrent_kernel, initial_state, dropout_mask, reverse)
