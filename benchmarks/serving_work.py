"""What the workers of the section serving do."""

import importlib
import time
from collections.abc import Callable
from typing import Any, Protocol

from benchmarks.serving_exports import Question
from benchmarks.timing import time_steps


class Answerer(Protocol):
    """One way to ask the model of an export."""

    def answer(self, question: Question, batch: int) -> Callable[[], list]:
        """Returns a function that answers a batch, from Python's values to Python's values."""


def make_answerer(peer: str, export: str, threads: int) -> Answerer:
    """Makes the answerer of a peer; sets numbers of threads, which TensorFlow reads when it is loaded."""
    from benchmarks.serving_sessions import ExportedAnswerer, start_threads

    start_threads(threads)
    if peer == "torch":
        from benchmarks.serving_torch import TorchAnswerer

        importlib.import_module("benchmarks.torch_work").set_threads(threads)
        return TorchAnswerer(export)
    if peer == "keras_pipeline":
        from benchmarks.serving_keras import KerasAnswerer

        return KerasAnswerer(export)
    return ExportedAnswerer(export, by_c_api=peer == "rnnzoo_c_api")


class ServingWork:
    """Answers questions; the first one, in a process that has just started, is timed too.

    Args:
        peer: Name of the peer.
        threads: Number of threads.
        question: What is asked first: the fields of a `Question`.
        warm: Whether the warm-up requests are run before, as a server runs them.
    """

    def __init__(self, peer: str, threads: int, question: dict[str, Any], warm: bool = False):
        first = Question(**question)
        self._answerer = make_answerer(peer, first.export, threads)
        self.facts: dict[str, Any] = {}
        if hasattr(self._answerer, "seconds"):
            self.facts |= self._answerer.seconds
        if warm:
            self.facts["warm_up"] = self._answerer.warm_up(first.export)
        ask = self._answerer.answer(first, 1)
        before = time.perf_counter()
        ask()
        self.facts["first"] = time.perf_counter() - before

    def answer(self, question: dict[str, Any], batch: int, seconds: float) -> dict[str, Any]:
        """Times answers to a batch for a while, and says what they were."""
        ask = self._answerer.answer(Question(**question), batch)
        answers = ask()
        return {"seconds": time_steps(ask, seconds), "answers": answers}
