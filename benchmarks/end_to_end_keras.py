"""The plain Keras script: stock layers, batches padded to their longest text, `fit`."""

import time
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from benchmarks.encoded_texts import Texts, load_num_ids, load_texts
from benchmarks.tensorflow_work import set_threads


class KerasWork:
    """Trains and scores the model once."""

    facts: dict[str, Any]

    def __init__(self, threads: int, training: dict[str, Any], encoded: str):
        set_threads(threads)
        keras.utils.set_random_seed(0)
        self._training, path = training, Path(encoded)
        self._train, self._validation = load_texts(path, "train"), load_texts(path, "validation")
        self._model = keras.Sequential(
            [
                keras.Input((None,), dtype="int32"),
                keras.layers.Embedding(load_num_ids(path), training["embedding"], mask_zero=True),
                keras.layers.Bidirectional(keras.layers.SimpleRNN(training["units"], return_sequences=True)),
                keras.layers.GlobalAveragePooling1D(),
                keras.layers.Dense(training["num_classes"]),
            ]
        )
        self._model.compile(
            keras.optimizers.Adam(training["learning_rate"], global_clipnorm=training["clip_norm"]),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
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
        }

    def _batches(self, texts: Texts, shuffle: bool) -> tf.data.Dataset:
        ids = tf.RaggedTensor.from_row_lengths(
            tf.concat(texts.ids, axis=0), tf.constant([len(row) for row in texts.ids], tf.int64)
        )
        examples = tf.data.Dataset.from_tensor_slices((ids, texts.labels))
        if shuffle:
            examples = examples.shuffle(len(texts.ids), seed=0)
        return (
            examples.map(lambda row, label: (row, label))
            .padded_batch(self._training["batch_size"], padded_shapes=([None], []))
            .prefetch(tf.data.AUTOTUNE)
        )


class _EpochClock(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self._start)
