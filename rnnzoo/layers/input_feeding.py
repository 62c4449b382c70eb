"""A decoder that is told at each step what it attended to at the step before."""

import keras
import tensorflow as tf

from rnnzoo.layers.attention import AttentionalStep


@keras.saving.register_keras_serializable("rnnzoo")
class InputFeedingDecoder(keras.layers.Layer):
    """Runs a recurrent stack with attention, each step fed with the attentional vector of the step before.

    The attentional vector is tanh(W [h; context] + b); it is joined to the next input, so that the decoder knows what
    it has translated. The price is that the steps of all layers wait for each other: nothing is parallel over time.

    Args:
        recurrent_stack: A `RecurrentStack` that reads forward.
        attention: An `Attention`.
        vector_size: Width of the attentional vector.

    Call arguments:
        inputs: (batch, target time, features) float. Padding is on the right, so that it changes nothing before it.
        memory: (batch, source time, width) float.
        initial_state: (batch, num_layers, state size) float.
        memory_mask: (batch, source time) bool; all steps are real where it is left out.
        training: Whether dropout is on.

    Returns:
        The attentional vectors, (batch, target time, vector_size) float, and the weights of the attention,
        (batch, target time, source time) float. The mask of the inputs is passed on to both.

    References:
        Luong et al. 2015, Effective Approaches to Attention-based Neural Machine Translation (input feeding).

    Example:

    >>> import numpy as np
    >>> from rnnzoo.layers import Attention, RecurrentStack
    >>> decoder = InputFeedingDecoder(RecurrentStack(4), Attention(), vector_size=4)
    >>> vectors, weights = decoder(np.zeros((2, 3, 5)), np.zeros((2, 6, 4)), initial_state=np.zeros((2, 1, 4)))
    >>> vectors.shape, weights.shape
    (TensorShape([2, 3, 4]), TensorShape([2, 3, 6]))
    """

    def __init__(self, recurrent_stack, attention, vector_size, **kwargs):
        super().__init__(**kwargs)
        if recurrent_stack.bidirectional or recurrent_stack.one_hot_size is not None:
            raise ValueError("recurrent_stack must read vectors, and forward")
        self.recurrent_stack = recurrent_stack
        self.attention = attention
        self.vector_size = vector_size
        self.attentional_vector = keras.layers.Dense(vector_size, activation="tanh", name="attentional_vector")
        self.supports_masking = True

    def build(self, inputs_shape, memory_shape, initial_state_shape=None):
        units = self.recurrent_stack.units
        # What was reloaded is built.
        if not self.recurrent_stack.built:
            self.recurrent_stack.build((*inputs_shape[:-1], inputs_shape[-1] + self.vector_size))
        if not self.attention.built:
            self.attention.build((*inputs_shape[:-1], units), memory_shape)
        self.attentional_vector.build((*inputs_shape[:-1], units + memory_shape[-1]))

    def call(self, inputs, memory, initial_state, memory_mask=None, training=None):
        batch_size, num_steps = (
            size if fixed is None else fixed
            for fixed, size in zip(inputs.shape[:2], tf.unstack(tf.shape(inputs)[:2]), strict=True)
        )
        time_major = tf.transpose(inputs, [1, 0, 2])
        attend = AttentionalStep(self.attention, self.attentional_vector, memory, memory_mask)
        states = self._split_state(initial_state)
        # All masks before the loop: one drawn inside could not be kept for the gradient.
        for layer, state in zip(self.recurrent_stack.recurrent_layers, states, strict=True):
            layer.cell.get_recurrent_dropout_mask(state[0])
        factors = self._draw_dropout([num_steps, batch_size, self.recurrent_stack.units], training)

        def step(time, vector, states, arrays):
            x = tf.concat([time_major[time], vector], axis=1)
            x, states = self._run_stack(x, states, [factor[time] for factor in factors], training)
            vector, weights = attend(x)
            vector.set_shape(first.shape)
            arrays = [array.write(time, value) for array, value in zip(arrays, (vector, weights[:, 0]), strict=True)]
            return time + 1, vector, states, arrays

        first = tf.zeros([batch_size, self.vector_size], inputs.dtype)
        shapes = (first.shape, memory.shape[:2])
        arrays = [tf.TensorArray(inputs.dtype, size=num_steps, element_shape=shape) for shape in shapes]
        *_, arrays = tf.while_loop(
            lambda time, *_: time < num_steps,
            step,
            (tf.constant(0), first, states, arrays),
            # For autodiff in XLA.
            maximum_iterations=num_steps if isinstance(num_steps, int) else None,
            parallel_iterations=1,
        )
        for layer in self.recurrent_stack.recurrent_layers:
            layer.cell.reset_recurrent_dropout_mask()
        return tuple(tf.transpose(array.stack(), [1, 0, 2]) for array in arrays)

    def _run_stack(self, x, states, factors, training):
        stack = self.recurrent_stack
        x = x if stack.projection is None else stack.projection(x)
        after = []
        for place, layer in enumerate(stack.recurrent_layers):
            y, state = layer.cell(stack.norms[place](x) if stack.norms else x, states[place], training=training)
            after.append(list(state))
            y = y * factors[place] if factors else y
            x = x + y if stack.norms else y
        return (x if stack.final_norm is None else stack.final_norm(x)), after

    def _draw_dropout(self, shape, training):
        if not training or not self.recurrent_stack.dropout:
            return []
        ones = tf.ones(shape, self.compute_dtype)
        return [dropout(ones, training=True) for dropout in self.recurrent_stack.dropouts]

    def _split_state(self, initial_state):
        layers = tf.unstack(initial_state, self.recurrent_stack.num_layers, axis=1)
        return [tf.split(layer, 2, axis=1) if self.recurrent_stack.cell == "lstm" else [layer] for layer in layers]

    def compute_mask(self, inputs, mask=None):
        return mask, mask

    def compute_output_shape(self, inputs_shape, memory_shape, initial_state_shape=None):
        return (*inputs_shape[:2], self.vector_size), (*inputs_shape[:2], memory_shape[1])

    def get_config(self):
        parts = {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in _PARTS}
        return super().get_config() | parts | {"vector_size": self.vector_size}

    @classmethod
    def from_config(cls, config):
        parts = {name: keras.saving.deserialize_keras_object(config[name]) for name in _PARTS}
        return cls(**config | parts)


_PARTS = ("recurrent_stack", "attention")
