"""The gradient against distance in time: how much of what was read k steps ago a loss can still reach."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.inspection.stack_outputs import run_layer_by_layer
from rnnzoo.layers import RecurrentStack

# As strong as what a one-hot character brings to 128 units.
_INPUT_SCALE = 0.1
# A gate's bias with which it keeps 98 % of its state.
_OPEN = 4.0
# Name: cell, recurrent initialiser, activation, whether its gates are opened.
_COMPARED = {
    "SimpleRNN, Glorot": ("simple_rnn", "glorot_uniform", "tanh", False),
    "SimpleRNN, orthogonal": ("simple_rnn", "orthogonal", "tanh", False),
    "SimpleRNN, identity, ReLU": ("simple_rnn", "identity", "relu", False),
    "GRU": ("gru", "orthogonal", "tanh", False),
    "LSTM": ("lstm", "orthogonal", "tanh", False),
    "GRU, gates open": ("gru", "orthogonal", "tanh", True),
    "LSTM, gates open": ("lstm", "orthogonal", "tanh", True),
}


@dataclass(frozen=True)
class GradientFlow:
    """Gradient norms of several recurrent networks.

    Attributes:
        norms: By the name of a network the norm at each distance, (steps,) float64: first that at the last
            step itself.
        trained: The names of those that were trained; the others are as they were initialised.
    """

    norms: Mapping[str, np.ndarray]
    trained: tuple[str, ...] = ()

    def relative(self, name: str) -> np.ndarray:
        """Returns the norms of a network as shares of that at the last step, (steps,) float64."""
        norms = self.norms[name]
        return norms / norms[0] if norms[0] > 0 else np.zeros_like(norms)


def measure_gradient_flow(stack: RecurrentStack, vectors: Any, seed: int = 0) -> np.ndarray:
    """Measures how the gradient at the last output comes back to the inputs.

    Whatever the loss, its gradient at the last output is a vector there. Here it is a random one, so that
    networks with and without a head are measured alike; the norm it has after k steps back in time is the
    factor by which the input k steps ago can be learned from. The inputs stand for the states that they
    enter: so it can be measured for all cells, both directions and any number of layers.

    Args:
        stack: A stack that was built.
        vectors: Sequences without padding, (batch, time, features) float32.
        seed: Of the random vectors.

    Returns:
        The norm of the gradient with respect to the input k steps before the last, for k = 0, 1, ..., averaged
        over the batch; (time,) float64.

    Example:

    >>> stack = RecurrentStack(2, stack="plain", activation="linear", recurrent_initializer="identity")
    >>> stack.build((None, None, 2))
    >>> norms = measure_gradient_flow(stack, np.ones((3, 4, 2), "float32"))
    >>> bool(np.allclose(norms, norms[0]))
    True
    """
    vectors = tf.constant(vectors, tf.float32)
    generator = np.random.default_rng(seed)
    upstream = generator.standard_normal((vectors.shape[0], stack.width)) / np.sqrt(stack.width)

    @tf.function
    def run(vectors, upstream):
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            _, outputs = run_layer_by_layer(stack, vectors)
            reached = tf.reduce_sum(outputs[:, -1] * upstream)
        return tape.gradient(reached, vectors)

    gradients = run(vectors, tf.constant(upstream, tf.float32)).numpy().astype(np.float64)
    return np.linalg.norm(gradients, axis=-1).mean(axis=0)[::-1]


def compare_gradient_flow(
    units: int = 128,
    *,
    num_steps: int = 100,
    batch_size: int = 16,
    trained: Mapping[str, tuple[RecurrentStack, Any]] | None = None,
    seed: int = 0,
) -> GradientFlow:
    """Measures the cells and recurrent initialisers at initialisation, and trained stacks beside them.

    Each is one plain layer that reads weak random vectors, for as many steps before those that are measured:
    a state that starts at zero is not yet what it will be. An untrained gate is half open and takes about half of
    what passes away at each step, so the gated cells are measured with open gates too: what they can learn to be.

    Args:
        units: Width of the layers.
        num_steps: Distances in time to measure.
        batch_size: Number of sequences.
        trained: Stacks by name, each with sequences for it, (batch, time, features) float32; of long ones as many
            distances are kept.
        seed: Of weights and sequences.

    Returns:
        The norms.
    """
    generator = np.random.default_rng(seed)
    vectors = _INPUT_SCALE * generator.standard_normal((batch_size, 2 * num_steps, units))
    norms = {}
    for name, (cell, initializer, activation, opened) in _COMPARED.items():
        stack = _make_stack(units, cell, initializer, activation, seed)
        if opened:
            _open_gates(stack)
        norms[name] = measure_gradient_flow(stack, vectors, seed)[:num_steps]
    for name, (stack, sequences) in (trained or {}).items():
        norms[name] = measure_gradient_flow(stack, sequences, seed)[:num_steps]
    return GradientFlow(norms, tuple(trained or ()))


def _make_stack(units: int, cell: str, initializer: str, activation: str, seed: int) -> RecurrentStack:
    stack = RecurrentStack(
        units, cell=cell, stack="plain", recurrent_initializer=initializer, activation=activation, name="measured"
    )
    stack.build((None, None, units))
    # Drawn anew with our seed: Keras' own would be that of the whole program.
    initializers = {
        "kernel": keras.initializers.GlorotUniform(seed=seed),
        "recurrent_kernel": keras.initializers.Orthogonal(seed=seed + 1),
    }
    if initializer == "glorot_uniform":
        initializers["recurrent_kernel"] = keras.initializers.GlorotUniform(seed=seed + 1)
    if initializer == "identity":
        del initializers["recurrent_kernel"]
    layer_cell = stack.recurrent_layers[0].cell
    for weight, draw in initializers.items():
        variable = getattr(layer_cell, weight)
        variable.assign(draw(variable.shape))
    return stack


def _open_gates(stack: RecurrentStack) -> None:
    """Sets the bias of the gate that keeps the state: a GRU's update gate, an LSTM's forget gate."""
    bias = stack.recurrent_layers[0].cell.bias
    values, units = bias.numpy(), stack.units
    kept = slice(0, units) if stack.cell == "gru" else slice(units, 2 * units)
    # A GRU has two rows of biases, for inputs and for the state, which are added up.
    values.reshape(-1, values.shape[-1])[0, kept] = _OPEN
    bias.assign(values)
