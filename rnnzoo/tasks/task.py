"""What the training loop, the exporter and the command line know of a task."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.config import RunConfig
from rnnzoo.datasets import EXAMPLE_INDEX, Batches, Dataset
from rnnzoo.evaluation import Evaluation
from rnnzoo.tasks.splits import Split


class Task(ABC):
    """Ties text pipeline, builder, loss, metrics and signatures together for one kind of system.

    A task is made from a config, then either learns its vocabularies from the training data
    (`learn_vocabularies`) or reads those that an earlier run saved (`load_vocabularies`).

    Args:
        config: A config of the task's own kind.
    """

    def __init__(self, config: RunConfig):
        self.config = config
        self._forward_model: keras.Model | None = None
        self._forward: Any = None

    # Data

    @abstractmethod
    def learn_vocabularies(self, dataset: Dataset) -> None:
        """Learns from the examples to train on what the text pipelines need."""

    @abstractmethod
    def load_training_splits(self, dataset: Dataset) -> tuple[Split, Split]:
        """Reads and encodes the examples to train on and those held back, with the vocabularies there are."""

    @abstractmethod
    def load_split(self, dataset: Dataset, split: str) -> Split:
        """Reads and encodes one split, with the vocabularies there are."""

    def name_input(self, given: Any) -> bytes:
        """Returns the text of an input of `Split.read_inputs`, or what stands for it where it is none."""
        return given

    @abstractmethod
    def make_batches(self, split: Split, *, shuffle: bool) -> Batches:
        """Cuts a split into batches of fixed shapes."""

    @abstractmethod
    def save_vocabularies(self, folder: Path) -> None:
        """Writes what the text pipelines learned from the data."""

    @abstractmethod
    def load_vocabularies(self, folder: Path) -> None:
        """Reads what `save_vocabularies` wrote."""

    def vocabulary_sizes(self) -> dict[str, int]:
        """Returns the sizes of what the text pipelines learned, by name. Nothing by default."""
        return {}

    def count_labels(self, split: Split) -> dict[str, int]:
        """Counts how often each label occurs in a split, by name. Nothing by default."""
        return {}

    # Model

    @abstractmethod
    def build_model(self) -> keras.Model:
        """Builds the model of the config; the vocabularies must be there."""

    @abstractmethod
    def compute_loss(
        self, model: keras.Model, batch: Mapping[str, tf.Tensor], state: Any, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor, Any]:
        """Computes the loss of a batch.

        Args:
            model: The model.
            batch: Tensors of one batch of `make_batches`.
            state: What this method returned for the batch before, None for the first of an epoch.
            training: Whether dropout and the like are on.

        Returns:
            The sum of the losses and the number of real things it is a sum over, both () float32, and the
            state to carry to the next batch (None where there is none).
        """

    # Evaluation

    @property
    @abstractmethod
    def headline_metric(self) -> str:
        """The metric that is named first."""

    @abstractmethod
    def evaluate(self, model: keras.Model, split: Split, *, details: bool = False) -> Evaluation:
        """Scores a model on a split; with `details`, also what takes longer and is read by people."""

    def collect_outputs(
        self, model: keras.Model, batches: Batches, to_inputs: Callable[[Mapping[str, np.ndarray]], Any]
    ) -> np.ndarray:
        """Runs a model over batches and puts its outputs back into the order of the examples.

        Args:
            model: A model with one output, one row an example.
            batches: Batches that are not shuffled.
            to_inputs: From a batch to the model's inputs.

        Returns:
            (examples, ...) float32.
        """
        if self._forward_model is not model:  # traced once, not once an epoch
            self._forward_model = model
            self._forward = tf.function(lambda inputs: model(inputs, training=False), reduce_retracing=True)
        outputs = np.zeros((batches.num_examples, *model.output_shape[1:]), np.float32)
        for batch in batches.epoch():
            rows = batch[EXAMPLE_INDEX]
            answers = self._forward(keras.tree.map_structure(tf.constant, to_inputs(batch))).numpy()
            outputs[rows[rows >= 0]] = answers[rows >= 0]
        return outputs

    @abstractmethod
    def evaluate_predictor(self, predict: Callable[[list], list[dict]], split: Split) -> Evaluation:
        """Scores an export, from raw inputs to answers; `predict` answers a list of rows, see `example_inputs`."""

    @abstractmethod
    def evaluate_baseline(self, train: Split, split: Split) -> dict[str, float]:
        """Scores a simple model on the same split: metrics by a name that says which."""

    def evaluate_further(
        self, model: keras.Model, dataset: Dataset, validation: Split, test: Split
    ) -> dict[str, float]:
        """Scores what takes other splits beside the reported one. Nothing by default."""
        return {}

    @abstractmethod
    def selection_score(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        """Returns what early stopping compares: the greater tuple is the better epoch."""

    def save_figures(self, evaluation: Evaluation, folder: Path) -> None:  # noqa: B027, a task may have none
        """Draws what the details of an evaluation give to see. Nothing by default."""

    # Export

    @abstractmethod
    def make_serving_module(self, model: keras.Model) -> tuple[tf.Module, dict[str, Any]]:
        """Returns the module to export, which tracks model and tables, and its functions by signature."""

    @abstractmethod
    def reference_requests(self) -> dict[str, list[dict[str, list]]]:
        """Returns requests for every signature, odd ones among them, whose answers the export stores."""

    @abstractmethod
    def example_inputs(self) -> list[str | dict[str, Any]]:
        """Returns a few rows that show what the model does: texts, or inputs of `serving_default` by name."""

    @abstractmethod
    def describe_inputs(self) -> str:
        """Says for the card what becomes of inputs that are long, odd or empty."""
