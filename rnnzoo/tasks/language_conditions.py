"""What texts are generated from: classes, or vectors of numbers."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.config.schema import FeaturesSection
from rnnzoo.datasets import Dataset
from rnnzoo.tasks.feature_pipeline import FeaturePipeline
from rnnzoo.text import load_strings, save_strings

_CLASSES_FILE = "labels.jsonl"
_MOST_EXAMPLES = 3
_STACKED_AT_ONCE = 1 << 14


class Conditions(tf.Module, ABC):
    """From what a data set or a request says to the model's input `condition`.

    Attributes:
        input_spec: The input of the signatures, beside the prompt.
        remark: What the card says of odd ones.
    """

    input_spec: tf.TensorSpec
    remark: str

    @property
    @abstractmethod
    def builder_arguments(self) -> dict[str, int]:
        """What the builder is told."""

    @abstractmethod
    def encode(self, values: Iterable[Any]) -> np.ndarray:
        """Encodes the values of a data set, (examples,) or (examples, dim)."""

    @abstractmethod
    def __call__(self, given: tf.Tensor) -> tf.Tensor:
        """Turns the input of a signature into the model's, in the graph."""

    @abstractmethod
    def make_request(self, condition: np.ndarray) -> Any:
        """Returns what a request says for an encoded value."""

    @abstractmethod
    def examples(self) -> list[Any]:
        """Returns a few values to ask for."""

    @abstractmethod
    def odd_values(self) -> list[Any]:
        """Returns values that should be answered too."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Writes what was learned."""


class ClassConditions(Conditions):
    """One of some classes.

    Args:
        names: Their names, in the order of their ids.
    """

    input_spec = tf.TensorSpec([None], tf.string, name="label")
    remark = " A label that the model does not know counts as the first one."

    def __init__(self, names: Sequence[str]):
        super().__init__()
        self.names = tuple(names)

    @property
    def builder_arguments(self) -> dict[str, int]:
        return {"num_classes": len(self.names)}

    def encode(self, values: Iterable[Any]) -> np.ndarray:
        return np.fromiter(self._find_places(values), np.int32)

    def _find_places(self, values: Iterable[Any]) -> Iterator[int]:
        places = {name: place for place, name in enumerate(self.names)}
        for number, value in enumerate(values):
            name = value.decode(errors="replace") if isinstance(value, bytes) else self._name_of(value)
            if name not in places:
                raise UserError(
                    f"example {number:,} has a class that train does not have",
                    key="data.condition_feature",
                    got=name,
                    allowed=self.names,
                )
            yield places[name]

    def _name_of(self, number: Any) -> str:
        return self.names[number] if 0 <= number < len(self.names) else str(number)

    def __call__(self, given: tf.Tensor) -> tf.Tensor:
        # Of a name that is none of them, the first.
        return tf.argmax(given[:, None] == tf.constant(list(self.names)), axis=-1, output_type=tf.int32)

    def make_request(self, condition: np.ndarray) -> str:
        return self.names[int(condition)]

    def examples(self) -> list[str]:
        return list(self.names[:_MOST_EXAMPLES])

    def odd_values(self) -> list[Any]:
        return ["", "no such class", b"\xff"]

    def save(self, folder: Path) -> None:
        save_strings(folder / _CLASSES_FILE, self.names)


class VectorConditions(Conditions):
    """A vector of numbers, normalised as the steps of feature sequences are.

    Args:
        pipeline: Normalises it.
    """

    remark = " In a vector NaN counts as the mean, and what is far from it is cut."

    def __init__(self, pipeline: FeaturePipeline):
        super().__init__()
        self._pipeline = pipeline
        self.input_spec = tf.TensorSpec([None, pipeline.dim], tf.float32, name="features")

    @property
    def builder_arguments(self) -> dict[str, int]:
        return {"condition_dim": self._pipeline.feature_dim}

    def encode(self, values: Iterable[Any]) -> np.ndarray:
        return np.concatenate([self(tf.constant(part)).numpy() for part in _stack_in_parts(values)])

    def __call__(self, given: tf.Tensor) -> tf.Tensor:
        return self._pipeline.normalize(given)

    def make_request(self, condition: np.ndarray) -> list[float]:
        pipeline = self._pipeline
        return [float(f"{value:.6g}") for value in condition[:-1] * pipeline.deviation + pipeline.mean]

    def examples(self) -> list[list[float]]:
        return [self._pipeline.draw_example(1, seed)[0] for seed in range(_MOST_EXAMPLES)]

    def odd_values(self) -> list[Any]:
        largest = float(np.finfo(np.float32).max)
        return [[value] * self._pipeline.dim for value in (0.0, largest, -largest)]

    def save(self, folder: Path) -> None:
        self._pipeline.save(folder)


def learn_conditions(dataset: Dataset, feature: str, values: Iterable[Any]) -> Conditions:
    """Learns of the training examples what texts are generated from.

    Args:
        dataset: The data set.
        feature: Its feature.
        values: The feature's values in train.
    """
    described = dataset.description.features[feature]
    if described.vector_dim:
        return VectorConditions(FeaturePipeline.learn(FeaturesSection(), _stack_in_parts(values)))
    names = list(described.class_names) or sorted({value.decode(errors="replace") for value in values})
    return ClassConditions(names)


def load_conditions(folder: Path) -> Conditions:
    """Reads what `Conditions.save` wrote."""
    classes = folder / _CLASSES_FILE
    if classes.exists():
        return ClassConditions(load_strings(classes))
    return VectorConditions(FeaturePipeline.load(folder, FeaturesSection()))


def _stack_in_parts(values: Iterable[Any]) -> Iterator[np.ndarray]:
    values = iter(values)
    while some := list(islice(values, _STACKED_AT_ONCE)):
        yield np.stack([np.asarray(value, np.float32) for value in some])
