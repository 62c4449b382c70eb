"""The plain Keras script: stock layers, batches padded to their longest text, `fit`."""

import time
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from benchmarks.encoded_texts import Texts, load_sizes, load_texts
from benchmarks.tensorflow_work import set_threads


def build_model(
    training: dict[str, Any], num_ids: int, num_labels: int, num_characters: int, is_tagger: bool
) -> keras.Model:
    """Builds and compiles the model of a training; a tagger has an output at every step.

    Characters are convolved by a Conv2D of height 1. `TimeDistributed(Conv1D)`, which people write, cannot be trained
    here: in Keras 3.15 it fails where the longest text of a batch is not known before, because it then counts
    texts in place of steps.
    """
    inputs = [keras.Input((None,), dtype="int32")]
    x = keras.layers.Embedding(num_ids, training["embedding"], mask_zero=True)(inputs[0])
    # Keras carries the mask of the embedding to the layers, the loss and the metric.
    mask = None
    if num_characters:
        inputs.append(keras.Input((None, training["word_length"]), dtype="int32"))
        characters = keras.layers.Embedding(num_characters, training["character_embedding"])(inputs[1])
        filters, window = training["character_filters"], (1, training["character_width"])
        characters = keras.layers.Conv2D(filters, window, padding="same", activation="relu")(characters)
        x = keras.layers.Concatenate()([x, keras.ops.max(characters, axis=2)])
        # But not through `Concatenate` with features that have none: every step would count as real.
        mask = keras.ops.not_equal(inputs[0], 0)
    recurrent = keras.layers.SimpleRNN(training["units"], return_sequences=True)
    x = keras.layers.Bidirectional(recurrent)(x, mask=mask)
    if not is_tagger:
        x = keras.layers.GlobalAveragePooling1D()(x)
    model = keras.Model(inputs if num_characters else inputs[0], keras.layers.Dense(num_labels)(x))
    model.compile(
        keras.optimizers.Adam(training["learning_rate"], global_clipnorm=training["clip_norm"]),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


class KerasWork:
    """Trains and scores the model once."""

    facts: dict[str, Any]

    def __init__(self, threads: int, training: dict[str, Any], encoded: str):
        set_threads(threads)
        keras.utils.set_random_seed(0)
        self._training, path = training, Path(encoded)
        self._train, self._validation = load_texts(path, "train"), load_texts(path, "validation")
        self._model = build_model(training, *load_sizes(path), self._train.is_tagged)
        self.facts = {}

    def answer(self) -> dict[str, Any]:
        """Trains."""
        train = self._batches(self._train, shuffle=True)
        clock = _EpochClock()
        self._model.fit(train, epochs=self._training["epochs"], callbacks=[clock], verbose=0)
        _, accuracy = self._model.evaluate(self._batches(self._validation, shuffle=False), verbose=0)
        return {
            "epoch_seconds": clock.seconds,
            "validation_accuracy": accuracy,
            "parameters": self._model.count_params(),
            "xla": self._model.jit_compile,
        }

    def _batches(self, texts: Texts, shuffle: bool) -> tf.data.Dataset:
        def cut(values):
            return tf.RaggedTensor.from_row_lengths(values, texts.lengths)

        labels = cut(texts.labels) if texts.is_tagged else texts.labels
        inputs = (cut(texts.ids), cut(texts.character_ids)) if texts.character_ids.size else cut(texts.ids)
        examples = tf.data.Dataset.from_tensor_slices((inputs, labels))
        if shuffle:
            examples = examples.shuffle(len(texts.lengths), seed=0)
        # A row of a ragged tensor becomes a tensor by being mapped.
        examples = examples.map(lambda inputs, label: (inputs, label))
        return examples.padded_batch(self._training["batch_size"]).prefetch(tf.data.AUTOTUNE)


class _EpochClock(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self._start)
