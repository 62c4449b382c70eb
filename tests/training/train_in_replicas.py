"""Trains small models and saves losses and weights: `train_in_replicas.py MODE DATA_DIR OUTPUT [CASE]`.

Modes: `replicas`, alone and in two replicas on two logical CPUs of this process; `workers`, as `TF_CONFIG` says.
"""

import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.config import load_config
from rnnzoo.datasets import open_dataset
from rnnzoo.tasks.registry import make_task
from rnnzoo.training.checkpoints import CheckpointFolder
from rnnzoo.training.cluster import read_cluster
from rnnzoo.training.loop import TrainingLoop
from rnnzoo.training.workers import Workers, start_workers

NO_DROPOUT = ["model.dropout=0.0", "model.recurrent_dropout=0.0"]
COMMON = [*NO_DROPOUT, "model.units=6", "model.embedding_dim=4", "train.warmup_steps=2", "train.epochs=1"]
TEXTS = [
    *('data.train_split="train[:40]"', 'data.validation_split="validation[:10]"', "model.word_dropout=0.0"),
    *("train.batch_size=16", "train.num_buckets=2"),
]
SGD = ["train.optimizer=sgd", "train.momentum=0.9", "train.learning_rate=0.5", "train.gradient_clip_norm=0.3"]
ADAM = ["train.optimizer=adam", "train.learning_rate=0.01"]
CASES = {
    "sgd": ("sentiment/mini", [*COMMON, *TEXTS, *SGD]),
    "adam": ("sentiment/mini", [*COMMON, *TEXTS, *ADAM, "train.gradient_clip_norm=0.3"]),
    "state": (
        "lm/mini",
        [
            *COMMON,
            *SGD,
            'data.train_split="train[:4]"',
            "train.batch_size=3",
            "train.window_length=200",
            "model.num_layers=1",
            "train.ema_momentum=0.0",
        ],
    ),
}
MORE_CASES = {
    "averaged weights": (
        "sentiment/mini",
        [*COMMON, *TEXTS, "train.optimizer=adamw", "train.weight_decay=0.1", "train.ema_momentum=0.9"],
    ),
    "muon": ("sentiment/mini", [*COMMON, *TEXTS, "train.optimizer=muon"]),
    "tagger": ("pos/mini", [*COMMON, *TEXTS, *SGD, 'data.train_split="train[:200]"', "train.batch_size=64"]),
    "translator": ("translate/mini", [*COMMON, *TEXTS, *SGD]),
    "xla": ("sentiment/mini", [*COMMON, *TEXTS, *SGD, "train.jit_compile=true"]),
}


class WithSmallBatches:
    """The batches of a task, and one of a single row, of which the second of two replicas has nothing."""

    def __init__(self, batches):
        self._batches = batches

    def __len__(self):
        return len(self._batches) + 1

    def epoch(self, epoch=0, start=0):
        batches = list(self._batches.epoch(epoch))
        batches.insert(1, {name: array[:1] for name, array in batches[0].items()})
        yield from batches[start:]


def train(row, overrides, data_dir, workers):
    task = make_task(load_config(row, overrides))
    dataset = open_dataset(task.config.data.dataset, Path(data_dir))
    task.learn_vocabularies(dataset)
    split, _ = task.load_training_splits(dataset)
    keras.utils.set_random_seed(1)
    with workers.strategy.scope():
        model = task.build_model()
    batches = task.make_batches(split, shuffle=True)
    if row != "lm/mini":
        batches = WithSmallBatches(batches)
    metrics = iter([{"accuracy": 0.1}, {"accuracy": 0.2}])
    with tempfile.TemporaryDirectory() as folder:
        jit_compile = task.config.train.jit_compile is True and workers.can_compile
        checkpoints = CheckpointFolder(Path(folder), 1)
        loop = TrainingLoop(task, model, task.config.train, batches, checkpoints, jit_compile, workers)
        task.selection_score = lambda metrics: (metrics["accuracy"],)
        loop.run(lambda model: next(metrics))
    return [epoch["loss"] for epoch in loop.history], model.get_weights()


def train_cases(workers, data_dir, output, cases):
    arrays = {}
    for name, (row, overrides) in cases.items():
        losses, weights = train(row, overrides, data_dir, workers)
        arrays[f"{name}: losses"] = losses
        arrays |= {f"{name}: {place}": weight for place, weight in enumerate(weights)}
    np.savez(output, **arrays)


def main(mode, data_dir, output, cases=""):
    cases = {cases: MORE_CASES[cases]} if cases else CASES
    cluster = read_cluster() if mode == "workers" else None
    if mode != "workers":
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
        train_cases(Workers(), data_dir, f"{output}/alone.npz", cases)
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        train_cases(Workers(strategy), data_dir, f"{output}/replicas.npz", cases)
        return
    with start_workers(cluster, 60.0) as workers:
        train_cases(workers, data_dir, f"{output}/worker{cluster.rank}.npz", cases)


if __name__ == "__main__":
    main(*sys.argv[1:])
