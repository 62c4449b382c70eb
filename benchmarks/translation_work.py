"""What the workers of the translator do."""

import importlib
from collections.abc import Sequence
from typing import Any, Protocol

from benchmarks.first_steps import measure_first_steps
from benchmarks.peers import PEERS
from benchmarks.timing import time_steps
from benchmarks.translation_shape import TranslatorShape, make_texts

BEAM_WIDTHS = (1, 5)


class Trainer(Protocol):
    """One way to train the translator.

    Attributes:
        num_parameters: Number of weights.
    """

    num_parameters: int

    def run_step(self, width: int) -> float:
        """Trains on the batch of a width; returns its mean loss."""


class Translator(Protocol):
    """One way to translate."""

    def translate(self, texts: Sequence[str], beam_width: int) -> list[str]:
        """Translates texts."""


def make_trainer(peer: str, shape: TranslatorShape) -> Trainer:
    """Makes the trainer of a peer."""
    who = PEERS[peer]
    if who.layers == "torch":
        from benchmarks.translation_torch import TorchTrainer

        return TorchTrainer(shape, packs=who.packs)
    if who.layers == "keras":
        from benchmarks.translation_keras import KerasTrainer

        return KerasTrainer(shape, who.xla)
    from benchmarks.translation_rnnzoo import OurTrainer

    return OurTrainer(shape, who.xla)


def make_translator(peer: str, shape: TranslatorShape, threads: int) -> Translator:
    """Makes the translator of a peer."""
    if PEERS[peer].layers == "torch":
        from benchmarks.translation_torch_search import TorchSearch

        return TorchSearch(shape)
    from benchmarks.translation_rnnzoo import ExportedTranslator

    return ExportedTranslator(shape, BEAM_WIDTHS, threads)


class TranslatorTrainingWork:
    """Training steps."""

    def __init__(self, peer: str, threads: int, shape: dict[str, Any]):
        _set_threads(peer, threads)
        shape = TranslatorShape(**shape)
        self._trainer = make_trainer(peer, shape)
        first_steps = {
            str(width): measure_first_steps(lambda width=width: self._trainer.run_step(width))
            for width, _ in shape.widths
        }
        self.facts: dict[str, Any] = {"parameters": self._trainer.num_parameters, "first_steps": first_steps}

    def answer(self, width: int, seconds: float) -> dict[str, Any]:
        """Times steps on the batch of a width for a while."""
        return {"seconds": time_steps(lambda: self._trainer.run_step(width), seconds)}


class TranslationWork:
    """Translates, from strings to strings."""

    facts: dict[str, Any]

    def __init__(self, peer: str, threads: int, shape: dict[str, Any]):
        _set_threads(peer, threads)
        self._shape = TranslatorShape(**shape)
        self._translator = make_translator(peer, self._shape, threads)
        self.facts = {}

    def answer(self, batch: int, beam_width: int, seconds: float) -> dict[str, Any]:
        """Times translations of a batch for a while, and says what was written."""
        texts = make_texts(self._shape, batch)
        outputs = self._translator.translate(texts, beam_width)
        times = time_steps(lambda: self._translator.translate(texts, beam_width), seconds)
        return {"seconds": times, "outputs": outputs}


def _set_threads(peer: str, threads: int) -> None:
    framework = "torch" if PEERS[peer].layers == "torch" else "tensorflow"
    importlib.import_module(f"benchmarks.{framework}_work").set_threads(threads)
