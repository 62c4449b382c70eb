"""A task that is learned in a moment: the whole of a run, but for the time that real data and cells take."""

import json

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.config import load_config
from rnnzoo.datasets import Batches, Column, DatasetDescription
from rnnzoo.evaluation import Evaluation
from rnnzoo.layers import SequencePooling
from rnnzoo.tasks.splits import Split
from rnnzoo.tasks.task import Task

SETTINGS = [
    "train.epochs=3",
    "train.batch_size=8",
    "train.learning_rate=0.05",
    "train.warmup_steps=3",
    "train.keep_checkpoints=1",
    "train.ema_momentum=0.8",
    "train.early_stopping_patience=2",
    "evaluate.baseline=false",
]


def load_toy_config(*overrides):
    return load_config("sentiment/mini", [*SETTINGS, *overrides])


class ToyData:
    description = DatasetDescription("toy", {}, {})


class ToyTask(Task):
    """Tells texts of small numbers from texts of great ones, with dropout, shuffling and words left out."""

    headline_metric = "accuracy"

    def learn_vocabularies(self, dataset):
        self.words = [f"word {number}" for number in range(20)]

    def save_vocabularies(self, folder):
        for name in ("words.json", "more.json"):
            (folder / name).write_text(json.dumps(self.words))

    def load_vocabularies(self, folder):
        self.words = json.loads((folder / "words.json").read_text())
        assert json.loads((folder / "more.json").read_text()) == self.words

    def load_training_splits(self, dataset):
        return self.load_split(dataset, "train"), self.load_split(dataset, "validation")

    def load_split(self, dataset, split):
        random = np.random.default_rng(len(split))
        lengths = random.integers(1, 6, size=30)
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        tokens = random.integers(1, len(self.words), size=offsets[-1]).astype(np.int32)
        sums = np.add.reduceat(tokens, offsets[:-1])
        columns = {"token_ids": Column(tokens, offsets), "label": Column((sums / lengths > 10).astype(np.int32))}
        return Split(split, columns, lambda: [f"text {place}".encode() for place in range(30)])

    def make_batches(self, split, *, shuffle):
        train = self.config.train
        return Batches(split.columns, "token_ids", [3, 5], train.batch_size, self.config.seed if shuffle else None)

    def build_model(self):
        # Names of our own: a file of weights has them, and Keras would count on from the process's last model.
        token_ids = keras.Input((None,), dtype="int32", name="token_ids")
        embedded = keras.layers.Embedding(len(self.words), 4, mask_zero=True, name="embedding")(token_ids)
        pooled = SequencePooling("mean", name="pooling")(keras.layers.Dropout(0.3, name="dropout")(embedded))
        return keras.Model(token_ids, keras.layers.Dense(2, name="logits")(pooled), name="toy")

    def compute_loss(self, model, batch, state, training):
        logits = model(batch["token_ids"], training=training)
        weights = tf.cast(batch["example_index"] >= 0, tf.float32)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["label"], logits)
        return tf.reduce_sum(losses * weights), tf.reduce_sum(weights), None

    def evaluate(self, model, split, *, details=False):
        logits = self.collect_outputs(
            model, self.make_batches(split, shuffle=False), lambda batch: batch["token_ids"]
        ).astype(np.float64)
        labels = split.columns["label"].values
        losses = np.logaddexp(*logits.T) - logits[np.arange(len(labels)), labels]
        accuracy = float((logits.argmax(axis=1) == labels).mean())
        return Evaluation({"accuracy": accuracy, "loss": float(losses.mean())})

    def selection_score(self, metrics):
        return metrics["accuracy"], -metrics["loss"]

    def evaluate_predictor(self, predict, split):
        raise NotImplementedError

    evaluate_baseline = make_serving_module = reference_requests = example_inputs = evaluate_predictor

    def describe_inputs(self):
        raise NotImplementedError


def use_toy_task(monkeypatch):
    """Lets a run train the toy task, on its own data."""
    monkeypatch.setattr("rnnzoo.training.run.make_task", ToyTask)
    monkeypatch.setattr("rnnzoo.training.run.open_data", lambda *arguments, **options: ToyData)
