"""What is done again and again in one process takes no more memory and no more file handles."""

import gc
import os
import weakref
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import ops

import rnnzoo
from rnnzoo.config import load_config
from rnnzoo.layers.custom_gradients import custom_gradient, gradients_freed_with_graph
from rnnzoo.training.run import load_run, train_run
from rnnzoo.training.run_folder import RunFolder

ROOT = Path(__file__).parents[2]
MOST_MEGABYTES = 10
TEXTS = ["not good, but I liked it", "The soup was good.", "", "x " * 50, "one"]
TINY = [
    'data.train_split="train[:150]"',
    'data.validation_split="validation[:40]"',
    'data.test_split="test[:40]"',
    "model.units=4",
    "model.embedding_dim=4",
    "train.epochs=1",
    "train.num_buckets=1",
    "evaluate.baseline=false",
]

needs_proc = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")


def measure():
    """Returns the megabytes in memory and the number of open files."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, len(os.listdir("/proc/self/fd"))


def assert_no_growth(work, times):
    for number in range(times):
        if number == times // 2:
            megabytes, files = measure()
        work(number)
    after_megabytes, after_files = measure()
    figures = f"{megabytes:.1f} MB → {after_megabytes:.1f} MB, {files} → {after_files} files"
    print(figures)
    assert after_megabytes - megabytes < MOST_MEGABYTES, figures
    assert after_files <= files, figures


def predict_often(times):
    model = rnnzoo.load(ROOT / "saved_models" / "sentiment" / "mini")
    assert_no_growth(lambda number: model.predict([TEXTS[number % 5]] * (1 + number % 7)), times)


@needs_proc
def test_predictions_take_no_more_memory():
    predict_often(1_000)


@needs_proc
@pytest.mark.slow
def test_many_predictions_take_no_more_memory():
    predict_often(10_000)


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("row", ["sentiment/mini", "ner/mini", "translate/mini"])
def test_training_and_loading_takes_no_more_memory(tmp_path, mini_data_dir, row):
    settings = ["decode.max_tokens_limit=8", "evaluate.num_decoded=5"] if row == "translate/mini" else []
    config = load_config(row, [*TINY, *settings])

    def train_and_load(_):
        folder = RunFolder.create(config, tmp_path)
        train_run(config, folder=folder, data_dir=mini_data_dir)
        load_run(folder)

    assert_no_growth(train_and_load, 30 if row == "sentiment/mini" else 12)


@custom_gradient
def square(x):
    return x * x, lambda upstream: upstream * 20.0 * x


def trace_a_step():
    """Trains a step; returns its graph, weakly, the gradient and the names of the gradients that were registered."""
    before = set(ops.gradient_registry.list())
    weight = keras.Variable(3.0)
    optimizer = keras.optimizers.SGD(0.0)
    optimizer.build([weight])

    @tf.function
    def inner(x):
        return square(x)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = square(weight.value) + inner(weight.value)
        gradient = tape.gradient(loss, weight.value)
        with gradients_freed_with_graph():
            optimizer.apply([gradient], [weight])
        return gradient

    gradient = float(step())
    names = set(ops.gradient_registry.list()) - before
    return weakref.ref(step.get_concrete_function().graph), gradient, names


def test_graphs_with_gradients_of_ours_are_freed():
    graph, gradient, names = trace_a_step()
    assert gradient == 2 * 20.0 * 3.0
    assert sum(name.startswith("CustomGradient-") for name in names) >= 3
    gc.collect()
    assert graph() is None
    assert not names & set(ops.gradient_registry.list())


def test_gradients_of_a_graph_that_lives_can_be_taken_later():
    @tf.function
    def forward(x):
        return square(x)

    forward(tf.constant(1.0))
    gc.collect()
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = forward(x)
    np.testing.assert_allclose(tape.gradient(y, x), 40.0)
