"""Going through data sets: in batches, watched, and with a clear complaint where the data are damaged."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnzoo.datasets.damage import told_where_damaged
from rnnzoo.datasets.progress import tell_watcher

if TYPE_CHECKING:
    import tensorflow as tf

READING_BATCH = 512


def batch_examples(dataset: "tf.data.Dataset", batch_size: int = READING_BATCH) -> "tf.data.Dataset":
    """Batches single examples; features whose size varies become ragged tensors."""
    import tensorflow as tf

    if all(spec.shape.is_fully_defined() for spec in tf.nest.flatten(dataset.element_spec)):
        return dataset.batch(batch_size)
    return dataset.ragged_batch(batch_size)


def iterate_batches(
    batches: "tf.data.Dataset", activity: str = "reading", batch_size: int = READING_BATCH
) -> Iterator[Any]:
    """Yields what was made of the batches of `batch_examples`.

    Args:
        batches: An element for each batch.
        activity: What is done, for who watches.
        batch_size: Examples of a batch.

    Raises:
        UserError: The data are damaged.
    """
    num_batches = int(batches.cardinality())
    with tell_watcher(activity, num_batches * batch_size if num_batches >= 0 else None) as advance:
        for batch in told_where_damaged(batches):
            yield batch
            advance(batch_size)


def iterate_values(
    dataset: "tf.data.Dataset", feature: str, activity: str = "reading"
) -> Iterator[bytes | np.generic | np.ndarray]:
    """Yields the values of one feature: `bytes` of texts, arrays of sequences."""
    for batch in iterate_batches(batch_examples(dataset), activity):
        yield from batch[feature].numpy()
