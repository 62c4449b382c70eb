"""Embedding tables that an export stores as float16, half as large."""

import keras
import numpy as np

from rnnzoo.config.errors import UserError
from rnnzoo.layers import EmbeddingBag
from rnnzoo.training.precision import find_tables


class _Float16Embedding(keras.layers.Embedding):
    """An embedding that computes in float32, as its policy says: Keras casts what it has looked up, not the table."""

    def add_weight(self, *args, **options):
        return super().add_weight(*args, **options | {"dtype": "float16"})


def store_tables_as_float16(model: keras.Model) -> keras.Model:
    """Returns a model with the same answers whose tables are float16; it shares all other layers with the given one.

    Args:
        model: A functional model after `rnnzoo.training.precision.round_tables`.

    Raises:
        UserError: A table has numbers that float16 does not hold.
    """
    for layer in find_tables(model):
        table = np.asarray(layer.embeddings)
        if not np.array_equal(table, table.astype(np.float16)):
            raise UserError(
                f"`{layer.embeddings.path}` was not rounded before the model was scored",
                key="export.float16_tables",
                hint="train the model with this key, so that the scores are those of the export",
            )
    return keras.models.clone_model(model, clone_function=_store_table)


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
