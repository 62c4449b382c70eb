"""Text classification: a class for a whole text."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.builders import build_text_classifier
from rnnzoo.config import UserError
from rnnzoo.config.schema import TextClassificationConfig
from rnnzoo.datasets import EXAMPLE_INDEX, Batches, Dataset, choose_widths
from rnnzoo.evaluation import (
    Evaluation,
    evaluate_classification,
    plot_confusion_matrix,
    predict_with_bag_of_words,
    softmax_cross_entropy_sum,
)
from rnnzoo.tasks.odd_texts import ODD_TEXTS
from rnnzoo.tasks.splits import Split, encode_split, read_training_examples
from rnnzoo.tasks.task import Task
from rnnzoo.text import TextPipeline, count_tokens, make_tokenizer

_LABELS_FILE = "labels.jsonl"
_UNKNOWN_LABEL = -1
_DEFAULT_EXAMPLES = ["a wonderful film", "not good at all", "It was long, but I liked it."]


class TextClassification(Task):
    """Many to one, from raw strings to the probabilities of classes."""

    headline_metric = "accuracy"

    def __init__(self, config: TextClassificationConfig):
        super().__init__(config)
        self._pipeline: TextPipeline | None = None
        self._class_names: list[str] = list(config.data.labels)
        self._examples: tuple[tf.data.Dataset, tf.data.Dataset] | None = None

    @property
    def class_names(self) -> list[str]:
        """Names of the classes, in the order of the logits."""
        return self._class_names

    # Data

    def learn_vocabularies(self, dataset: Dataset) -> None:
        data, text = self.config.data, self.config.text
        train, _ = self._training_examples(dataset)
        tokenizer = make_tokenizer(text.tokenizer, text.lowercase)

        def tokenize(examples):
            return tokenizer(examples[data.text_feature]).flat_values

        tokens = (token for batch in train.batch(512).map(tokenize) for token in batch.numpy())
        self._pipeline = TextPipeline.learn(text, count_tokens(tokens))
        self._class_names = self._class_names or self._find_class_names(dataset, train)

    def load_training_splits(self, dataset: Dataset) -> tuple[Split, Split]:
        data = self.config.data
        train, validation = self._training_examples(dataset)
        train_name = data.train_split if data.validation_split else f"{data.train_split} but for what is held back"
        validation_name = data.validation_split or f"examples held back from {data.train_split}"
        return self._encode(train_name, train, dataset), self._encode(validation_name, validation, dataset)

    def _training_examples(self, dataset: Dataset) -> tuple[tf.data.Dataset, tf.data.Dataset]:
        data = self.config.data
        if self._examples is None:
            features = [data.text_feature, data.label_feature]
            self._examples = read_training_examples(dataset, data, features, data.text_feature)
        return self._examples

    def load_split(self, dataset: Dataset, split: str) -> Split:
        data = self.config.data
        return self._encode(split, dataset.read(split, [data.text_feature, data.label_feature]), dataset)

    def _find_class_names(self, dataset: Dataset, train: tf.data.Dataset) -> list[str]:
        feature = self.config.data.label_feature
        names = list(dataset.description.features[feature].class_names)
        if not names:
            names = sorted({label.decode() for batch in train.batch(512) for label in batch[feature].numpy()})
        if len(names) < 2:
            raise UserError("a classifier needs two classes", key="data.label_feature", got=names)
        return names

    def _encode(self, name: str, examples: tf.data.Dataset, dataset: Dataset) -> Split:
        data = self.config.data
        to_class = _make_label_lookup(self._class_names, dataset.description.features[data.label_feature].class_names)

        def encode(batch):
            inputs, num_cut = self._pipeline.encode(batch[data.text_feature])
            return {**inputs, "num_cut": num_cut, "label": to_class(batch[data.label_feature])}

        split = encode_split(name, examples, encode, data.text_feature)
        columns, read_texts, num_left_out = split.columns, split.read_texts, 0
        known = columns["label"].values != _UNKNOWN_LABEL
        if not known.all():
            self._refuse_unknown_labels(name, dataset, examples, known)
            columns = {key: column.select(known) for key, column in columns.items()}
            num_left_out = int((~known).sum())

            def read_texts():
                return [text for text, is_known in zip(split.read_texts(), known, strict=True) if is_known]

        num_cut, lengths = columns["num_cut"].values, columns["token_ids"].lengths
        unknown = columns["token_ids"].values == 1
        report = {
            "examples": len(lengths),
            "tokens": int(lengths.sum()),
            "longest": int(lengths.max(initial=0)),
            "texts_cut": int((num_cut > 0).sum()),
            "tokens_cut": int(num_cut.sum()),
            "unknown_token_share": round(float(unknown.mean()) if len(unknown) else 0.0, 4),
        }
        if num_left_out:
            report["left_out_other_labels"] = num_left_out
        return Split(name, columns, read_texts, report)

    def _refuse_unknown_labels(self, name: str, dataset: Dataset, examples: tf.data.Dataset, known: np.ndarray) -> None:
        """Other classes are left out where the config names those it wants; else they are a mistake."""
        feature = self.config.data.label_feature
        classes = dataset.description.features[feature].class_names
        labels = [label for batch in examples.batch(512) for label in batch[feature].numpy()]
        foreign = {label for label, is_known in zip(labels, known, strict=True) if not is_known}
        if classes and self.config.data.labels and min(foreign) >= 0:
            return
        shown = [label.decode() if isinstance(label, bytes) else int(label) for label in sorted(foreign)[:5]]
        hint = "label -1 is how TFDS marks a split whose labels are hidden" if -1 in shown else None
        raise UserError(
            f"the split `{name}` has labels that are none of the classes",
            key=f"data.{'test_split' if name == self.config.data.test_split else 'label_feature'}",
            got=shown,
            allowed=self._class_names,
            hint=hint,
        )

    def make_batches(self, split: Split, *, shuffle: bool) -> Batches:
        train = self.config.train
        columns = {name: column for name, column in split.columns.items() if name != "num_cut"}
        widths = choose_widths(columns["token_ids"].lengths, train.num_buckets, train.batch_size)
        seed = self.config.seed if shuffle else None
        return Batches(columns, "token_ids", widths, train.batch_size, seed)

    def save_vocabularies(self, folder: Path) -> None:
        self._pipeline.save(folder)
        lines = (json.dumps(name, ensure_ascii=False) + "\n" for name in self._class_names)
        (folder / _LABELS_FILE).write_text("".join(lines), encoding="utf-8")

    def load_vocabularies(self, folder: Path) -> None:
        self._pipeline = TextPipeline.load(folder, self.config.text)
        lines = (folder / _LABELS_FILE).read_text(encoding="utf-8").split("\n")
        self._class_names = [json.loads(line) for line in lines if line]

    # Model

    def build_model(self) -> keras.Model:
        arguments = self.config.model.model_dump()
        affixes = self._pipeline.affixes
        if affixes is not None:
            arguments |= {"affix_vocabulary_size": len(affixes.vocabulary), "num_affixes": affixes.num_affixes}
        return build_text_classifier(len(self._class_names), len(self._pipeline.vocabulary), **arguments)

    def compute_loss(
        self, model: keras.Model, batch: Mapping[str, tf.Tensor], state: Any, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor, Any]:
        logits = model(_model_inputs(batch), training=training)
        is_real = tf.cast(batch[EXAMPLE_INDEX] >= 0, tf.float32)
        smoothing = self.config.train.label_smoothing if training else 0.0
        return *softmax_cross_entropy_sum(logits, batch["label"], is_real, smoothing), None

    # Evaluation

    def evaluate(self, model: keras.Model, split: Split, *, details: bool = False) -> Evaluation:
        batches = self.make_batches(split, shuffle=False)
        logits = self.collect_outputs(model, batches, _model_inputs)
        return self._score(split, tf.nn.softmax(logits).numpy(), details)

    def evaluate_predictor(self, predict: Callable[[list[bytes]], list[dict]], split: Split) -> Evaluation:
        answers = predict(split.read_texts())
        probabilities = np.array(
            [[answer["probabilities"][name] for name in self._class_names] for answer in answers], np.float32
        )
        return self._score(split, probabilities, details=True)

    def _score(self, split: Split, probabilities: np.ndarray, details: bool) -> Evaluation:
        num_mistakes = self.config.evaluate.num_mistakes if details else 0
        texts = [text.decode(errors="replace") for text in split.read_texts()] if num_mistakes else []
        labels = split.columns["label"].values
        return evaluate_classification(labels, probabilities, self._class_names, texts, num_mistakes)

    def evaluate_baseline(self, train: Split, split: Split) -> dict[str, float]:
        def texts(of: Split) -> list[np.ndarray]:
            column = of.columns["token_ids"]
            return np.split(column.values, column.offsets[1:-1])

        labels = split.columns["label"].values
        num_ids = len(self._pipeline.vocabulary)
        predicted = predict_with_bag_of_words(texts(train), train.columns["label"].values, texts(split), num_ids)
        return {"bag_of_words_accuracy": float(np.mean(predicted == labels))}

    def selection_score(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        return metrics["accuracy"], -metrics["loss"]

    def save_figures(self, evaluation: Evaluation, folder: Path) -> None:
        matrix = evaluation.details["confusion_matrix"]
        plot_confusion_matrix(matrix["rows_true_columns_predicted"], matrix["classes"], folder / "confusion_matrix.png")

    # Export

    def make_serving_module(self, model: keras.Model) -> tuple[tf.Module, dict[str, Any]]:
        module = TextClassifierServing(model, self._pipeline, self._class_names)
        return module, {"serving_default": module.classify}

    def reference_requests(self) -> dict[str, list[dict[str, list]]]:
        examples = self.example_texts()
        return {"serving_default": [{"text": examples}, {"text": examples[:1] + list(ODD_TEXTS)}]}

    def example_texts(self) -> list[str]:
        return list(self.config.export.examples) or _DEFAULT_EXAMPLES


def _make_label_lookup(class_names: Sequence[str], dataset_classes: Sequence[str]) -> Callable:
    """Returns a function from labels of the data set, numbers or strings, to our classes or -1."""
    if dataset_classes:
        places = {name: place for place, name in enumerate(class_names)}
        ours = tf.constant([places.get(name, _UNKNOWN_LABEL) for name in dataset_classes] + [_UNKNOWN_LABEL])
        return lambda labels: tf.gather(ours, tf.where(labels < 0, len(dataset_classes), tf.cast(labels, tf.int32)))
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(tf.constant(list(class_names)), tf.range(len(class_names))), _UNKNOWN_LABEL
    )
    return table.lookup


def _model_inputs(tensors: Mapping[str, Any]) -> Any:
    """Picks the model's inputs out of a batch: the ids alone, or a dictionary where there are affixes."""
    if "affix_ids" not in tensors:
        return tensors["token_ids"]
    return {name: tensors[name] for name in ("token_ids", "affix_ids")}


class TextClassifierServing(tf.Module):
    """What is exported: raw strings to labels.

    Args:
        model: A text classifier.
        pipeline: From strings to its token ids.
        class_names: Names of its classes.
    """

    def __init__(self, model: keras.Model, pipeline: TextPipeline, class_names: Sequence[str]):
        super().__init__()
        self.model = model
        self.pipeline = pipeline
        self._class_names = tf.constant(list(class_names))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def classify(self, text):
        """Classifies raw strings, (batch,)."""
        logits = self.model(_model_inputs(self.pipeline(text)), training=False)
        probabilities = tf.nn.softmax(logits)
        return {
            "label": tf.gather(self._class_names, tf.argmax(probabilities, axis=-1)),
            "score": tf.reduce_max(probabilities, axis=-1),
            "classes": tf.tile(self._class_names[None], [tf.shape(text)[0], 1]),
            "probabilities": probabilities,
        }
