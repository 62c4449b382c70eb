"""What the machine could do: the rate of a large product, and of the product of one recurrent step."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.shapes import Shape, count_products
from benchmarks.timing import time_steps

_LARGE = 2048
_CHAIN = 64


@dataclass(frozen=True)
class Limits:
    """Rates of float32 products, in floating-point operations a second.

    Attributes:
        large: Of a 2048 × 2048 by 2048 × 2048 product.
        step: Of a chain of products (batch, units) by (units, units), each waiting for the one before;
            for a bidirectional model of two chains side by side.
    """

    large: float
    step: float


def limit_seconds(shape: Shape, limits: Limits) -> float:
    """Returns how long a training step takes that does its products at these rates and nothing else.

    Example:

    >>> shape = Shape("tiny", batch=2, time=3, embedding=4, units=5, num_classes=6)
    >>> limit_seconds(shape, Limits(large=1000.0, step=100.0))
    8.1
    """
    products = count_products(shape)
    return products.large / limits.large + products.recurrent / limits.step


class LimitsWork:
    """Measures the two rates for a shape, each as the best of three ways to run a product."""

    def __init__(self, threads: int, shape: dict[str, Any]):
        from benchmarks.tensorflow_work import set_threads

        set_threads(threads)
        self._shape = Shape(**shape)
        self._large = dict(_make_large_products())
        self._step = dict(_make_step_products(self._shape))
        for run in (*self._large.values(), *self._step.values()):
            run()
        self.facts: dict[str, Any] = {}

    def answer(self, seconds: float) -> dict[str, Any]:
        """Returns the rates of this moment, `large` and `step`: name of the way to rate."""
        shape = self._shape
        large_operations = 2 * _LARGE**3
        step_operations = 2 * shape.batch * shape.units**2 * shape.num_directions * _CHAIN
        return {
            "large": {name: large_operations / _median(run, seconds) for name, run in self._large.items()},
            "step": {name: step_operations / _median(run, seconds) for name, run in self._step.items()},
        }


def _median(run: Callable[[], object], seconds: float) -> float:
    return median(time_steps(run, seconds))


def _make_large_products() -> Iterator[tuple[str, Callable[[], object]]]:
    import numpy as np
    import tensorflow as tf

    matrix = np.random.default_rng(0).normal(size=(_LARGE, _LARGE)).astype("float32")
    tensor = tf.constant(matrix)
    out = np.empty_like(matrix)
    yield "tensorflow", lambda: tf.matmul(tensor, tensor)
    yield "numpy", lambda: np.matmul(matrix, matrix, out=out)


def _make_step_products(shape: Shape) -> Iterator[tuple[str, Callable[[], object]]]:
    import numpy as np
    import tensorflow as tf

    random = np.random.default_rng(0)
    # Orthogonal, so that the state neither grows nor dies over the chain.
    weights = np.linalg.qr(random.normal(size=(shape.units, shape.units)))[0].astype("float32")
    state = random.normal(size=(shape.batch, shape.units)).astype("float32")
    fixed, start = tf.constant(weights), tf.constant(state)

    def chains(first):
        states = [first + place for place in range(shape.num_directions)]
        for _ in range(_CHAIN):
            states = [tf.matmul(state, fixed) for state in states]
        return states

    plain, compiled = tf.function(chains), tf.function(chains, jit_compile=True)

    def run_numpy():
        for _ in range(shape.num_directions):
            h, out = state, np.empty_like(state)
            for _ in range(_CHAIN):
                h, out = np.matmul(h, weights, out=out), np.empty_like(state) if h is state else h

    yield "tensorflow", lambda: plain(start)
    yield "xla", lambda: compiled(start)
    yield "numpy", run_numpy
