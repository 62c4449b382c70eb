"""The recurrent stack that every builder uses."""

import keras
from keras import ops

from rnnzoo.layers.dropout import Dropout
from rnnzoo.layers.recurrence import run_recurrences
from rnnzoo.layers.simple_rnn import SimpleRNN, make_recurrence
from rnnzoo.layers.single_step import SingleStep

_CELLS = {"simple_rnn": SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}
CELLS = tuple(_CELLS)
RECURRENT_INITIALIZERS = ("orthogonal", "glorot_uniform", "identity")


def state_size(cell: str, units: int) -> int:
    """Returns the width of a layer's state: `units`, and for LSTM h and c joined.

    Example:

    >>> state_size("simple_rnn", 8), state_size("lstm", 8)
    (8, 16)
    """
    return 2 * units if cell == "lstm" else units


@keras.saving.register_keras_serializable("rnnzoo")
class RecurrentStack(keras.layers.Layer):
    """Recurrent layers on top of each other.

    By default each is a pre-norm residual block, `x + dropout(RNN(norm(x)))`, with a normalisation after
    the last: the residual path carries the token, so that the recurrence only has to add context. A
    plain SimpleRNN then learns what without it takes a GRU. `stack="plain"` puts layer on layer.

    Args:
        units: Width of a layer, for each direction.
        num_layers: Number of layers.
        cell: `simple_rnn`, `gru` or `lstm`.
        bidirectional: Whether each layer reads both ways; its outputs are joined, forward first.
        stack: `residual` or `plain`.
        dropout: Dropout after each layer.
        recurrent_dropout: Dropout on the state, one mask for all steps.
        recurrent_initializer: `orthogonal`, `glorot_uniform`, or `identity` (simple_rnn only; Le et
            al. 2015, with `activation="relu"`).
        activation: Activation of the cell.
        return_state: Whether to return the final state too; not with `bidirectional`.
        one_hot_size: Number of ids, where the inputs are ids that stand for one-hot vectors. Their product
            with the first kernel is then a look-up of its rows.

    Call arguments:
        inputs: Sequences, (batch, time, features) float, or with `one_hot_size` (batch, time) int, where
            the mask is `inputs != 0`.
        mask: (batch, time) bool, True for real steps. Other steps leave the state as it is.
        initial_state: (batch, num_layers, state size) float; zeros where it is left out.
        training: Whether dropout is on.
        inputs_mask: `mask`, under the name that Keras gives it in a call with `initial_state`.

    Returns:
        (batch, time, width) float, where the width is `units`, twice that when bidirectional. The mask is
        passed on. With `return_state` also the final state, (batch, num_layers, state size) float.

    References:
        Xiong et al. 2020, On Layer Normalization in the Transformer Architecture (pre-norm blocks).
    """

    def __init__(
        self,
        units,
        num_layers=1,
        cell="simple_rnn",
        bidirectional=False,
        stack="residual",
        dropout=0.0,
        recurrent_dropout=0.0,
        recurrent_initializer="orthogonal",
        activation="tanh",
        return_state=False,
        one_hot_size=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        _check("cell", cell, CELLS)
        _check("stack", stack, ("residual", "plain"))
        _check("recurrent_initializer", recurrent_initializer, RECURRENT_INITIALIZERS)
        if num_layers < 1:
            raise ValueError(f"num_layers must be at least 1, not {num_layers!r}")
        if one_hot_size is not None and one_hot_size < 1:
            raise ValueError(f"one_hot_size must be at least 1, not {one_hot_size!r}")
        if not 0.0 <= recurrent_dropout <= 1.0:
            raise ValueError(f"recurrent_dropout must be between 0 and 1, not {recurrent_dropout!r}")
        if recurrent_initializer == "identity" and cell != "simple_rnn":
            raise ValueError(f"recurrent_initializer='identity' is for cell='simple_rnn', not for {cell!r}")
        if return_state and bidirectional:
            raise ValueError("return_state=True needs bidirectional=False: a backward state is no state to go on from")
        self.units = units
        self.num_layers = num_layers
        self.cell = cell
        self.bidirectional = bidirectional
        self.stack = stack
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.recurrent_initializer = recurrent_initializer
        self.activation = activation
        self.return_state = return_state
        self.one_hot_size = one_hot_size
        self.supports_masking = True
        self.width = 2 * units if bidirectional else units

        self.recurrent_layers = [self._make_layer(place) for place in range(num_layers)]
        self.dropouts = [Dropout(dropout, name=f"dropout_{place}") for place in range(num_layers)]
        self.projection = None
        self.norms, self.final_norm = [], None
        if stack == "residual":
            self.norms = [keras.layers.LayerNormalization(name=f"norm_{place}") for place in range(num_layers)]
            self.final_norm = keras.layers.LayerNormalization(name="final_norm")

    def _make_layer(self, place):
        # cuDNN refuses a batch with an empty sequence; a filler row is one.
        gated = {} if self.cell == "simple_rnn" else {"use_cudnn": False}
        layer = _CELLS[self.cell](
            self.units,
            **gated,
            activation=self.activation,
            recurrent_initializer=self.recurrent_initializer,
            recurrent_dropout=self.recurrent_dropout,
            return_sequences=True,
            return_state=self.return_state,
            name=f"{self.cell}_{place}",
        )
        return keras.layers.Bidirectional(layer, name=f"bidirectional_{place}") if self.bidirectional else layer

    def build(self, input_shape):
        shape = tuple(input_shape)
        if self.one_hot_size is not None:
            shape = (*shape, self.one_hot_size)
        wide = (*shape[:-1], self.width)
        if self.stack == "residual" and (shape[-1] != self.width or self.one_hot_size is not None):
            self.projection = keras.layers.Dense(self.width, name="projection")
            self.projection.build(shape)
        for place, layer in enumerate(self.recurrent_layers):
            is_raw_input = place == 0 and self.stack == "plain"
            layer.build(shape if is_raw_input else wide)
            self.dropouts[place].build(wide)
        for norm in [*self.norms, self.final_norm] if self.norms else []:
            norm.build(wide)

    def call(self, inputs, mask=None, initial_state=None, training=None, inputs_mask=None):
        # Keras fills in `mask` only where `inputs` is the one tensor of the call.
        mask = inputs_mask if mask is None else mask
        if self.one_hot_size is not None:
            mask = ops.not_equal(inputs, 0)
        if initial_state is not None and self.bidirectional:
            raise ValueError("initial_state needs bidirectional=False: a backward state does not come from before")
        run_layer = self._run_gated
        if self.cell == "simple_rnn":
            # Time-major from end to end: a step of the recurrence then reads one block of memory.
            run_layer = self._run_simple_rnn
            inputs = _swap_batch_and_time(inputs)
            mask = None if mask is None else ops.expand_dims(ops.transpose(ops.cast(mask, "bool")), -1)
        x = self._project(inputs)
        final_states = []
        for place, layer in enumerate(self.recurrent_layers):
            normed = self.norms[place](x) if self.norms else x
            y, final_state = run_layer(layer, normed, self._layer_state(initial_state, place), mask, training)
            final_states.append(final_state)
            y = self.dropouts[place](y, training=training)
            x = x + y if self.norms else y
        if self.final_norm is not None:
            x = self.final_norm(x)
        if self.cell == "simple_rnn":
            x = _swap_batch_and_time(x)
        return (x, ops.stack(final_states, axis=1)) if self.return_state else x

    def step(self, inputs, state):
        """Runs one step, without dropout.

        A loop of many steps is faster with a `SingleStep` that is made before it.

        Args:
            inputs: (batch, features) float; with `one_hot_size` (batch,) int.
            state: (batch, num_layers, state size) float; zeros before the first step.

        Returns:
            The output of the step, (batch, units) float32, and the state after it, as `state`.

        Raises:
            ValueError: The stack is bidirectional.
        """
        single_step = SingleStep(self, fold=False)
        x, after = single_step.advance(*single_step.read(inputs), single_step.split_state(state))
        return single_step.finish(x), single_step.join_state(after)

    def _project(self, inputs):
        if self.projection is None:
            # Only stock layers need the vectors themselves.
            is_gated = self.one_hot_size is not None and self.cell != "simple_rnn"
            return ops.one_hot(inputs, self.one_hot_size, dtype=self.compute_dtype) if is_gated else inputs
        if self.one_hot_size is None:
            return self.projection(inputs)
        return ops.take(self.projection.kernel, inputs, axis=0) + self.projection.bias

    def _run_gated(self, layer, x, initial_state, mask, training):
        y = layer(x, initial_state=initial_state, mask=mask, training=training)
        if not self.return_state:
            return y, None
        y, *state = y
        return y, ops.concatenate(state, axis=-1)

    def _run_simple_rnn(self, layer, x, initial_state, real, training):
        cells = [layer.forward_layer.cell, layer.backward_layer.cell] if self.bidirectional else [layer.cell]
        state = None if initial_state is None else initial_state[0]
        recurrences = [
            make_recurrence(cell, x, state, training, reverse=reverse)
            for cell, reverse in zip(cells, (False, True), strict=False)
        ]
        states = run_recurrences(recurrences, cells[0].activation, real)
        for cell in cells:
            cell.reset_recurrent_dropout_mask()
        return ops.concatenate(states, axis=-1) if self.bidirectional else states[0], states[0][-1]

    def _layer_state(self, initial_state, place):
        if initial_state is None:
            return None
        state = initial_state[:, place]
        return [state[:, : self.units], state[:, self.units :]] if self.cell == "lstm" else [state]

    def compute_mask(self, inputs, mask=None):
        return mask if self.one_hot_size is None else ops.not_equal(inputs, 0)

    def compute_output_shape(self, input_shape):
        output_shape = (*input_shape[:2], self.width)
        if not self.return_state:
            return output_shape
        return output_shape, (input_shape[0], self.num_layers, state_size(self.cell, self.units))

    def get_config(self):
        names = (
            "units num_layers cell bidirectional stack dropout recurrent_dropout recurrent_initializer activation "
            "return_state one_hot_size"
        )
        return super().get_config() | {name: getattr(self, name) for name in names.split()}


def _swap_batch_and_time(tensor):
    return ops.transpose(tensor, (1, 0, *range(2, len(tensor.shape))))


def _check(argument, value, allowed):
    if value not in allowed:
        raise ValueError(f"{argument} must be one of {', '.join(allowed)}, not {value!r}")
