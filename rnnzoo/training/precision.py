"""The type that a model computes in while it is trained, and that its tables are stored in; all else is float32."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np

from rnnzoo.config.schema import ExportSection
from rnnzoo.layers import EmbeddingBag
from rnnzoo.tasks.task import Task


@keras.saving.register_keras_serializable("rnnzoo")
class _Float16Storage(keras.DTypePolicy):
    """Weights are float16, and cast to float32 where they are computed with."""

    def _parse_name(self, name):
        return "float32", "float16"


@contextmanager
def compute_dtype(name: str) -> Iterator[None]:
    """Lets the layers that are made inside compute in a type.

    Args:
        name: `float32`, or `bfloat16`, where the weights stay float32 (Micikevicius et al. 2018, Mixed
            Precision Training; with bfloat16 the loss needs no scaling).
    """
    with _dtype_policy("float32" if name == "float32" else f"mixed_{name}"):
        yield


def build_with_float16_weights(task: Task) -> keras.Model:
    """Builds the model of a task with float16 weights that computes in float32."""
    with _dtype_policy(_Float16Storage("float16_storage")):
        return task.build_model()


@contextmanager
def _dtype_policy(policy: str | keras.DTypePolicy) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
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


def round_for_export(model: keras.Model, export: ExportSection) -> None:
    """Rounds what a config says is to be stored as float16 to numbers that float16 holds too.

    Args:
        model: A trained model, not yet scored.
        export: The `[export]` section of its config.
    """
    for layer in [model] if export.float16_weights else find_tables(model) if export.float16_tables else []:
        layer.set_weights([weight.astype(np.float16).astype(np.float32) for weight in layer.get_weights()])


def count_bytes(model: keras.Model, export: ExportSection) -> int:
    """Returns what the weights of a model take in an export, about."""
    if export.float16_weights:
        return 2 * model.count_params()
    in_tables = sum(layer.count_params() for layer in find_tables(model)) if export.float16_tables else 0
    return 4 * model.count_params() - 2 * in_tables
