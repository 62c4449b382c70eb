"""The same translator as one writes it with stock Keras layers, trained by `train_on_batch`."""

import keras

from benchmarks.translation_rnnzoo import assign_rest, assign_stack
from benchmarks.translation_shape import TranslatorShape, make_pairs
from benchmarks.translation_weights import make_weights
from rnnzoo.layers import TiedEmbedding


class KerasTrainer:
    """Keras' own step: its loss, which smooths no labels (only its one for one-hot labels does), and AdamW."""

    def __init__(self, shape: TranslatorShape, xla: bool):
        self._arrays = {width: make_pairs(shape, width) for width, _ in shape.widths}
        self._model = build_stock_translator(shape)
        optimizer = keras.optimizers.AdamW(
            shape.learning_rate,
            weight_decay=0.0,
            global_clipnorm=shape.clip_norm,
            use_ema=True,
            ema_momentum=shape.ema_momentum,
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
        self._model.compile(optimizer, loss, jit_compile=xla)
        self.num_parameters = self._model.count_params()

    def run_step(self, width: int) -> float:
        """Trains on the batch of a width; returns its mean loss."""
        source_ids, target_ids = self._arrays[width]
        labels = target_ids[:, 1:]
        inputs = {"source_ids": source_ids, "target_ids": target_ids[:, :-1] * (labels != 0)}
        self._model.reset_metrics()
        return float(self._model.train_on_batch(inputs, labels))


def build_stock_translator(shape: TranslatorShape) -> keras.Model:
    """Builds the model of stock layers but for the embedding, of which Keras has none with an output bias."""
    units = shape.units
    source_ids = keras.Input((None,), dtype="int32", name="source_ids")
    target_ids = keras.Input((None,), dtype="int32", name="target_ids")
    embedding = TiedEmbedding(shape.vocabulary, shape.embedding)
    context_to_state = keras.layers.Dense(shape.decoder_layers * units, activation="tanh")
    keys = keras.layers.Dense(units, use_bias=False)
    attentional_vector = keras.layers.Dense(shape.embedding, activation="tanh")
    weights = make_weights(shape)

    def drop(x):
        return keras.layers.Dropout(shape.dropout)(x)

    def make_norms(num_layers):
        return [keras.layers.LayerNormalization() for _ in range(num_layers + 1)]

    readers = [
        keras.layers.Bidirectional(keras.layers.SimpleRNN(units // 2, return_sequences=True))
        for _ in range(shape.encoder_layers)
    ]
    x, encoder_norms = drop(embedding(source_ids)), make_norms(shape.encoder_layers)
    for norm, layer in zip(encoder_norms, readers, strict=False):
        x = keras.layers.Add()([x, drop(layer(norm(x)))])
    memory = encoder_norms[-1](x)
    states = context_to_state(keras.layers.GlobalAveragePooling1D()(memory))
    states = keras.layers.Reshape((shape.decoder_layers, units))(states)

    writers = [keras.layers.SimpleRNN(units, return_sequences=True) for _ in range(shape.decoder_layers)]
    x, decoder_norms = drop(embedding(target_ids)), make_norms(shape.decoder_layers)
    for place, (norm, layer) in enumerate(zip(decoder_norms, writers, strict=False)):
        x = keras.layers.Add()([x, drop(layer(norm(x), initial_state=states[:, place]))])
    x = decoder_norms[-1](x)
    context = keras.layers.Attention()([x, memory, keys(memory)])
    x = drop(attentional_vector(keras.layers.Concatenate()([x, context])))
    logits = keras.layers.Identity(name="logits")(embedding(x, reverse=True))
    model = keras.Model({"source_ids": source_ids, "target_ids": target_ids}, logits)

    assign_stack(weights.encoder, encoder_norms, readers)
    assign_stack(weights.decoder, decoder_norms, writers)
    # Keras' attention does not divide by the root of the width.
    keys.set_weights([weights.memory_kernel * units**-0.5])
    assign_rest(weights, embedding, context_to_state, attentional_vector)
    return model
