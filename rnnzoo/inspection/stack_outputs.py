"""What a recurrent stack inside a model reads, and what each of its layers answers."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from rnnzoo.layers import RecurrentStack

STACK_NAME = "recurrent_stack"
INITIAL_STATE = "initial_state"


def find_stack(model: keras.Model) -> RecurrentStack:
    """Returns the recurrent stack of a model that a builder of ours made.

    Raises:
        ValueError: It has none.
    """
    for layer in model.layers:
        if layer.name == STACK_NAME and isinstance(layer, RecurrentStack):
            return layer
    raise ValueError(f"the model {model.name!r} has no layer `{STACK_NAME}`")


def read_stack_inputs(model: keras.Model, inputs: Mapping[str, Any]) -> Any:
    """Computes what the stack of a model reads.

    Args:
        model: A functional model of ours.
        inputs: The model's inputs by name, (batch, ...); `initial_state` may be left out.

    Returns:
        (batch, time, features) float32; ids that stand for one-hot vectors become those.

    Raises:
        ValueError: An input is missing.
    """
    stack = find_stack(model)
    named = {tensor.name: tensor for tensor in model.inputs if tensor.name != INITIAL_STATE}
    missing = sorted(set(named) - set(inputs))
    if missing:
        raise ValueError(f"the model {model.name!r} also needs the inputs {', '.join(missing)}")
    # The initial state, where there is one, comes second.
    read = stack.input[0] if isinstance(stack.input, list) else stack.input
    front = keras.Model(list(named.values()), read)
    vectors = front([ops.convert_to_tensor(inputs[name]) for name in named], training=False)
    return vectors if stack.one_hot_size is None else ops.one_hot(vectors, stack.one_hot_size)


def run_layer_by_layer(stack: RecurrentStack, vectors: Any, initial_state: Any = None) -> tuple[list[Any], Any]:
    """Runs a stack on sequences without padding and keeps what it drops: the outputs of each layer.

    Args:
        stack: A stack that was built.
        vectors: What it reads, (batch, time, features) float32.
        initial_state: (batch, layers, state size) float32; None: zeros.

    Returns:
        The outputs of each layer before the residual sum, which for a GRU or LSTM are h, (batch, time, width)
        float32, and those of the stack, of the same shape.
    """
    x = vectors if stack.projection is None else stack.projection(vectors)
    outputs = []
    for place, layer in enumerate(stack.recurrent_layers):
        normed = stack.norms[place](x) if stack.norms else x
        y = layer(normed, initial_state=_state_of_layer(stack, initial_state, place), training=False)
        y = y[0] if stack.return_state else y
        outputs.append(y)
        x = x + y if stack.norms else y
    return outputs, x if stack.final_norm is None else stack.final_norm(x)


def _state_of_layer(stack, initial_state, place):
    if initial_state is None:
        return None
    state = ops.convert_to_tensor(np.asarray(initial_state, np.float32))[:, place]
    return [state[:, : stack.units], state[:, stack.units :]] if stack.cell == "lstm" else [state]
