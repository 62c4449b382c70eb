"""Encoded splits, and how training examples are held back."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import compress, islice
from typing import Any

import numpy as np
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.config.data_sections import DataSection
from rnnzoo.datasets import (
    Column,
    Dataset,
    collect_columns,
    encode_batches,
    iterate_values,
    split_holdout,
)
from rnnzoo.datasets.array_store import ArrayStore
from rnnzoo.datasets.encoding import Refine
from rnnzoo.datasets.encoding_cache import keep_arrays, make_key

# A column that says which of the examples that were read the other columns are of.
IS_KEPT = "is_kept"
# A simple model is trained on the first so many, all of them in memory.
MOST_BASELINE_EXAMPLES = 250_000
_SIDES = ("train", "held_back")


@dataclass(frozen=True)
class Split:
    """The encoded examples of a split.

    Attributes:
        name: TFDS split, or what part of one.
        columns: Encoded features by name.
        iterate_inputs: Goes through the raw inputs of the same examples: `bytes` of texts, arrays of sequences.
        report: Figures about the data by name, such as how many texts were cut.
    """

    name: str
    columns: dict[str, Column]
    iterate_inputs: Callable[[], Iterable]
    report: dict[str, int | float] = field(default_factory=dict)

    @property
    def num_examples(self) -> int:
        """Number of examples."""
        return len(next(iter(self.columns.values())))

    def read_inputs(self) -> list:
        """Reads all raw inputs into memory."""
        return list(self.iterate_inputs())

    def first(self, number: int) -> "Split":
        """Returns the split of the first examples."""
        if number >= self.num_examples:
            return self
        columns = {name: column.first(number) for name, column in self.columns.items()}
        return replace(self, columns=columns, iterate_inputs=lambda: islice(self.iterate_inputs(), number))


def read_training_examples(
    dataset: Dataset, data: DataSection, features: list[str], input_feature: str
) -> tuple[tf.data.Dataset, tf.data.Dataset]:
    """Reads single examples to train on and to validate on, as the config divides them."""
    train = dataset.read(data.train_split, features)
    if data.validation_split:
        return train, dataset.read(data.validation_split, features)

    def divide(store: ArrayStore) -> Mapping[str, Any]:
        inputs = map(_to_bytes, iterate_values(train, input_feature, "holding back examples"))
        for side, mask in zip(_SIDES, split_holdout(inputs, data.validation_fraction, data.holdout), strict=True):
            store.append(side, mask)
        return {}

    def key() -> str:
        settings = [data.train_split, features, input_feature, data.validation_fraction, data.holdout]
        return make_key({"data": dataset.fingerprint(), "holdout": settings})

    arrays, _ = keep_arrays(divide, key)
    masks = [arrays[side] for side in _SIDES]
    if not (masks[0].any() and masks[1].any()):
        raise UserError(
            f"`{data.train_split}` is too small to hold back examples for validation",
            key="data.validation_fraction",
            got=data.validation_fraction,
            hint="raise it, or name a validation_split",
        )
    return tuple(_select(train, tf.constant(mask)) for mask in masks)


def _to_bytes(given: bytes | np.ndarray) -> bytes:
    if isinstance(given, bytes):
        return given
    return b" ".join(given) if given.dtype == object else given.tobytes()


def _select(examples: tf.data.Dataset, mask: tf.Tensor) -> tf.data.Dataset:
    chosen = examples.enumerate().filter(lambda index, example: mask[index])
    return chosen.map(lambda index, example: example)


def encode_split(
    name: str,
    examples: tf.data.Dataset,
    encode: Callable,
    input_feature: str,
    refine: Refine | None = None,
    make_key: Callable[[], str] | None = None,
) -> Split:
    """Encodes single examples.

    Args:
        name: What they are called.
        examples: Dictionaries from feature to tensor.
        encode: Turns a batch of them into tensors by column name.
        input_feature: The feature with the raw inputs.
        refine: What is then done with the columns of each batch in NumPy; see `collect_columns`. Where it leaves
            examples out, it says so in the column `is_kept`, of as many values as there were examples.
        make_key: Returns the key under which to keep large columns.

    Returns:
        The split; its report holds what `refine` counted.

    Raises:
        UserError: There is no example, or none is left.
    """
    columns, counts = collect_columns(encode_batches(examples, encode), refine, make_key)
    return make_split(name, columns, counts, lambda: iterate_values(examples, input_feature))


def make_split(
    name: str, columns: dict[str, Column], counts: Mapping[str, int], iterate_all: Callable[[], Iterable]
) -> Split:
    """Makes a split of columns, of which `is_kept` says what is left of the inputs."""
    if not columns:
        raise UserError(f"the split `{name}` has no examples", key="data")
    columns = dict(columns)
    is_kept = columns.pop(IS_KEPT, None)
    split = Split(name, columns, keep(iterate_all, is_kept), dict(counts))
    if not split.num_examples:
        figures = ", ".join(f"{figure.replace('_', ' ')} {count:,}" for figure, count in counts.items() if count)
        raise UserError(f"no example of the split `{name}` is left: {figures}", key="data")
    return split


def keep(iterate_all: Callable[[], Iterable], is_kept: Column | None) -> Callable[[], Iterator]:
    """Returns what goes through those of some things that are kept; None: all are."""
    if is_kept is None or is_kept.values.all():
        return lambda: iter(iterate_all())
    return lambda: compress(iterate_all(), is_kept.values)
