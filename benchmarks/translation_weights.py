"""Random weights of a translator, the same for all who run it."""

from dataclasses import dataclass

import numpy as np

from benchmarks.translation_shape import TranslatorShape
from rnnzoo.text.special_tokens import SPECIAL_TOKENS

# So that nobody ends before the most tokens are written: all take the same number of steps.
_BIAS_OF_SPECIAL_TOKENS = -30.0
_SPREAD_OF_EMBEDDING = 0.3


@dataclass(frozen=True)
class Direction:
    """The weights of a recurrent layer in one direction, tanh(x kernel + state recurrent_kernel + bias).

    Attributes:
        kernel: (width, units).
        recurrent_kernel: (units, units).
        bias: (units,).
    """

    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Norm:
    """The weights of a layer normalisation.

    Attributes:
        scale: (width,).
        shift: (width,).
    """

    scale: np.ndarray
    shift: np.ndarray


@dataclass(frozen=True)
class Stack:
    """The weights of pre-norm residual layers.

    Attributes:
        norms: One before each layer and one after the last.
        layers: The directions of each layer, forward first.
    """

    norms: tuple[Norm, ...]
    layers: tuple[tuple[Direction, ...], ...]


@dataclass(frozen=True)
class TranslatorWeights:
    """The weights of the model: float32 that float16 holds too.

    Attributes:
        embedding: (vocabulary, embedding).
        output_bias: (vocabulary,).
        encoder: Reads.
        decoder: Writes.
        state_kernel: From the mean of what was read to the states of the decoder's layers, (units, layers × units).
        state_bias: (layers × units,).
        memory_kernel: Of the attention, h · W m over the root of the width, (units, units).
        vector_kernel: Of tanh(W [h; context] + b), (2 × units, embedding).
        vector_bias: (embedding,).
    """

    embedding: np.ndarray
    output_bias: np.ndarray
    encoder: Stack
    decoder: Stack
    state_kernel: np.ndarray
    state_bias: np.ndarray
    memory_kernel: np.ndarray
    vector_kernel: np.ndarray
    vector_bias: np.ndarray


def make_weights(shape: TranslatorShape) -> TranslatorWeights:
    """Draws the weights of stacks that need no projection: the embedding is as wide as they are."""
    units = shape.units
    if shape.embedding != units or units % 2:
        raise ValueError("the weights are those of stacks of even width that are as wide as the embedding")
    random = np.random.default_rng(0)

    def draw(*size: int, around: float = 0.0, spread: float = 0.1) -> np.ndarray:
        # What an export with float16 weights holds.
        return random.normal(around, spread, size).astype("float16").astype("float32")

    def draw_kernel(*size: int) -> np.ndarray:
        return draw(*size, spread=size[0] ** -0.5)

    def draw_direction(width: int) -> Direction:
        recurrent_kernel = np.linalg.qr(random.normal(size=(width, width)))[0]
        return Direction(draw_kernel(units, width), recurrent_kernel.astype("float16").astype("float32"), draw(width))

    def draw_stack(num_layers: int, num_directions: int) -> Stack:
        return Stack(
            tuple(Norm(draw(units, around=1.0), draw(units)) for _ in range(num_layers + 1)),
            tuple(
                tuple(draw_direction(units // num_directions) for _ in range(num_directions)) for _ in range(num_layers)
            ),
        )

    output_bias = draw(shape.vocabulary)
    output_bias[: len(SPECIAL_TOKENS)] = _BIAS_OF_SPECIAL_TOKENS
    return TranslatorWeights(
        embedding=draw(shape.vocabulary, shape.embedding, spread=_SPREAD_OF_EMBEDDING),
        output_bias=output_bias,
        encoder=draw_stack(shape.encoder_layers, 2),
        decoder=draw_stack(shape.decoder_layers, 1),
        state_kernel=draw_kernel(units, shape.decoder_layers * units),
        state_bias=draw(shape.decoder_layers * units),
        memory_kernel=draw_kernel(units, units),
        vector_kernel=draw_kernel(2 * units, shape.embedding),
        vector_bias=draw(shape.embedding),
    )
