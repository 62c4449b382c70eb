"""Where the time of a training step goes: its products, each at its own size, and all the rest."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from statistics import median
from typing import Any

from benchmarks.rounds import Say
from benchmarks.shapes import Shape, list_large_products
from benchmarks.timing import time_steps
from benchmarks.workers import Worker


def time_breakdown(
    shapes: Sequence[Shape], threads: Sequence[int], repeats: int, seconds: float, say: Say
) -> dict[str, Any]:
    """Times our training step and, alone, the products it cannot do without.

    Each product is timed at its own size by TensorFlow's kernel and by XLA's, and the quicker counts: a
    thin one is far from the rate of a large square one. What is left of the step is activations, masks,
    look-ups, normalisation, softmax, the optimizer, and moving data.

    Args:
        shapes: The models.
        threads: Numbers of threads, of which the largest is used.
        repeats: Rounds.
        seconds: How long a step is timed in a round; each product a tenth of that.
        say: Told what goes on.

    Returns:
        `shapes`, with the milliseconds of each part.
    """
    results = []
    for shape in shapes:
        say(f"breakdown: {shape.name}")
        with ExitStack() as workers:
            fields = {"threads": max(threads), "shape": shape.to_json()}
            steps = [
                workers.enter_context(Worker("training/tensorflow", peer=peer, **fields))
                for peer in ("rnnzoo", "rnnzoo_xla")
            ]
            products = workers.enter_context(Worker("products", **fields))
            rounds = [
                {
                    "step": min(median(step.ask(seconds=seconds)["seconds"]) for step in steps),
                    **products.ask(seconds=seconds / 10),
                }
                for _ in range(repeats)
            ]
        parts = {name: median(one[name] for one in rounds) for name in rounds[0]}
        results.append({"shape": shape.to_json(), "threads": max(threads), "seconds": parts, "rounds": rounds})
    return {"shapes": results}


class ProductsWork:
    """Times the products of a training step."""

    def __init__(self, threads: int, shape: dict[str, Any]):
        from benchmarks.tensorflow_work import set_threads

        set_threads(threads)
        self._shape = Shape(**shape)
        self._large = [list(_make_product(self._shape.num_tokens, *one)) for one in list_large_products(self._shape)]
        self._chains = [list(_make_chain(self._shape, backward)) for backward in (False, True)]
        for run in [run for ways in (*self._large, *self._chains) for run in ways]:
            run()
        self.facts: dict[str, Any] = {}

    def answer(self, seconds: float) -> dict[str, float]:
        """Returns how long the large products take, and those that wait for the step before."""
        return {
            "large_products": sum(_quickest(ways, seconds) for ways in self._large),
            "recurrent_products": self._shape.num_layers * sum(_quickest(ways, seconds) for ways in self._chains),
        }


def _quickest(ways: list[Callable[[], object]], seconds: float) -> float:
    return min(median(time_steps(run, seconds)) for run in ways)


def _make_product(rows: int, kind: str, inner: int, columns: int) -> Iterator[Callable[[], object]]:
    import tensorflow as tf

    def random(*shape: int) -> tf.Tensor:
        return tf.random.stateless_normal(shape, seed=(0, sum(shape)))

    given, options = {
        "forward": ((random(rows, inner), random(inner, columns)), {}),
        "inputs": ((random(rows, columns), random(inner, columns)), {"transpose_b": True}),
        "weights": ((random(rows, inner), random(rows, columns)), {"transpose_a": True}),
    }[kind]
    for xla in (False, True):
        product = tf.function(lambda a, b: tf.matmul(a, b, **options), jit_compile=xla, autograph=False)
        yield lambda product=product: product(*given)


def _make_chain(shape: Shape, backward: bool) -> Iterator[Callable[[], object]]:
    import numpy as np
    import tensorflow as tf

    # Orthogonal, so that the state neither grows nor dies over the chain.
    weights = np.linalg.qr(np.random.default_rng(0).normal(size=(shape.units, shape.units)))[0].astype("float32")
    kernel = tf.constant(weights)
    states = [tf.random.stateless_normal((shape.batch, shape.units), seed=(0, 1))] * shape.num_directions

    def chain():
        def step(number, *states):
            return number + 1, *(tf.matmul(state, kernel, transpose_b=backward) for state in states)

        return tf.while_loop(lambda number, *_: number < shape.time, step, (0, *states), parallel_iterations=1)

    for xla in (False, True):
        yield tf.function(chain, jit_compile=xla, autograph=False)
