"""Random weights of a character model, the same for all who generate with it."""

import string
from dataclasses import dataclass

import numpy as np

from benchmarks.shapes import Shape
from rnnzoo.text.special_tokens import SPECIAL_TOKENS

# Those of Tiny Shakespeare.
_CHARACTERS = "\n !$&',-.3:;?" + string.ascii_letters
# A trained model has learned that they hardly ever follow.
_BIAS_OF_SPECIAL_TOKENS = -20.0
NORM_EPSILON = 1e-3


@dataclass(frozen=True)
class Layer:
    """The weights of a pre-norm residual layer, x + tanh(norm(x) kernel + state recurrent_kernel + bias).

    Attributes:
        scale: Of the norm, (units,).
        shift: Of the norm, (units,).
        kernel: (units, units).
        recurrent_kernel: (units, units).
        bias: (units,).
    """

    scale: np.ndarray
    shift: np.ndarray
    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Weights:
    """The weights of the model, float32.

    Attributes:
        embedding: (vocabulary, units).
        layers: One for each.
        scale: Of the last norm, (units,).
        shift: Of the last norm, (units,).
        kernel: (units, vocabulary).
        bias: (vocabulary,).
    """

    embedding: np.ndarray
    layers: tuple[Layer, ...]
    scale: np.ndarray
    shift: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray


def make_weights(shape: Shape) -> Weights:
    """Draws the weights of a residual stack that needs no projection: the embedding is as wide as the layers."""
    units, vocabulary = shape.units, shape.num_classes
    if shape.embedding != units or shape.stack != "residual":
        raise ValueError("the weights are those of a residual stack as wide as its embedding")
    random = np.random.default_rng(0)

    def draw(*size: int, around: float = 0.0, spread: float = 0.1) -> np.ndarray:
        return random.normal(around, spread, size).astype("float32")

    layers = tuple(
        Layer(
            scale=draw(units, around=1.0),
            shift=draw(units),
            kernel=draw(units, units, spread=units**-0.5),
            recurrent_kernel=np.linalg.qr(random.normal(size=(units, units)))[0].astype("float32"),
            bias=draw(units),
        )
        for _ in range(shape.num_layers)
    )
    bias = draw(vocabulary)
    bias[: len(SPECIAL_TOKENS)] = _BIAS_OF_SPECIAL_TOKENS
    return Weights(
        embedding=draw(vocabulary, units, spread=1.0),
        layers=layers,
        scale=draw(units, around=1.0),
        shift=draw(units),
        kernel=draw(units, vocabulary, spread=2.0 * units**-0.5),
        bias=bias,
    )


def list_tokens(shape: Shape) -> list[str]:
    """Returns the vocabulary: special tokens, then characters."""
    tokens = [*SPECIAL_TOKENS, *_CHARACTERS]
    if shape.num_classes > len(tokens):
        raise ValueError(f"there are only {len(tokens)} tokens")
    return tokens[: shape.num_classes]
