"""How well a language model foretells a text that it reads from end to end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.datasets import StreamBatches
from rnnzoo.text import PAD_ID

# Compiling a window takes some seconds, and saves some tenths of a millisecond a step.
_FEWEST_COMPILED_WINDOWS = 40
_CONTEXT = 32


@dataclass(frozen=True)
class Surprise:
    """A token that was least expected.

    Attributes:
        context: The tokens before it, (time,) int32.
        token_id: The token.
        probability: What it was given.
    """

    context: np.ndarray
    token_id: int
    probability: float


class TextScorer:
    """Scores texts in windows, whose state is carried on to the end of each document.

    Args:
        model: A language model.
    """

    def __init__(self, model: keras.Model):
        self.model = model
        self._functions: dict[bool, Any] = {}

    def score(self, batches: StreamBatches, num_surprises: int = 0) -> tuple[float, list[Surprise]]:
        """Adds up the negative log probabilities of all targets.

        Args:
            batches: Windows, not shuffled.
            num_surprises: How many of the least expected tokens to return, one a window at most.

        Returns:
            Nats, and the least expected tokens, the most surprising first.
        """
        run = self._function(len(batches))
        state, total, surprises = None, 0.0, []
        for batch in batches.epoch():
            if state is None:
                state = zero_state(self.model, len(batch["token_ids"]))
            losses, state = run({name: tf.constant(array) for name, array in batch.items()}, state)
            losses = losses.numpy()
            total += float(losses.sum(dtype=np.float64))
            if num_surprises:
                surprises.append(_find_surprise(batch, losses))
        surprises.sort(key=lambda surprise: surprise.probability)
        return total, surprises[:num_surprises]

    def _function(self, num_windows: int):
        stack = self.model.get_layer("recurrent_stack")
        jit_compile = num_windows >= _FEWEST_COMPILED_WINDOWS and stack.cell == "simple_rnn"
        if jit_compile not in self._functions:
            self._functions[jit_compile] = tf.function(
                lambda batch, state: score_window(self.model, batch, state),
                jit_compile=jit_compile,
                reduce_retracing=not jit_compile,
            )
        return self._functions[jit_compile]


def zero_state(model: keras.Model, num_rows: int | tf.Tensor) -> tf.Tensor:
    """Returns the state before the first token of each row, (rows, layers, state size) float32."""
    return tf.zeros([num_rows, *model.input["initial_state"].shape[1:]])


def run_window(
    model: keras.Model, batch: Mapping[str, tf.Tensor], state: tf.Tensor, training: bool
) -> dict[str, tf.Tensor]:
    """Runs a language model on a batch.

    Args:
        model: The model.
        batch: Its `token_ids`, its `condition` where it has one, and `keep_state`, (rows,) float, where rows go on
            from batch to batch: 0 for those that begin anew.
        state: That after the batch before, (rows, layers, state size) float.
        training: Whether dropout is on.

    Returns:
        What the model returns: `logits` and `state`.
    """
    if "keep_state" in batch:
        state = state * batch["keep_state"][:, None, None]
    inputs = {name: batch[name] for name in ("token_ids", "condition") if name in batch}
    return model({**inputs, "initial_state": state}, training=training)


def score_window(model: keras.Model, batch: Mapping[str, tf.Tensor], state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the loss of each target, (rows, window) float32 and 0 where there is none, and the state after it."""
    answer = run_window(model, batch, state, training=False)
    targets = batch["target_ids"]
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, tf.cast(answer["logits"], tf.float32))
    return tf.where(targets != PAD_ID, losses, 0.0), answer["state"]


def _find_surprise(batch: dict[str, np.ndarray], losses: np.ndarray) -> Surprise:
    row, place = np.unravel_index(losses.argmax(), losses.shape)
    context = batch["token_ids"][row, max(0, place + 1 - _CONTEXT) : place + 1]
    return Surprise(context, int(batch["target_ids"][row, place]), float(np.exp(-losses[row, place])))
