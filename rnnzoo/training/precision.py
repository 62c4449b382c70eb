"""The type that a model computes in while it is trained, and that its tables are stored in; all else is float32."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np

from rnnzoo.layers import EmbeddingBag
from rnnzoo.tasks.task import Task


@contextmanager
def compute_dtype(name: str) -> Iterator[None]:
    """Lets the layers that are made inside compute in a type.

    Args:
        name: `float32`, or `bfloat16`, where the weights stay float32 (Micikevicius et al. 2018, Mixed
            Precision Training; with bfloat16 the loss needs no scaling).
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32" if name == "float32" else f"mixed_{name}")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def to_float32(task: Task, model: keras.Model) -> keras.Model:
    """Returns a model with the same weights that computes in float32."""
    if model.dtype_policy.compute_dtype == "float32":
        return model
    with compute_dtype("float32"):
        exact = task.build_model()
    exact.set_weights(model.get_weights())
    return exact


def find_tables(model: keras.Model) -> list[keras.layers.Embedding]:
    """Returns the layers of a model that look rows up in a table and do nothing else with it."""
    layers = [layer.embedding if isinstance(layer, EmbeddingBag) else layer for layer in model.layers]
    # No subclasses: `ReversibleEmbedding` multiplies with its table too.
    return [layer for layer in layers if type(layer) is keras.layers.Embedding]


def round_tables(model: keras.Model) -> None:
    """Rounds the tables of a model to numbers that float16 holds too, so that an export can store them so."""
    for layer in find_tables(model):
        layer.set_weights([table.astype(np.float16).astype(np.float32) for table in layer.get_weights()])
