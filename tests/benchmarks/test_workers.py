"""Worker processes build, answer and fail as they should."""

import importlib.util

import pytest

from benchmarks.shapes import Shape
from benchmarks.workers import Worker, WorkerError

TINY = Shape("tiny", batch=2, time=3, embedding=4, units=5, num_classes=6)
TINY_STACK = Shape("tiny stack", 2, 3, 4, 5, 6, num_layers=2, bidirectional=True, float_features=True)
TINY_RESIDUAL = Shape("tiny residual", 2, 3, 4, 5, 6, num_layers=2, stack="residual")

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")

# Each starts processes.
pytestmark = pytest.mark.slow


def test_training_worker_answers_whenever_it_is_asked():
    with Worker("training/tensorflow", 1, peer="rnnzoo_xla", shape=TINY.to_json()) as worker:
        assert worker.facts["parameters"] == 6 * 4 + (4 * 5 + 5 * 5 + 5) + (5 * 6 + 6)
        assert worker.facts["first_step_seconds"] > 0
        for _ in range(2):
            seconds = worker.ask(seconds=0.0)["seconds"]
            assert len(seconds) >= 2
            assert all(value > 0 for value in seconds)


@needs_torch
def test_torch_worker_answers():
    with Worker("training/torch", 1, peer="torch", shape=TINY_STACK.to_json()) as worker:
        assert len(worker.ask(seconds=0.0)["seconds"]) >= 2


def test_exported_model_answers_in_a_session():
    with Worker("inference/tensorflow", 1, peer="rnnzoo_session", shape=TINY.to_json(), time=7) as worker:
        assert worker.ask(batch=1, seconds=0.0)["seconds"]
        assert worker.ask(batch=3, seconds=0.0)["seconds"]


def test_worker_measures_limits():
    with Worker("limits", 1, shape=TINY_STACK.to_json()) as worker:
        rates = worker.ask(seconds=0.0)
        assert set(rates) == {"large", "step"}
        assert all(rate > 0 for kind in rates.values() for rate in kind.values())


def test_failure_of_a_worker_is_told():
    with pytest.raises(WorkerError, match="KeyError"):
        Worker("no such work", 1)


@pytest.mark.parametrize("shape", [TINY, TINY_STACK, TINY_RESIDUAL], ids=lambda shape: shape.name)
def test_peers_compute_the_same(shape):
    import numpy as np

    from benchmarks.batches import make_batch
    from benchmarks.tensorflow_models import build_model

    def by_role(model):
        return sorted(model.weights, key=lambda weight: (weight.name, tuple(weight.shape)))

    stock, ours = build_model(shape, "keras"), build_model(shape, "rnnzoo")
    # The stack creates its layers in another order; biases and scales, which that mixes up, are all alike at first.
    for weight, other in zip(by_role(ours), by_role(stock), strict=True):
        weight.assign(other)
    inputs, _ = make_batch(shape)
    np.testing.assert_allclose(ours(inputs), stock(inputs), rtol=1e-4, atol=1e-5)
