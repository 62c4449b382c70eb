"""What all tasks share that predict something of a sequence: how data are divided, encoded and batched."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from rnnzoo.config import RunConfig
from rnnzoo.datasets import Batches, Dataset, choose_widths
from rnnzoo.evaluation import Evaluation, plot_confusion_matrix
from rnnzoo.tasks.encoding_keys import make_encoding_key
from rnnzoo.tasks.model_inputs import MODEL_INPUTS
from rnnzoo.tasks.splits import Split, read_training_examples
from rnnzoo.tasks.task import Task


class SequenceTask(Task):
    """From sequences to what is said of them.

    A subclass says what feature of the data it reads, and with which pipeline, which saves itself to a
    folder (`save`).

    Attributes:
        sequence_column: The model's input whose lengths decide the widths of the batches.
        target_column: The encoded column with what the model is trained to say.
        names_of_sequences: What the sequences and their steps are called in reports.
    """

    sequence_column: ClassVar[str]
    target_column: ClassVar[str]
    names_of_sequences: ClassVar[tuple[str, str]]

    def __init__(self, config: RunConfig):
        super().__init__(config)
        self._pipeline: Any = None
        self._examples: tuple[tf.data.Dataset, tf.data.Dataset] | None = None

    @property
    @abstractmethod
    def input_feature(self) -> str:
        """Path of the feature with the sequences."""

    @property
    @abstractmethod
    def _features(self) -> list[str]:
        """Paths of all features that are read."""

    @abstractmethod
    def _learn_pipeline(self, train: tf.data.Dataset) -> Any:
        """Returns a pipeline that learned from the training examples."""

    @abstractmethod
    def _load_pipeline(self, folder: Path) -> Any:
        """Returns the pipeline that was saved to a folder."""

    @abstractmethod
    def _encode(self, name: str, examples: tf.data.Dataset, dataset: Dataset) -> Split:
        """Encodes single examples, with the vocabularies there are."""

    def _align(self, examples: tf.data.Dataset, dataset: Dataset) -> tf.data.Dataset:
        """Makes single examples ready to be encoded. Leaves them as they are by default."""
        return examples

    def learn_vocabularies(self, dataset: Dataset) -> None:
        train, _ = self._training_examples(dataset)
        self._pipeline = self._learn_pipeline(train)

    def _make_key(self, name: str, dataset: Dataset, **more: Any) -> Callable[[], str]:
        """Returns what makes the key under which the encoding of a split may be kept."""
        return lambda: make_encoding_key(self.config, dataset, name, self.save_vocabularies, **more)

    def save_vocabularies(self, folder: Path) -> None:
        self._pipeline.save(folder)

    def load_vocabularies(self, folder: Path) -> None:
        self._pipeline = self._load_pipeline(folder)

    def load_training_splits(self, dataset: Dataset) -> tuple[Split, Split]:
        data = self.config.data
        train, validation = self._training_examples(dataset)
        train_name = data.train_split if data.validation_split else f"{data.train_split} but for what is held back"
        validation_name = data.validation_split or f"examples held back from {data.train_split}"
        return self._encode_to_train(train_name, train, dataset), self._encode(validation_name, validation, dataset)

    def _encode_to_train(self, name: str, examples: tf.data.Dataset, dataset: Dataset) -> Split:
        """Encodes the examples to train on. As all others by default."""
        return self._encode(name, examples, dataset)

    def load_split(self, dataset: Dataset, split: str) -> Split:
        return self._encode(split, self._align(dataset.read(split, self._features), dataset), dataset)

    def _training_examples(self, dataset: Dataset) -> tuple[tf.data.Dataset, tf.data.Dataset]:
        if self._examples is None:
            both = read_training_examples(dataset, self.config.data, self._features, self.input_feature)
            self._examples = tuple(self._align(examples, dataset) for examples in both)
        return self._examples

    def _report_lengths(
        self, lengths: np.ndarray, num_cut: np.ndarray, length_of_empty: int = 0
    ) -> dict[str, int | float]:
        """Returns figures about the sequences of a split, by their lengths and how much of each was cut."""
        sequences, steps = self.names_of_sequences
        report = {
            "examples": len(lengths),
            steps: int(lengths.sum()),
            "longest": int(lengths.max(initial=0)),
            f"{sequences}_cut": int((num_cut > 0).sum()),
            f"{steps}_cut": int(num_cut.sum()),
        }
        # Nothing is wrong with one; a data set may have more than it should.
        if num_empty := int((lengths == length_of_empty).sum()):
            report[f"{sequences}_empty"] = num_empty
        return report

    def make_batches(self, split: Split, *, shuffle: bool) -> Batches:
        train = self.config.train
        columns = {name: split.columns[name] for name in (*MODEL_INPUTS, self.target_column) if name in split.columns}
        widths = choose_widths(columns[self.sequence_column].lengths, train.num_buckets, train.batch_size)
        return Batches(columns, self.sequence_column, widths, train.batch_size, self.config.seed if shuffle else None)

    def selection_score(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        return metrics[self.headline_metric], -metrics["loss"]

    def save_figures(self, evaluation: Evaluation, folder: Path) -> None:
        matrix = evaluation.details["confusion_matrix"]
        plot_confusion_matrix(matrix["rows_true_columns_predicted"], matrix["classes"], folder / "confusion_matrix.png")
