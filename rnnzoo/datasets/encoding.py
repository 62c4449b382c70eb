"""Encoding whole data sets, batch by batch."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnzoo.datasets.array_store import ArrayStore
from rnnzoo.datasets.columns import Column
from rnnzoo.datasets.encoding_cache import keep_arrays
from rnnzoo.datasets.reading import batch_examples, iterate_batches

if TYPE_CHECKING:
    import tensorflow as tf

Columns = dict[str, Column]
# From the columns of some examples, and how many came before, to those to keep, and figures to add up.
Refine = Callable[[Columns, int], tuple[Columns, Mapping[str, int]]]
_VALUES, _OFFSETS = ".values", ".offsets"


def encode_columns(dataset: "tf.data.Dataset", encode: Callable) -> Columns:
    """Encodes a whole data set.

    Args:
        dataset: Single examples.
        encode: From a batch of examples to a dictionary of tensors (one value an example) and
            ragged tensors (sequences), in TensorFlow ops.
    """
    return collect_columns(encode_batches(dataset, encode))[0]


def encode_batches(dataset: "tf.data.Dataset", encode: Callable) -> Iterable[Mapping[str, Any]]:
    """Yields what `encode` makes of the batches of a data set; see `encode_columns`."""
    encoded = batch_examples(dataset).map(encode, num_parallel_calls=2).prefetch(2)
    return iterate_batches(encoded, "encoding")


def collect_columns(
    batches: Iterable[Mapping[str, Any]], refine: Refine | None = None, make_key: Callable[[], str] | None = None
) -> tuple[Columns, dict[str, int]]:
    """Puts encoded batches end to end, in memory while they are small, in files while they are not.

    Args:
        batches: Tensors (one value an example) and ragged tensors (sequences) by name; not looked at where there are
            files under the same key from before.
        refine: Makes other columns of those of a batch, in NumPy, and counts; is given how many examples came before.
        make_key: Returns the key under which to keep large columns, see `encoding_cache.make_key`; None: not at all.

    Returns:
        The columns, none where there is no example, and the counts.
    """

    def make_arrays(store: ArrayStore) -> dict[str, int]:
        counts: Counter[str] = Counter()
        lengths: Counter[str] = Counter()
        num_before = 0
        for batch in batches:
            columns = {name: _to_column(tensor) for name, tensor in batch.items()}
            num_examples = len(next(iter(columns.values())))
            if refine is not None:
                columns, of_batch = refine(columns, num_before)
                counts.update(of_batch)
            num_before += num_examples
            for name, column in columns.items():
                _append(store, name, column, lengths)
        return counts

    arrays, counts = keep_arrays(make_arrays, make_key)
    names = [name.removesuffix(_VALUES) for name in arrays if name.endswith(_VALUES)]
    return {name: Column(arrays[name + _VALUES], arrays.get(name + _OFFSETS)) for name in names}, counts


def _to_column(tensor: Any) -> Column:
    import tensorflow as tf

    if isinstance(tensor, tf.RaggedTensor):
        return Column(tensor.values.numpy(), tensor.row_splits.numpy().astype(np.int64))
    return Column(tensor.numpy())


def _append(store: ArrayStore, name: str, column: Column, lengths: Counter[str]) -> None:
    store.append(name + _VALUES, column.values)
    if column.offsets is not None:
        if name not in lengths:
            store.append(name + _OFFSETS, np.zeros(1, np.int64))
        store.append(name + _OFFSETS, column.offsets[1:] + lengths[name])
        lengths[name] += len(column.values)
