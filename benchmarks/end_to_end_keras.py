"""The plain Keras script: stock layers, batches padded to their longest text, `fit`."""

import time
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from benchmarks.encoded_texts import Texts, load_sizes, load_texts
from benchmarks.tensorflow_work import set_threads


def build_model(training: dict[str, Any], num_ids: int, num_labels: int, is_tagger: bool) -> keras.Model:
    """Builds and compiles the model of a training; a tagger has an output at every step."""
    # Keras carries the mask of the embedding to the layers, the loss and the metric.
    layers = [
        keras.Input((None,), dtype="int32"),
        keras.layers.Embedding(num_ids, training["embedding"], mask_zero=True),
        keras.layers.Bidirectional(keras.layers.SimpleRNN(training["units"], return_sequences=True)),
        *([] if is_tagger else [keras.layers.GlobalAveragePooling1D()]),
        keras.layers.Dense(num_labels),
    ]
    model = keras.Sequential(layers)
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
        examples = tf.data.Dataset.from_tensor_slices((cut(texts.ids), labels))
        if shuffle:
            examples = examples.shuffle(len(texts.lengths), seed=0)
        # A row of a ragged tensor becomes a tensor by being mapped.
        examples = examples.map(lambda ids, label: (ids, label))
        return examples.padded_batch(self._training["batch_size"]).prefetch(tf.data.AUTOTUNE)


class _EpochClock(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self._start)
