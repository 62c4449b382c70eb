"""What all classifiers share: a class for a whole sequence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.config import RunConfig, UserError
from rnnzoo.datasets import EXAMPLE_INDEX, Column, Dataset, iterate_values
from rnnzoo.datasets.encoding import Columns
from rnnzoo.evaluation import (
    Evaluation,
    choose_threshold,
    evaluate_classification,
    evaluate_out_of_scope,
    softmax_cross_entropy_sum,
)
from rnnzoo.tasks.model_inputs import pick_model_inputs
from rnnzoo.tasks.sequence_task import SequenceTask
from rnnzoo.tasks.splits import IS_KEPT, Split, encode_split
from rnnzoo.text import load_strings, save_strings

_LABELS_FILE = "labels.jsonl"
_UNKNOWN_LABEL = -1
_GIVEN_LABEL = "given_label"
_MOST_SHOWN = 5


class Classification(SequenceTask):
    """Many to one, from raw inputs to the probabilities of classes.

    The pipeline of a subclass encodes a batch of its feature (`encode`).
    """

    target_column = "label"

    def __init__(self, config: RunConfig):
        super().__init__(config)
        self._class_names: list[str] = list(config.data.labels)

    @property
    def class_names(self) -> list[str]:
        """Names of the classes, in the order of the logits."""
        return self._class_names

    @property
    def _features(self) -> list[str]:
        return [self.input_feature, self.config.data.label_feature]

    # Data

    def learn_vocabularies(self, dataset: Dataset) -> None:
        super().learn_vocabularies(dataset)
        self._class_names = self._class_names or self._find_class_names(dataset)

    def _find_class_names(self, dataset: Dataset) -> list[str]:
        data = self.config.data
        feature = data.label_feature
        names = list(dataset.description.features[feature].class_names)
        if not names:
            # Of all of train: a rare class may be among the examples that are held back.
            examples = dataset.read(data.train_split, [feature])
            labels = iterate_values(examples, feature, "collecting labels")
            names = sorted({label.decode(errors="replace") for label in labels})
        if len(names) < 2:
            raise UserError("a classifier needs two classes", key="data.label_feature", got=names)
        return names

    def _encode(self, name: str, examples: tf.data.Dataset, dataset: Dataset) -> Split:
        feature = self.config.data.label_feature
        to_class = _make_label_lookup(self._class_names, dataset.description.features[feature].class_names)

        def encode(batch):
            inputs, num_cut = self._pipeline.encode(batch[self.input_feature])
            return {**inputs, "num_cut": num_cut, "label": to_class(batch[feature]), _GIVEN_LABEL: batch[feature]}

        def refine(columns: Columns, num_before: int) -> tuple[Columns, dict[str, int]]:
            given = columns.pop(_GIVEN_LABEL).values
            known = columns["label"].values != _UNKNOWN_LABEL
            if not known.all():
                self._refuse_unknown_labels(name, dataset, given, known, num_before)
                columns = {key: column.select(known) for key, column in columns.items()}
            return {**columns, IS_KEPT: Column(known)}, {"left_out_other_labels": int((~known).sum())}

        split = encode_split(name, examples, encode, self.input_feature, refine, self._make_key(name, dataset))
        counts = {figure: count for figure, count in split.report.items() if count}
        return replace(split, report=self._report(split.columns) | counts)

    @property
    def _length_of_empty(self) -> int:
        """Steps of an encoded sequence without a step."""
        return 0

    def _report(self, columns: Mapping[str, Column]) -> dict[str, int | float]:
        lengths = columns[self.sequence_column].lengths
        return self._report_lengths(lengths, columns["num_cut"].values, self._length_of_empty)

    def _refuse_unknown_labels(
        self, name: str, dataset: Dataset, given: np.ndarray, known: np.ndarray, num_before: int
    ) -> None:
        """Other classes are left out where the config names those it wants; else they are a mistake."""
        feature = self.config.data.label_feature
        num_classes = len(dataset.description.features[feature].class_names)
        is_wrong = ~known
        if num_classes and self.config.data.labels:
            is_wrong &= (given < 0) | (given >= num_classes)
        if not is_wrong.any():
            return
        first = num_before + int(is_wrong.argmax())
        wrong = given[is_wrong]
        names = (label.decode(errors="replace") if isinstance(label, bytes) else int(label) for label in wrong)
        shown = sorted(set(names))
        hint = "label -1 is how TFDS marks a split whose labels are hidden" if -1 in shown else None
        raise UserError(
            f"example {first:,} of the split `{name}` has a label that is none of the classes",
            key=f"data.{'test_split' if name == self.config.data.test_split else 'label_feature'}",
            got=shown[:_MOST_SHOWN],
            allowed=self._class_names,
            hint=hint,
        )

    def save_vocabularies(self, folder: Path) -> None:
        super().save_vocabularies(folder)
        save_strings(folder / _LABELS_FILE, self._class_names)

    def load_vocabularies(self, folder: Path) -> None:
        super().load_vocabularies(folder)
        self._class_names = load_strings(folder / _LABELS_FILE)

    def count_labels(self, split: Split) -> dict[str, int]:
        counts = split.columns["label"].count(len(self._class_names))
        return dict(zip(self._class_names, counts.tolist(), strict=True))

    # Model

    def compute_loss(
        self, model: keras.Model, batch: Mapping[str, tf.Tensor], state: Any, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor, Any]:
        logits = model(pick_model_inputs(batch), training=training)
        is_real = tf.cast(batch[EXAMPLE_INDEX] >= 0, tf.float32)
        smoothing = self.config.train.label_smoothing if training else 0.0
        return *softmax_cross_entropy_sum(logits, batch["label"], is_real, smoothing), None

    # Evaluation

    def evaluate(self, model: keras.Model, split: Split, *, details: bool = False) -> Evaluation:
        return self._score(split, self._predict(model, split), details)

    def _predict(self, model: keras.Model, split: Split) -> np.ndarray:
        batches = self.make_batches(split, shuffle=False)
        return tf.nn.softmax(self.collect_outputs(model, batches, pick_model_inputs)).numpy()

    def evaluate_predictor(self, predict: Callable[[list], list[dict]], split: Split) -> Evaluation:
        answers = predict([self._make_row(given) for given in split.read_inputs()])
        probabilities = np.array(
            [[answer["probabilities"][name] for name in self._class_names] for answer in answers], np.float32
        )
        return self._score(split, probabilities, details=True)

    def _make_row(self, given: Any) -> Any:
        """Returns what a predictor takes for an input of `Split.read_inputs`."""
        return given

    def _score(self, split: Split, probabilities: np.ndarray, details: bool) -> Evaluation:
        num_mistakes = self.config.evaluate.num_mistakes if details else 0
        inputs = split.read_inputs() if num_mistakes else []
        texts = [self.name_input(given).decode(errors="replace") for given in inputs]
        labels = split.columns["label"].values
        return evaluate_classification(labels, probabilities, self._class_names, texts, num_mistakes)

    def _score_baseline(self, name: str, predicted: np.ndarray, split: Split) -> dict[str, float]:
        """Scores classes that another model predicts, by the metric of the config."""
        certain = np.eye(len(self._class_names), dtype=np.float32)[predicted]
        return {
            f"{name}_{self.headline_metric}": self._score(split, certain, details=False).metrics[self.headline_metric]
        }

    def evaluate_further(
        self, model: keras.Model, dataset: Dataset, validation: Split, test: Split
    ) -> dict[str, float]:
        data = self.config.data
        if not data.out_of_scope_split:
            return {}
        examples = dataset.read(data.out_of_scope_split, [self.input_feature])
        others = encode_split(
            data.out_of_scope_split,
            examples,
            lambda batch: self._pipeline.encode(batch[self.input_feature])[0],
            self.input_feature,
            make_key=self._make_key(data.out_of_scope_split, dataset, inputs_only=True),
        )
        scores = self._predict(model, validation).max(axis=-1)
        threshold = choose_threshold(scores, self.config.evaluate.in_scope_rejection)
        labels = test.columns["label"].values
        return evaluate_out_of_scope(threshold, labels, self._predict(model, test), self._predict(model, others))

    @property
    def headline_metric(self) -> str:
        return self.config.evaluate.metric


def _make_label_lookup(class_names: Sequence[str], dataset_classes: Sequence[str]) -> Callable:
    """Returns a function from labels of the data set, numbers or strings, to our classes or -1."""
    if dataset_classes:
        places = {name: place for place, name in enumerate(class_names)}
        num_classes = len(dataset_classes)
        ours = tf.constant([places.get(name, _UNKNOWN_LABEL) for name in dataset_classes] + [_UNKNOWN_LABEL])

        def to_class(labels: tf.Tensor) -> tf.Tensor:
            is_one = (labels >= 0) & (labels < num_classes)
            return tf.gather(ours, tf.where(is_one, labels, num_classes))

        return to_class
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(tf.constant(list(class_names)), tf.range(len(class_names))), _UNKNOWN_LABEL
    )
    return table.lookup


class ClassifierServing(tf.Module):
    """What all exported classifiers share.

    Args:
        model: A classifier.
        pipeline: From raw inputs to the model's.
        class_names: Names of its classes.
    """

    def __init__(self, model: keras.Model, pipeline: tf.Module, class_names: Sequence[str]):
        super().__init__()
        self.model = model
        self.pipeline = pipeline
        self._class_names = tf.constant(list(class_names))

    def _answer(self, inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Classifies what the pipeline made of a batch."""
        probabilities = tf.nn.softmax(self.model(pick_model_inputs(inputs), training=False))
        return {
            "label": tf.gather(self._class_names, tf.argmax(probabilities, axis=-1)),
            "score": tf.reduce_max(probabilities, axis=-1),
            "classes": tf.tile(self._class_names[None], [tf.shape(probabilities)[0], 1]),
            "probabilities": probabilities,
        }
