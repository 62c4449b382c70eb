"""What the workers of the generation of text do."""

import importlib
from typing import Any, Protocol

import numpy as np

from benchmarks.peers import PEERS
from benchmarks.shapes import Shape
from benchmarks.timing import time_steps

_WRITERS = {
    "rnnzoo_session": "benchmarks.generation_tensorflow:ExportedWriter",
    "keras_predict": "benchmarks.generation_tensorflow:PredictWriter",
    "torch": "benchmarks.generation_torch:TorchWriter",
}
# A call of `predict` takes as long as hundreds of characters of the others; no character is dearer than another.
_MOST_TIMED = {"keras_predict": 20}
_WARM_UP_CHARACTERS = 3


class Writer(Protocol):
    """One way to generate text; made from the shape of the model and a number of threads."""

    def write(self, batch: int, num_characters: int, temperature: float) -> list[str]:
        """Generates texts from nothing."""

    def probabilities(self, prompt: str) -> np.ndarray:
        """Returns what may follow the beginning and each character of a prompt, (characters + 1, vocabulary)."""


def make_writer(peer: str, shape: Shape, threads: int) -> Writer:
    """Makes the writer of a peer."""
    module, _, name = _WRITERS[peer].partition(":")
    return getattr(importlib.import_module(module), name)(shape, threads)


class GenerationWork:
    """Generates texts."""

    def __init__(self, peer: str, threads: int, shape: dict[str, Any]):
        framework = "torch" if PEERS[peer].layers == "torch" else "tensorflow"
        importlib.import_module(f"benchmarks.{framework}_work").set_threads(threads)
        self._num_characters = Shape(**shape).time
        self._num_timed = min(self._num_characters, _MOST_TIMED.get(peer, self._num_characters))
        self._writer = make_writer(peer, Shape(**shape), threads)
        self.facts: dict[str, Any] = {"timed_characters": self._num_timed}

    def answer(self, batch: int, temperature: float, seconds: float) -> dict[str, Any]:
        """Times texts for a while; where only their first characters are timed, scaled to whole ones."""
        self._writer.write(batch, _WARM_UP_CHARACTERS, temperature)
        durations = time_steps(lambda: self._writer.write(batch, self._num_timed, temperature), seconds)
        return {"seconds": [duration * self._num_characters / self._num_timed for duration in durations]}
