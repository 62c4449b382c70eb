"""The models of the Keras and rnnzoo peers: the same but for the recurrent layers."""

import keras

import rnnzoo.layers
from benchmarks.shapes import Shape

_STOCK_CELLS = {"simple_rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}


def make_layer(layers: str, cell: str, units: int) -> keras.layers.Layer:
    """Makes one recurrent layer that returns sequences, Keras' own (`keras`) or ours (`rnnzoo`)."""
    layer_class = rnnzoo.layers.SimpleRNN if layers == "rnnzoo" else _STOCK_CELLS[cell]
    return layer_class(units, return_sequences=True)


def build_model(shape: Shape, layers: str, cell: str = "simple_rnn") -> keras.Model:
    """Builds the model of a shape; its output is logits, (batch, time, num_classes) float32."""
    if shape.float_features:
        inputs = keras.Input((None, shape.embedding), dtype="float32")
        x = keras.layers.Masking()(inputs)
    else:
        inputs = keras.Input((None,), dtype="int32")
        x = keras.layers.Embedding(shape.num_classes, shape.embedding, mask_zero=True)(inputs)
    if layers == "rnnzoo" and (shape.num_layers > 1 or shape.bidirectional):
        x = rnnzoo.layers.RecurrentStack(
            shape.units, shape.num_layers, cell=cell, bidirectional=shape.bidirectional, stack=shape.stack
        )(x)
    else:
        x = _stack(x, shape, layers, cell)
    return keras.Model(inputs, keras.layers.Dense(shape.num_classes)(x))


def _stack(x, shape: Shape, layers: str, cell: str):
    """What `rnnzoo.layers.RecurrentStack` does, as one writes it with single layers."""
    is_residual = shape.stack == "residual"
    if is_residual and shape.embedding != shape.width:
        x = keras.layers.Dense(shape.width)(x)
    for _ in range(shape.num_layers):
        layer = make_layer(layers, cell, shape.units)
        if shape.bidirectional:
            layer = keras.layers.Bidirectional(layer)
        x = keras.layers.Add()([x, layer(keras.layers.LayerNormalization()(x))]) if is_residual else layer(x)
    return keras.layers.LayerNormalization()(x) if is_residual else x
