"""Encoded splits, and how training examples are held back."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.config.data_sections import DataSection
from rnnzoo.datasets import Column, Dataset, encode_columns, iterate_values, split_holdout


@dataclass(frozen=True)
class Split:
    """The encoded examples of a split.

    Attributes:
        name: TFDS split, or what part of one.
        columns: Encoded features by name.
        read_inputs: Reads the raw inputs of the same examples: `bytes` of texts, arrays of sequences.
        report: Figures about the data by name, such as how many texts were cut.
    """

    name: str
    columns: dict[str, Column]
    read_inputs: Callable[[], list]
    report: dict[str, int | float] = field(default_factory=dict)

    @property
    def num_examples(self) -> int:
        """Number of examples."""
        return len(next(iter(self.columns.values())))


def read_training_examples(
    dataset: Dataset, data: DataSection, features: list[str], input_feature: str
) -> tuple[tf.data.Dataset, tf.data.Dataset]:
    """Reads single examples to train on and to validate on, as the config divides them."""
    train = dataset.read(data.train_split, features)
    if data.validation_split:
        return train, dataset.read(data.validation_split, features)
    inputs = map(_to_bytes, iterate_values(train, input_feature))
    masks = split_holdout(inputs, data.validation_fraction, data.holdout)
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


def encode_split(name: str, examples: tf.data.Dataset, encode: Callable, input_feature: str) -> Split:
    """Encodes single examples; `encode` turns a batch of them into tensors by column name."""
    columns = encode_columns(examples, encode)
    if not columns:
        raise UserError(f"the split `{name}` has no examples", key="data")
    return Split(name, columns, lambda: list(iterate_values(examples, input_feature)))
