"""The loop on a small classifier of the miniature language."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.config import load_config
from rnnzoo.datasets import Batches, Column, open_dataset
from rnnzoo.tasks.registry import make_task
from rnnzoo.training.checkpoints import CheckpointFolder
from rnnzoo.training.loop import TrainingLoop

SMALL = [
    'data.train_split="train[:200]"',
    'data.validation_split="validation[:60]"',
    "model.units=6",
    "model.embedding_dim=5",
    "model.word_dropout=0.1",
    "train.batch_size=32",
    "train.num_buckets=2",
    "train.warmup_steps=4",
    "train.learning_rate=0.01",
    "train.early_stopping_patience=0",
]


class StopError(Exception):
    pass


class StopAt(keras.callbacks.Callback):
    def __init__(self, epoch, batch):
        super().__init__()
        self.at = (epoch, batch)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise StopError


@pytest.fixture(scope="module")
def data(mini_data_dir, tmp_path_factory):
    task = make_task(load_config("sentiment/mini", SMALL))
    dataset = open_dataset("rnnzoo_mini/sentences", mini_data_dir)
    task.learn_vocabularies(dataset)
    vocabularies = tmp_path_factory.mktemp("vocabularies")
    task.save_vocabularies(vocabularies)
    return vocabularies, *task.load_training_splits(dataset)


def make_loop(data, folder, *overrides, seed=1, batches=None, jit_compile=False):
    """Makes a loop over a new model."""
    vocabularies, train, _ = data
    task = make_task(load_config("sentiment/mini", [*SMALL, *overrides]))
    task.load_vocabularies(vocabularies)
    keras.utils.set_random_seed(seed)
    model = task.build_model()
    batches = batches or task.make_batches(train, shuffle=True)
    checkpoints = CheckpointFolder(folder, keep=2)
    return task, model, TrainingLoop(task, model, task.config.train, batches, checkpoints, jit_compile)


def run(data, folder, *overrides, resume=False, callbacks=(), **arguments):
    """Trains a new model; returns the loop and the model."""
    task, model, loop = make_loop(data, folder, *overrides, **arguments)
    loop.set_callbacks(*callbacks)
    loop.run(lambda model: task.evaluate(model, data[2]).metrics, resume=resume)
    return loop, model


def assert_same_weights(model, other):
    for mine, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def without_times(history):
    return [{name: value for name, value in epoch.items() if name != "seconds"} for epoch in history]


@pytest.mark.parametrize(
    "optimizer", ["adamw", *(pytest.param(name, marks=pytest.mark.slow) for name in ("muon", "sgd"))]
)
def test_a_run_that_was_stopped_and_resumed_equals_one_that_was_not(data, tmp_path, optimizer):
    overrides = [
        "train.epochs=4",
        f"train.optimizer={optimizer}",
        f"train.momentum={0.9 if optimizer == 'sgd' else 0.0}",
        "train.ema_momentum=0.9",
        "train.weight_decay=0.01",
        "model.dropout=0.3",
        "model.recurrent_dropout=0.1",
    ]
    whole, model = run(data, tmp_path / "whole", *overrides)
    with pytest.raises(StopError):
        run(data, tmp_path / "parts", *overrides, callbacks=[StopAt(epoch=2, batch=3)])
    resumed, resumed_model = run(data, tmp_path / "parts", *overrides, resume=True)
    assert resumed.num_epochs_before == 2
    assert_same_weights(model, resumed_model)
    assert without_times(whole.history) == without_times(resumed.history)


def test_xla_gives_the_same_numbers(data, tmp_path):
    # With dropout: its masks are the same with and without XLA.
    overrides = ["train.epochs=2", "model.dropout=0.3"]
    plain, _ = run(data, tmp_path / "plain", *overrides)
    compiled, _ = run(data, tmp_path / "xla", *overrides, jit_compile=True)
    for one, other in zip(plain.history, compiled.history, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-3)


def test_early_stopping_keeps_the_best_weights(data, tmp_path):
    accuracies = iter([0.5, 0.7, 0.6, 0.7, 0.9])
    weights = []
    _, model, loop = make_loop(data, tmp_path, "train.epochs=5", "train.early_stopping_patience=2")

    def evaluate(model):
        weights.append(model.get_weights())
        return {"accuracy": next(accuracies), "loss": 1.0}

    loop.run(evaluate)
    # The fourth epoch is no better than the second: two epochs without a better one.
    assert (len(loop.history), loop.best_epoch) == (4, 2)
    for mine, best in zip(model.get_weights(), weights[1], strict=True):
        np.testing.assert_array_equal(mine, best)


def test_the_moving_average_is_what_is_evaluated_and_kept(data, tmp_path):
    evaluated = []
    _, model, loop = make_loop(data, tmp_path, "train.epochs=1", "train.ema_momentum=0.5")
    averages = [tf.Variable(variable) for variable in model.trainable_variables]

    class Average(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            for average, variable in zip(averages, model.trainable_variables, strict=True):
                momentum = 0.0 if batch == 0 else 0.5
                average.assign(momentum * average + (1.0 - momentum) * variable.value)

    def evaluate(model):
        evaluated.append([variable.numpy() for variable in model.trainable_variables])
        return {"accuracy": 0.5, "loss": 1.0}

    loop.set_callbacks(Average())
    loop.run(evaluate)
    for average, seen, kept in zip(averages, evaluated[0], model.trainable_variables, strict=True):
        np.testing.assert_allclose(seen, average.numpy(), rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(seen, kept.numpy())


def test_filler_rows_and_padding_do_not_move_the_weights(data, tmp_path):
    """Three examples in a batch of three, and in a wider one with five empty rows, are the same step."""
    columns = {
        "token_ids": Column(np.array([4, 5, 6, 7, 8, 9], np.int32), np.array([0, 3, 5, 6])),
        "label": Column(np.array([0, 1, 1], np.int32)),
    }
    overrides = ["train.epochs=1", "train.optimizer=sgd", "model.dropout=0.0", "model.word_dropout=0.0"]
    models = []
    for width, rows in ((3, 3), (9, 8)):
        batches = Batches(columns, "token_ids", [width], rows, seed=1)
        _, model, loop = make_loop(data, tmp_path / str(width), *overrides, batches=batches)
        loop.run(lambda model: {"accuracy": 0.0, "loss": 0.0})
        models.append((loop.history[0]["loss"], model.get_weights()))
    assert models[0][0] == pytest.approx(models[1][0], rel=1e-6)
    for narrow, wide in zip(models[0][1], models[1][1], strict=True):
        np.testing.assert_allclose(narrow, wide, atol=1e-6)
