"""Weights that an export stores as float16, half as large."""

import keras
import numpy as np

from rnnzoo.config.errors import UserError
from rnnzoo.layers import EmbeddingBag
from rnnzoo.tasks.task import Task
from rnnzoo.training.precision import build_with_float16_weights, find_tables


class _Float16Embedding(keras.layers.Embedding):
    """An embedding that computes in float32, as its policy says: Keras casts what it has looked up, not the table."""

    def add_weight(self, *args, **options):
        return super().add_weight(*args, **options | {"dtype": "float16"})


def store_tables_as_float16(model: keras.Model) -> keras.Model:
    """Returns a model with the same answers whose tables are float16; it shares all other layers with the given one.

    Args:
        model: A functional model after `rnnzoo.training.precision.round_for_export`.

    Raises:
        UserError: A table has numbers that float16 does not hold.
    """
    for layer in find_tables(model):
        _check_rounded(layer.embeddings, "float16_tables")
    return keras.models.clone_model(model, clone_function=_store_table)


def store_weights_as_float16(task: Task, model: keras.Model) -> keras.Model:
    """Returns a model with the same answers and float16 weights, but for layers that say themselves what theirs are.

    Args:
        task: The model's task.
        model: A model after `rnnzoo.training.precision.round_for_export`.

    Raises:
        UserError: A weight is a number that float16 does not hold.
    """
    stored = build_with_float16_weights(task)
    for weight in model.weights:
        _check_rounded(weight, "float16_weights")
    stored.set_weights(model.get_weights())
    return stored


def _check_rounded(weight: keras.Variable, key: str) -> None:
    value = np.asarray(weight)
    if not np.array_equal(value, value.astype(np.float16)):
        raise UserError(
            f"`{weight.path}` was not rounded before the model was scored",
            key=f"export.{key}",
            hint="train the model with this key, so that the scores are those of the export",
        )


def _store_table(layer):
    if isinstance(layer, EmbeddingBag):
        stored = EmbeddingBag.from_config(layer.get_config())
        stored.embedding = _Float16Embedding.from_config(layer.embedding.get_config())
    elif type(layer) is keras.layers.Embedding:
        stored = _Float16Embedding.from_config(layer.get_config())
    else:
        return layer
    stored.build(None)
    stored.set_weights([table.astype(np.float16) for table in layer.get_weights()])
    return stored
