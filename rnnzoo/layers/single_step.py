"""One step of a recurrent stack, for loops that run it a thousand times."""

import keras
import tensorflow as tf

from rnnzoo.layers.affine import Affine


class SingleStep:
    """One step of a forward `RecurrentStack`, with as few operations as can be.

    The weights are read when the object is made: make it in each trace, before the loop. It works in float32,
    and never drops. Its state is a tuple of one or, for LSTM, two tensors a layer, each (batch, units) float; see
    `split_state` and `join_state`.

    Args:
        stack: A built `RecurrentStack` that reads forward.
        fold: Whether to put the scale, the shift and the centring of each norm into the kernel after it, so that a
            step only divides by the deviation. It costs as much as a few steps, once.

    Raises:
        ValueError: The stack is bidirectional.
    """

    def __init__(self, stack, fold=True):
        if stack.bidirectional:
            raise ValueError("a single step needs bidirectional=False: a backward state does not come from before")
        self.stack = stack
        self.fold = fold
        self._run_cell = {"simple_rnn": _run_simple_rnn, "gru": _run_gru, "lstm": _run_lstm}[stack.cell]
        self._cells = [layer.cell for layer in stack.recurrent_layers]
        self._products, self._recurrent = [], []
        for place, cell in enumerate(self._cells):
            kernel, bias, recurrent = (
                read_weight(cell.kernel),
                read_weight(cell.bias),
                read_weight(cell.recurrent_kernel),
            )
            if stack.cell == "gru":
                bias, recurrent_bias = bias[0], bias[1]
                recurrent = Affine(recurrent, recurrent_bias)
            if stack.norms and fold:
                kernel, bias = _fold(stack.norms[place], kernel, bias)
            self._products.append(Affine(kernel, bias))
            self._recurrent.append(recurrent)
            if place == 0:
                self._first_weights = kernel, bias
        self._projection = None
        if stack.projection is not None:
            self._projection_weights = [read_weight(weight) for weight in stack.projection.weights]
            self._projection = Affine(*self._projection_weights)

    def read(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Computes what does not depend on the state.

        Args:
            inputs: (rows, features) float; with `one_hot_size` (rows,) int. The rows may be a whole vocabulary,
                for a step that looks its own up.

        Returns:
            What `advance` takes: the input of the first layer, (rows, features) float, and its product with the
            kernel, (rows, gates × units) float.
        """
        if self.stack.one_hot_size is None:
            inputs = tf.cast(inputs, tf.float32)
            x = inputs if self._projection is None else self._projection(inputs)
        elif self._projection is not None:
            kernel, bias = self._projection_weights
            x = tf.gather(kernel, inputs) + bias
        else:
            # A plain stack has no use for the vectors themselves.
            kernel, bias = self._first_weights
            return tf.zeros([tf.size(inputs), 0]), tf.gather(kernel, inputs) + bias
        return x, self._product(0, x)

    def advance(self, x: tf.Tensor, product: tf.Tensor, state: tuple) -> tuple[tf.Tensor, tuple]:
        """Runs the layers.

        Args:
            x: As `read` returns it, (batch, features) float.
            product: As `read` returns it, (batch, gates × units) float.
            state: The state before.

        Returns:
            The output before the final norm, (batch, units) float, for `fold_output` or `finish`, and the state
            after.
        """
        per_layer = 2 if self.stack.cell == "lstm" else 1
        after = []
        for place, cell in enumerate(self._cells):
            if place:
                product = self._product(place, x)
            before = state[place * per_layer : (place + 1) * per_layer]
            y, *new = self._run_cell(cell, product, *before, self._recurrent[place])
            after += [y, *new]
            x = x + y if self.stack.norms else y
        return x, tuple(after)

    def finish(self, x: tf.Tensor) -> tf.Tensor:
        """Applies the final norm of a residual stack, (batch, units) float."""
        return x if self.stack.final_norm is None else _normalise(x, self.stack.final_norm)

    def fold_output(self, kernel: tf.Tensor, bias: tf.Tensor):
        """Folds the final norm into the dense layer after the stack.

        Args:
            kernel: (units, size) float.
            bias: (size,) float.

        Returns:
            A function from what `advance` returns to what the dense layer would return, (batch, size) float.
        """
        kernel, bias = read_weight(kernel), read_weight(bias)
        norm = self.stack.final_norm
        if norm is None or not self.fold:
            affine = Affine(kernel, bias)
            return lambda x: affine(self.finish(x))
        affine = Affine(*_fold(norm, kernel, bias))
        return lambda x: affine(_over_deviation(x, norm.epsilon))

    def split_state(self, state: tf.Tensor) -> tuple:
        """Takes a state, (batch, num_layers, state size) float, apart."""
        layers = tf.unstack(tf.cast(state, tf.float32), self.stack.num_layers, axis=1)
        if self.stack.cell != "lstm":
            return tuple(layers)
        return tuple(part for layer in layers for part in tf.split(layer, 2, axis=1))

    def join_state(self, state: tuple) -> tf.Tensor:
        """Joins a state, (batch, num_layers, state size) float."""
        if self.stack.cell == "lstm":
            state = [tf.concat(pair, axis=1) for pair in zip(state[::2], state[1::2], strict=True)]
        return tf.stack(state, axis=1)

    def _product(self, place, x):
        if self.stack.norms:
            norm = self.stack.norms[place]
            x = _over_deviation(x, norm.epsilon) if self.fold else _normalise(x, norm)
        return self._products[place](x)


def _run_simple_rnn(cell, product, h, recurrent_kernel):
    return (cell.activation(product + tf.matmul(h, recurrent_kernel)),)


def _run_gru(cell, product, h, recurrent):
    sizes = [2 * cell.units, cell.units]
    gates, candidate = tf.split(product, sizes, axis=1)
    recurrent_gates, recurrent_candidate = tf.split(recurrent(h), sizes, axis=1)
    update, reset = tf.split(cell.recurrent_activation(gates + recurrent_gates), 2, axis=1)
    candidate = cell.activation(candidate + reset * recurrent_candidate)
    return (candidate + update * (h - candidate),)


def _run_lstm(cell, product, h, c, recurrent_kernel):
    sizes = [2 * cell.units, cell.units, cell.units]
    gates, candidate, output = tf.split(product + tf.matmul(h, recurrent_kernel), sizes, axis=1)
    input_gate, forget = tf.split(cell.recurrent_activation(gates), 2, axis=1)
    c = forget * c + input_gate * cell.activation(candidate)
    return cell.recurrent_activation(output) * cell.activation(c), c


def _normalise(x, norm):
    centred = x - tf.reduce_mean(x, axis=-1, keepdims=True)
    return _over_deviation(centred, norm.epsilon) * read_weight(norm.gamma) + read_weight(norm.beta)


def _over_deviation(x, epsilon):
    mean = tf.reduce_mean(x, axis=-1, keepdims=True)
    variance = tf.reduce_mean(tf.math.squared_difference(x, mean), axis=-1, keepdims=True)
    return x * tf.math.rsqrt(variance + epsilon)


def _fold(norm, kernel, bias):
    scaled = read_weight(norm.gamma)[:, None] * kernel
    # The product with the mean of x, for every x, without taking the mean from x.
    return scaled - tf.reduce_mean(scaled, axis=0), bias + tf.linalg.matvec(
        kernel, read_weight(norm.beta), transpose_a=True
    )


def read_weight(variable: keras.Variable) -> tf.Tensor:
    """Returns a weight as float32, whatever it is stored as."""
    return tf.cast(tf.convert_to_tensor(variable), tf.float32)
