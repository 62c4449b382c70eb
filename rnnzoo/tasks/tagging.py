"""What all taggers share: a tag for each step of a sequence."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.config import RunConfig, UserError
from rnnzoo.datasets import EXAMPLE_INDEX, Column, Dataset
from rnnzoo.datasets.encoding import Columns
from rnnzoo.evaluation import Evaluation, evaluate_tagging
from rnnzoo.tasks.model_inputs import pick_model_inputs
from rnnzoo.tasks.sequence_task import SequenceTask
from rnnzoo.tasks.splits import Split, encode_split
from rnnzoo.tasks.tag_decoding import score_batch, sum_tag_losses
from rnnzoo.tasks.tag_reading import COUNTS, align_examples, iterate_tags, name_tags
from rnnzoo.tasks.tag_set import TagSet
from rnnzoo.text import OUTSIDE

_NO_TAG = -1
_MOST_SHOWN = 5
# What is followed from epoch to epoch.
_SHORT = ("token_accuracy", "span_f1", "loss", "num_examples")


class Tagging(SequenceTask):
    """Many to many, in step: from raw sequences to a tag for each of their steps.

    The encoded columns are the model's inputs, `tag_ids` in the same steps, which are the model's tags, and
    `gold`, the tags to be scored by. That has all steps, also those that are cut.

    Attributes:
        scored_signature: The signature by which an export is scored.
    """

    target_column = "tag_ids"
    scored_signature: ClassVar[str]

    def __init__(self, config: RunConfig):
        super().__init__(config)
        self._tags = TagSet(())

    @property
    def tag_names(self) -> tuple[str, ...]:
        """The tags that are answered."""
        return self._tags.names

    @property
    def headline_metric(self) -> str:
        return "token_accuracy" if self._tags.scheme is None else "span_f1"

    @property
    def _features(self) -> list[str]:
        return [self.input_feature, self.config.data.tags_feature]

    @property
    def _ignored_tags(self) -> Sequence[str]:
        """Tags whose steps are left out of the sequences."""
        return ()

    @abstractmethod
    def _encode_inputs(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the model's inputs, `num_cut` and other columns of a batch of examples, in TensorFlow ops."""

    @staticmethod
    @abstractmethod
    def _is_real(steps: Any) -> Any:
        """Returns which steps of the sequence column, an array or a tensor, have a tag: no padding or boundary."""

    # Data

    def learn_vocabularies(self, dataset: Dataset) -> None:
        super().learn_vocabularies(dataset)
        data = self.config.data
        # Of all of train: a rare tag may be among the examples that are held back.
        tags = iterate_tags(dataset, data.train_split, data.tags_feature, self._ignored_tags)
        order = dataset.description.features[data.tags_feature].class_names
        self._tags = TagSet.learn(tags, order, data.tag_scheme, self.config.model.tag_scheme)
        if self.config.train.missed_span_cost and self._tags.scheme is None:
            raise UserError("needs tags that mark spans", key="train.missed_span_cost", got=self._tags.names)
        # Told before anything is trained, and read for nothing else.
        in_test = iterate_tags(dataset, data.test_split, data.tags_feature, self._ignored_tags, "data.test_split")
        self._refuse_unseen_tags(data.test_split, set(chain.from_iterable(in_test)))

    def _align(self, examples: tf.data.Dataset, dataset: Dataset) -> tf.data.Dataset:
        class_names = dataset.description.features[self.config.data.tags_feature].class_names
        ignored = [class_names.index(tag) if class_names else tag for tag in self._ignored_tags]
        return align_examples(examples, self.input_feature, self.config.data.tags_feature, ignored)

    def _refuse_unseen_tags(self, split: str, tags: set[str], first: int | None = None) -> None:
        unseen = self._tags.find_unseen(tags)
        if unseen:
            place = "" if first is None else f", the first in example {first:,}"
            raise UserError(
                f"the split `{split}` has tags that training never saw{place}",
                key=f"data.{'test_split' if split == self.config.data.test_split else 'tags_feature'}",
                got=unseen[:_MOST_SHOWN],
                allowed=self._tags.names,
                hint="tag -1 is how TFDS marks a split whose tags are hidden" if "-1" in unseen else None,
            )

    def _encode(self, name: str, examples: tf.data.Dataset, dataset: Dataset) -> Split:
        feature = self.config.data.tags_feature

        def encode(batch):
            return {**self._encode_inputs(batch), **{key: batch[key] for key in COUNTS}, "tags": batch[feature]}

        def refine(columns: Columns, num_before: int) -> tuple[Columns, dict[str, int]]:
            tags, unmatched = columns.pop("tags"), columns.pop("num_unmatched").values
            if unmatched.any():
                first = num_before + int(unmatched.argmax())
                raise UserError(
                    f"example {first:,} of the split `{name}` has not as many tags as {self._steps}",
                    key="data.tags_feature",
                    got=feature,
                )
            names = name_tags(tags.values, dataset.description.features[feature].class_names)
            sentences = [names[start:end] for start, end in pairwise(tags.offsets)]
            if self._tags.find_unseen(set(names)):
                first = next(place for place, tags in enumerate(sentences) if self._tags.find_unseen(tags))
                self._refuse_unseen_tags(name, set(names), num_before + first)
            gold, for_model = self._tags.encode(sentences)
            inputs = columns[self.sequence_column]
            tag_ids = np.zeros(len(inputs.values), np.int32)
            tag_ids[self._is_real(inputs.values)] = for_model[self._is_kept(tags)]
            columns |= {"gold": Column(gold, tags.offsets), "tag_ids": Column(tag_ids, inputs.offsets)}
            return columns, {"num_problems": self._tags.count_problems(sentences)}

        split = encode_split(name, examples, encode, self.input_feature, refine, self._make_key(name, dataset))
        report = self._report(split.columns)
        if num_problems := split.report["num_problems"]:
            report[f"places_that_break_{self._tags.data_scheme}"] = num_problems
        return replace(split, report=report)

    @property
    def _steps(self) -> str:
        return self.names_of_sequences[1]

    def _is_kept(self, gold: Column) -> np.ndarray:
        """Returns which of all steps lie within the greatest length, (steps,) bool."""
        places = np.arange(len(gold.values)) - np.repeat(gold.offsets[:-1], gold.lengths)
        return places < self._pipeline.max_length

    def _report(self, columns: Mapping[str, Column]) -> dict[str, int | float]:
        report = self._report_lengths(columns["gold"].lengths, columns["num_cut"].values)
        if num_ignored := int(columns["num_ignored"].values.sum()):
            report[f"{self._steps}_left_out"] = num_ignored
        return report

    def save_vocabularies(self, folder: Path) -> None:
        super().save_vocabularies(folder)
        self._tags.save(folder)

    def load_vocabularies(self, folder: Path) -> None:
        super().load_vocabularies(folder)
        self._tags = TagSet.load(folder)

    def count_labels(self, split: Split) -> dict[str, int]:
        counts = split.columns["gold"].count(len(self._tags.names))
        return dict(zip(self._tags.names, counts.tolist(), strict=True))

    # Model

    def _model_arguments(self) -> dict[str, Any]:
        """Returns what the builder takes of the config and the tags."""
        model = self.config.model
        arguments = {"num_tags": len(self._tags.model_names), **model.model_dump(exclude={"tag_scheme"})}
        if model.head == "crf":
            arguments["allowed_transitions"] = self._tags.allowed_transitions
        return arguments

    def compute_loss(
        self, model: keras.Model, batch: Mapping[str, tf.Tensor], state: Any, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor, Any]:
        logits = model(pick_model_inputs(batch), training=training)
        is_real = self._is_real(batch[self.sequence_column])
        cost = self.config.train.missed_span_cost if training else 0.0
        if cost:
            # The truth has to beat `O` by so much more (softmax-margin; Gimpel and Smith 2010).
            outside = self._tags.model_names.index(OUTSIDE)
            is_span = tf.cast(batch["tag_ids"] != outside, logits.dtype)[..., None]
            logits += cost * is_span * tf.one_hot(outside, logits.shape[-1], dtype=logits.dtype)
        smoothing = self.config.train.label_smoothing if training else 0.0
        return *sum_tag_losses(model, logits, batch["tag_ids"], is_real, smoothing), None

    # Evaluation

    def evaluate(self, model: keras.Model, split: Split, *, details: bool = False) -> Evaluation:
        if self._forward_model is not model:  # traced once, not once an epoch
            self._forward_model = model
            self._forward = tf.function(
                lambda batch: score_batch(model, batch, self._is_real(batch[self.sequence_column])),
                reduce_retracing=True,
            )
        inputs = split.columns[self.sequence_column]
        tag_ids = np.zeros(len(inputs.values), np.int32)
        of_gold = np.zeros(len(inputs.values), np.float32)
        loss_sum = num_steps = 0.0
        for batch in self.make_batches(split, shuffle=False).epoch():
            answer = self._forward({name: tf.constant(array) for name, array in batch.items()})
            batch_tag_ids, batch_of_gold, batch_loss, batch_steps = (tensor.numpy() for tensor in answer)
            inputs.unpad(batch[EXAMPLE_INDEX], batch_tag_ids, tag_ids)
            inputs.unpad(batch[EXAMPLE_INDEX], batch_of_gold, of_gold)
            loss_sum += float(batch_loss)
            num_steps += float(batch_steps)
        gold = split.columns["gold"]
        is_kept, is_real = self._is_kept(gold), self._is_real(inputs.values)
        predicted, probabilities = np.full(len(gold.values), _NO_TAG), np.zeros(len(gold.values), np.float32)
        predicted[is_kept] = np.array(self._tags.answers)[tag_ids[is_real]]
        probabilities[is_kept] = of_gold[is_real]
        loss = loss_sum / max(num_steps, 1.0)
        evaluation = self._score(split, predicted, details, loss=loss, of_gold=probabilities)
        if details:
            return evaluation
        return Evaluation({name: evaluation.metrics[name] for name in _SHORT if name in evaluation.metrics})

    def evaluate_predictor(self, predict: Callable[..., list[dict]], split: Split) -> Evaluation:
        rows = [self._make_row(given) for given in split.read_inputs()]
        answers = predict(rows, signature=self.scored_signature)
        gold = split.columns["gold"]
        predicted = np.full(len(gold.values), _NO_TAG)
        places = {name: place for place, name in enumerate(self._tags.names)}
        predicted[self._is_kept(gold)] = [places[tag] for answer in answers for tag in answer["tags"]]
        return self._score(split, predicted, details=True)

    @abstractmethod
    def _make_row(self, given: Any) -> dict[str, Any]:
        """Returns what a predictor takes for an input of `Split.read_inputs`."""

    def _score(
        self,
        split: Split,
        predicted: np.ndarray,
        details: bool,
        loss: float | None = None,
        of_gold: np.ndarray | None = None,
    ) -> Evaluation:
        gold, is_known = split.columns["gold"], split.columns.get("is_known")
        return evaluate_tagging(
            gold.values,
            predicted,
            gold.offsets,
            self._tags.names,
            scheme=self._tags.scheme,
            loss=loss,
            gold_probabilities=of_gold,
            is_known=None if is_known is None else is_known.values,
            words=self._name_steps(split) if details else None,
            num_mistakes=self.config.evaluate.num_mistakes if details else 0,
        )

    def _name_steps(self, split: Split) -> list[str] | None:
        """Returns what the steps of all sequences are called in the list of mistakes, if anything."""
        return None

    def evaluate_baseline(self, train: Split, split: Split) -> dict[str, float]:
        name, predicted = self._predict_baseline(train, split)
        return {f"{name}_{self.headline_metric}": self._score(split, predicted, False).metrics[self.headline_metric]}

    @abstractmethod
    def _predict_baseline(self, train: Split, split: Split) -> tuple[str, np.ndarray]:
        """Returns the name of a simple model, and the places in `tag_names` that it predicts, (steps,) int."""
