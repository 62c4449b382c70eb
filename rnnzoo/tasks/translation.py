"""Translation, and everything else that turns one text into another."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.builders import build_translator
from rnnzoo.config import RunConfig
from rnnzoo.datasets import EXAMPLE_INDEX, Batches, Dataset, choose_widths
from rnnzoo.evaluation import (
    Evaluation,
    RetrievalBaseline,
    TransliterationBaseline,
    evaluate_translation,
    softmax_cross_entropy_sum,
)
from rnnzoo.tasks.odd_texts import ODD_TEXTS
from rnnzoo.tasks.sequence_task import SequenceTask
from rnnzoo.tasks.splits import MOST_BASELINE_EXAMPLES
from rnnzoo.tasks.translation_pairs import PairSplit, encode_pairs, iterate_pairs, split_targets
from rnnzoo.tasks.translation_search import TranslationSearch
from rnnzoo.tasks.translation_serving import TranslationServing
from rnnzoo.text import PAD_ID, PairPipeline

_DEFAULT_EXAMPLES = ["Hello!", "How are you?"]
_ODD_OUTPUTS = ("", "Yes.", b"broken \xff\xfe utf-8", "日本語", "long " * 600)
_LOWER_IS_BETTER = ("character_error_rate", "perplexity")
_DECODED_AT_ONCE = 64
_SHORT = 30


class Translation(SequenceTask):
    """Many to many, out of step: an encoder reads one text, a decoder writes another."""

    sequence_column = "source_ids"
    target_column = "target_ids"

    def __init__(self, config: RunConfig):
        super().__init__(config)
        self._scored_model: keras.Model | None = None
        self._compute_losses: Callable | None = None
        self._decode: Callable | None = None

    @property
    def input_feature(self) -> str:
        return self.config.data.source_feature

    @property
    def _features(self) -> list[str]:
        data = self.config.data
        return [data.source_feature, data.target_feature]

    # Data

    def _learn_pipeline(self, train: tf.data.Dataset) -> PairPipeline:
        pairs = iterate_pairs(train, self.config.data, f"counting {self.config.text.unit}")
        return PairPipeline.learn(self.config.text, pairs)

    def _load_pipeline(self, folder: Path) -> PairPipeline:
        return PairPipeline.load(folder, self.config.text)

    def _encode(self, name: str, examples: tf.data.Dataset, dataset: Dataset) -> PairSplit:
        key = self._make_key(name, dataset, to_train=False)
        return encode_pairs(name, examples, self._pipeline, self.config.data, to_train=False, make_key=key)

    def _encode_to_train(self, name: str, examples: tf.data.Dataset, dataset: Dataset) -> PairSplit:
        key = self._make_key(name, dataset, to_train=True)
        return encode_pairs(name, examples, self._pipeline, self.config.data, to_train=True, make_key=key)

    def make_batches(self, split: PairSplit, *, shuffle: bool) -> Batches:
        train = self.config.train
        names = (self.sequence_column, self.target_column)
        longest = np.maximum(*(split.columns[name].lengths for name in names))
        widths = choose_widths(longest, train.num_buckets, train.batch_size)
        return Batches(split.columns, names, widths, train.batch_size, self.config.seed if shuffle else None)

    def vocabulary_sizes(self) -> dict[str, int]:
        unit, pipeline = self.config.text.unit, self._pipeline
        if pipeline.has_joint_vocabulary:
            return {unit: pipeline.target.num_ids}
        return {f"source {unit}": pipeline.source.num_ids, f"target {unit}": pipeline.target.num_ids}

    # Model

    def build_model(self) -> keras.Model:
        pipeline = self._pipeline
        return build_translator(pipeline.source.num_ids, pipeline.target.num_ids, **self.config.model.model_dump())

    def compute_loss(
        self, model: keras.Model, batch: Mapping[str, tf.Tensor], state: Any, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor, Any]:
        inputs, labels = split_targets(batch["target_ids"])
        logits = model({"source_ids": batch["source_ids"], "target_ids": inputs}, training=training)
        is_token = tf.cast(labels != PAD_ID, tf.float32)
        smoothing = self.config.train.label_smoothing if training else 0.0
        return *softmax_cross_entropy_sum(logits, labels, is_token, smoothing), None

    # Evaluation

    @property
    def headline_metric(self) -> str:
        return self.config.evaluate.metric

    def selection_score(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        score = metrics[self.headline_metric]
        return -score if self.headline_metric in _LOWER_IS_BETTER else score, -metrics["loss"]

    def evaluate(self, model: keras.Model, split: PairSplit, *, details: bool = False) -> Evaluation:
        """Scores what is decoded: with `details` all, as an export decodes it, else the first examples, greedily."""
        evaluate = self.config.evaluate
        decoded = split if details else split.first(evaluate.num_decoded)
        beam_width = self.config.decode.beam_width if details else 1
        evaluation = self._compare(decoded, self._translate(model, decoded, beam_width), details)
        loss = self._compute_loss_of(model, split)
        return Evaluation(
            {"loss": loss, "perplexity": float(np.exp(min(loss, 100.0))), **evaluation.metrics}, evaluation.details
        )

    def _compare(self, split: PairSplit, outputs: list[str], details: bool = False) -> Evaluation:
        sources = [text.decode(errors="replace") for text in split.read_inputs()]
        num_mistakes = self.config.evaluate.num_mistakes if details else 0
        evaluation = evaluate_translation(split.targets, outputs, sources, num_mistakes)
        if self.headline_metric != "character_error_rate":
            return evaluation
        # Of single words there is no BLEU, which counts sequences of four.
        metrics = {name: score for name, score in evaluation.metrics.items() if not name.startswith("bleu")}
        return Evaluation(metrics, evaluation.details)

    def _prepare(self, model: keras.Model) -> None:
        if self._scored_model is model:  # traced once, not once an epoch
            return
        self._scored_model = model
        search = TranslationSearch(model, self.config.decode)
        self._decode = tf.function(
            lambda source_ids, beam_width: self._pipeline.to_text(search(source_ids, beam_width).token_ids[:, 0]),
            reduce_retracing=True,
        )
        self._compute_losses = tf.function(
            lambda batch: self.compute_loss(model, batch, None, training=False)[:2], reduce_retracing=True
        )

    def _compute_loss_of(self, model: keras.Model, split: PairSplit) -> float:
        self._prepare(model)
        sums = np.zeros(2)
        for batch in self.make_batches(split, shuffle=False).epoch():
            tensors = {name: tf.constant(batch[name]) for name in ("source_ids", "target_ids")}
            sums += [float(total) for total in self._compute_losses(tensors)]
        return float(sums[0] / max(sums[1], 1.0))

    def _translate(self, model: keras.Model, split: PairSplit, beam_width: int) -> list[str]:
        self._prepare(model)
        column = split.columns["source_ids"]
        widths = choose_widths(column.lengths, self.config.train.num_buckets, _DECODED_AT_ONCE)
        outputs = [b""] * split.num_examples
        for batch in Batches({"source_ids": column}, "source_ids", widths, _DECODED_AT_ONCE).epoch():
            texts = self._decode(tf.constant(batch["source_ids"]), beam_width).numpy()
            for row, text in zip(batch[EXAMPLE_INDEX], texts, strict=True):
                if row >= 0:
                    outputs[row] = text
        # The white space that an export strips, no other.
        return [text.strip().decode(errors="replace") for text in outputs]

    def evaluate_predictor(self, predict: Callable[[list], list[dict]], split: PairSplit) -> Evaluation:
        return self._compare(split, [answer["output"] for answer in predict(split.read_inputs())], details=True)

    def evaluate_baseline(self, train: PairSplit, split: PairSplit) -> dict[str, float]:
        by_characters = self.headline_metric == "character_error_rate"
        name, make = ("alignment", TransliterationBaseline) if by_characters else ("retrieval", RetrievalBaseline)
        train = train.first(MOST_BASELINE_EXAMPLES)
        sources, queries = ([text.decode(errors="replace") for text in of.read_inputs()] for of in (train, split))
        return self._score_beside(name, split, make(sources, train.targets).predict(queries))

    def evaluate_further(
        self, model: keras.Model, dataset: Dataset, validation: PairSplit, test: PairSplit
    ) -> dict[str, float]:
        if self.config.decode.beam_width == 1:
            return {}
        return self._score_beside("greedy", test, self._translate(model, test, 1))

    def _score_beside(self, name: str, split: PairSplit, outputs: list[str]) -> dict[str, float]:
        """Scores outputs of another kind by the metric of the config, or BLEU where they have none, and as strings."""
        metrics = self._compare(split, outputs).metrics
        headline = "bleu" if self.headline_metric == "perplexity" else self.headline_metric
        return {f"{name}_{metric}": metrics[metric] for metric in dict.fromkeys((headline, "exact_match"))}

    def save_figures(self, evaluation: Evaluation, folder: Path) -> None:
        """Draws nothing."""

    # Export

    def make_serving_module(self, model: keras.Model) -> tuple[tf.Module, dict[str, Any]]:
        module = TranslationServing(model, self._pipeline, self.config.decode)
        return module, module.make_signatures()

    def reference_requests(self) -> dict[str, list[dict[str, list]]]:
        examples, odd = self.example_inputs(), list(ODD_TEXTS)
        texts = [{"text": examples}, {"text": odd}]
        outputs = [odd[place % len(odd)] for place in range(len(_ODD_OUTPUTS))]
        pairs = [{"text": examples, "output": examples[::-1]}, {"text": outputs, "output": list(_ODD_OUTPUTS)}]
        requests = {"serving_default": texts, "n_best": texts, "score_pair": pairs}
        if self.config.model.attention == "none":
            return requests
        # Weights of a long text would be most of what an export holds.
        short = [text for text in odd if len(text) < _SHORT]
        return requests | {"attention": [{"text": examples[:2]}, {"text": short}]}

    def example_inputs(self) -> list[str]:
        return list(self.config.export.examples) or _DEFAULT_EXAMPLES

    def describe_inputs(self) -> str:
        text, decode = self.config.text, self.config.decode
        return (
            f"A text is cut after {text.max_length} {text.unit}; what is written for n of them has at most "
            f"{decode.max_length_ratio:g} n + {decode.max_length_extra}, and never more than "
            f"{decode.max_tokens_limit}. "
            "White space around a text does not count. What was never seen counts as `<unk>`, which is never written; "
            "broken UTF-8 counts as U+FFFD, and an empty text is answered too. Texts are expected in NFC. An output "
            "does not depend on what else is in the batch. `score` is the log probability over ((5 + length) / 6) to "
            f"the power of {decode.length_penalty:g}."
        )
