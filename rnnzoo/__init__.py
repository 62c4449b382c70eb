"""rnnzoo: recurrent text models for Keras 3 and TensorFlow, trained by one command, served on raw strings.

Submodules are imported when they are first used, so `import rnnzoo` is quick.

    rnnzoo.load("sentiment/mini").predict(["not good, but I liked it"])
    rnnzoo.builders.build_text_classifier(num_classes=2, vocabulary_size=10_000)
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_SUBMODULES = (
    "builders",
    "config",
    "datasets",
    "evaluation",
    "export",
    "layers",
    "serving",
    "tasks",
    "text",
    "training",
)

__all__ = ["__version__", "load", *_SUBMODULES]


def __getattr__(name: str) -> Any:
    if name == "load":
        return importlib.import_module("rnnzoo.serving").load
    if name in _SUBMODULES:
        return importlib.import_module(f"rnnzoo.{name}")
    raise AttributeError(f"module 'rnnzoo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
