"""Language modelling: what comes next in a text, and texts made of that."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from rnnzoo.builders import build_language_model
from rnnzoo.config import RunConfig
from rnnzoo.datasets import Batches, Dataset, EncodedText, StreamBatches
from rnnzoo.evaluation import Evaluation, NgramLanguageModel, compute_perplexity, softmax_cross_entropy_sum
from rnnzoo.tasks.encoding_keys import make_encoding_key
from rnnzoo.tasks.language_conditions import Conditions, learn_conditions, load_conditions
from rnnzoo.tasks.language_data import (
    LanguageReader,
    LanguageSplit,
    hold_back,
    make_scoring_batches,
    make_training_batches,
    take_end,
)
from rnnzoo.tasks.language_requests import make_requests
from rnnzoo.tasks.language_samples import compare_samples, iterate_texts, sample_texts
from rnnzoo.tasks.language_scoring import Surprise, TextScorer, run_window, zero_state
from rnnzoo.tasks.language_serving import MOST_STOP_TOKENS, LanguageModelServing
from rnnzoo.tasks.task import Task
from rnnzoo.text import PAD_ID, SPECIAL_TOKENS, UNKNOWN_ID, LanguagePipeline

# For private use in Unicode: one token, and of no vocabulary.
_UNKNOWN_WORD = "\ue000".encode()
_UNITS = {"characters": "character", "bytes": "byte", "words": "word"}
# A text of any size is trained on, but the counts of the n-grams of one are all in memory.
_MOST_COUNTED_TOKENS = 20_000_000
_DEFAULT_EXAMPLES = ["", "The ", "Once upon a time"]


class LanguageModeling(Task):
    """Generation: from what was read so far, and a class or a vector where the data has one, to more text.

    The text is one stream, whose state is carried from batch to batch, or documents that begin and end.
    """

    def __init__(self, config: RunConfig):
        super().__init__(config)
        self._pipeline: LanguagePipeline | None = None
        self._conditions: Conditions | None = None
        self._scorer: TextScorer | None = None
        self._ngrams: NgramLanguageModel | None = None
        self._all_of_train: EncodedText | None = None

    @property
    def pipeline(self) -> LanguagePipeline:
        """From strings to ids and back."""
        return self._pipeline

    # Data

    def learn_vocabularies(self, dataset: Dataset) -> None:
        reader = LanguageReader(self.config, dataset)
        train, _ = reader.read_training_examples()
        pieces = reader.iterate_pieces(train, f"counting {self.config.text.unit}")
        self._pipeline = LanguagePipeline.learn(self.config.text, (text for text, _ in pieces))
        if self.config.data.condition_feature:
            # Of all of train: a rare class may be among the examples that are held back.
            values = reader.iterate_conditions(reader.read(self.config.data.train_split))
            self._conditions = learn_conditions(dataset, self.config.data.condition_feature, values)

    def load_training_splits(self, dataset: Dataset) -> tuple[LanguageSplit, LanguageSplit]:
        data, reader = self.config.data, LanguageReader(self.config, dataset)
        train, validation = reader.read_training_examples()
        part = f"{data.train_split} but for what is held back"
        if validation is None:
            held_back = "documents held back from" if data.documents else "the end of"
            whole = self._encode(reader, data.train_split, train)
            self._all_of_train = whole.text
            return hold_back(whole, data, (part, f"{held_back} {data.train_split}"))
        names = (data.train_split, data.validation_split)
        if not data.validation_split:
            names = (part, f"examples held back from {data.train_split}")
        return self._encode(reader, names[0], train), self._encode(reader, names[1], validation)

    def load_split(self, dataset: Dataset, split: str) -> LanguageSplit:
        reader = LanguageReader(self.config, dataset)
        return self._encode(reader, split, reader.read(split))

    def _encode(self, reader: LanguageReader, name: str, examples: tf.data.Dataset) -> LanguageSplit:
        encode = None if self._conditions is None else self._conditions.encode
        return reader.encode(name, examples, self._pipeline, encode, self._make_key(reader, name))

    def _make_key(self, reader: LanguageReader, name: str) -> Callable[[], str]:
        return lambda: make_encoding_key(self.config, reader.dataset, name, self.save_vocabularies)

    def make_batches(self, split: LanguageSplit, *, shuffle: bool) -> Batches | StreamBatches:
        train = self.config.train
        seed = self.config.seed if shuffle else None
        return make_training_batches(split, train.batch_size, train.window_length, train.num_buckets, seed)

    def save_vocabularies(self, folder: Path) -> None:
        self._pipeline.save(folder)
        if self._conditions is not None:
            self._conditions.save(folder)

    def load_vocabularies(self, folder: Path) -> None:
        self._pipeline = LanguagePipeline.load(folder, self.config.text)
        if self.config.data.condition_feature:
            self._conditions = load_conditions(folder)

    def vocabulary_sizes(self) -> dict[str, int]:
        return {self.config.text.unit: self._pipeline.num_ids}

    # Model

    def build_model(self) -> keras.Model:
        arguments = self.config.model.model_dump()
        if self._conditions is not None:
            arguments |= self._conditions.builder_arguments
        return build_language_model(self._pipeline.num_ids, **arguments)

    def compute_loss(
        self, model: keras.Model, batch: Mapping[str, tf.Tensor], state: Any, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor, Any]:
        if state is None:
            state = zero_state(model, tf.shape(batch["token_ids"])[0])
        answer = run_window(model, batch, state, training)
        targets = batch["target_ids"]
        smoothing = self.config.train.label_smoothing if training else 0.0
        is_target = tf.cast(targets != PAD_ID, tf.float32)
        loss = softmax_cross_entropy_sum(answer["logits"], targets, is_target, smoothing)
        # Whole documents in a batch begin anew in the next.
        return *loss, answer["state"] if "keep_state" in batch else None

    # Evaluation

    @property
    def _unit(self) -> str:
        return _UNITS[self.config.text.unit]

    @property
    def headline_metric(self) -> str:
        return f"nats_per_{self._unit}"

    def selection_score(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        return (-metrics[self.headline_metric],)

    def evaluate(self, model: keras.Model, split: LanguageSplit, *, details: bool = False) -> Evaluation:
        if self._scorer is None or self._scorer.model is not model:  # traced once, not once an epoch
            self._scorer = TextScorer(model)
        num_surprises = self.config.evaluate.num_mistakes if details else 0
        nats, surprises = self._scorer.score(make_scoring_batches(split, self._pipeline.num_ids), num_surprises)
        evaluation = self._report(split, nats, split.text.num_targets)
        if details:
            evaluation.details["least_expected"] = [self._describe_surprise(surprise) for surprise in surprises]
        return evaluation

    def _report(self, split: LanguageSplit, nats: float, num_scored: int) -> Evaluation:
        text = split.text
        counts = {"num_documents": text.num_documents, f"num_{self.config.text.unit}": text.num_targets}
        return Evaluation(compute_perplexity(nats, num_scored, self._unit) | counts)

    def _describe_surprise(self, surprise: Surprise) -> dict[str, Any]:
        texts = self._pipeline.to_text(tf.ragged.constant([surprise.context.tolist(), [surprise.token_id]], tf.int32))
        after, token = (text.decode(errors="replace") for text in texts.numpy())
        return {"after": after, "came": token or "<eos>", "probability": surprise.probability}

    def evaluate_predictor(self, predict: Callable[..., list[dict]], split: LanguageSplit) -> Evaluation:
        """Scores an export by its signature `score`, to which each of its longest texts is one from the beginning."""
        rows = list(self._make_rows(split))
        nats = -sum(answer["log_probability"] for answer in predict(rows, signature="score"))
        # A document that is too long for one row ends in each of its rows.
        num_scored = split.text.num_tokens + (0 if split.text.is_stream else len(rows))
        return self._report(split, nats, num_scored)

    def _make_rows(self, split: LanguageSplit):
        text, longest = split.text, self._pipeline.max_length
        for number in range(text.num_documents):
            document = text.document(number)
            condition = {}
            if self._conditions is not None:
                value = self._conditions.make_request(split.conditions[number])
                condition = {self._conditions.input_spec.name: value}
            for start in range(0, max(len(document), 1), longest):
                ids = tf.ragged.constant([document[start : start + longest].tolist()], tf.int32)
                piece = self._pipeline.to_text(ids).numpy()[0]
                if self.config.text.unit == "words":
                    # `<unk>` would be read as three tokens.
                    piece = piece.replace(SPECIAL_TOKENS[UNKNOWN_ID].encode(), _UNKNOWN_WORD)
                yield {**condition, "text": piece}

    def evaluate_baseline(self, train: LanguageSplit, split: LanguageSplit) -> dict[str, float]:
        order = self.config.evaluate.ngram_order
        # It chooses nothing, so it need not do without what is held back of a stream.
        text = train.text if self._all_of_train is None else self._all_of_train
        counted = take_end(text, _MOST_COUNTED_TOKENS)
        self._ngrams = NgramLanguageModel(counted.with_boundaries(), self._pipeline.num_ids, order)
        return self._score_ngrams(split)

    def _score_ngrams(self, split: LanguageSplit) -> dict[str, float]:
        nats = -self._ngrams.log_probabilities(split.text.with_boundaries()).sum() / split.text.num_targets
        return {f"{self.config.evaluate.ngram_order}_gram_{self.headline_metric}": nats}

    def evaluate_further(
        self, model: keras.Model, dataset: Dataset, validation: LanguageSplit, test: LanguageSplit
    ) -> dict[str, float]:
        config, figures = self.config, {}
        parts = [part.strip() for part in config.data.test_split.split("+")]
        for name in parts if len(parts) > 1 else []:
            part = self.load_split(dataset, name)
            figures[f"{name}_{self.headline_metric}"] = self.evaluate(model, part).metrics[self.headline_metric]
            if self._ngrams is not None:
                baseline = self._score_ngrams(part)
                figures |= {f"{name}_{metric}": figure for metric, figure in baseline.items()}
        if config.data.documents and config.evaluate.num_samples:
            generate = self.make_serving_module(model)[1]["generate"]
            limit = config.decode.max_tokens_limit
            samples = sample_texts(generate, self._conditions, config.evaluate.num_samples, limit)
            known = self.load_split(dataset, config.data.train_split).text
            figures |= compare_samples(samples, iterate_texts(known, self._pipeline))
        return figures

    # Export

    def make_serving_module(self, model: keras.Model) -> tuple[tf.Module, dict[str, Any]]:
        config = self.config
        module = LanguageModelServing(model, self._pipeline, config.decode, config.data.documents, self._conditions)
        return module, module.make_signatures()

    def reference_requests(self) -> dict[str, list[dict[str, Any]]]:
        return make_requests(self._prompts(), self._conditions, self.config)

    def _prompts(self) -> list[str]:
        return list(self.config.export.examples) or _DEFAULT_EXAMPLES

    def example_inputs(self) -> list[str | dict[str, Any]]:
        prompts = self._prompts()
        if self._conditions is None:
            return prompts
        name = self._conditions.input_spec.name
        return [{name: value, "prompt": prompts[0]} for value in self._conditions.examples()]

    def describe_inputs(self) -> str:
        text, decode = self.config.text, self.config.decode
        return (
            f"Of a prompt the last {text.max_length} {text.unit} are read, of a text to score the first; a request for "
            f"more than {decode.max_tokens_limit} tokens gets that many. A {self._unit} that was never seen counts as "
            "`<unk>`, which is never generated; broken UTF-8 counts as U+FFFD, and an empty prompt is answered too. "
            "Texts are expected in NFC. A temperature of 0, or one that is no number, always takes the most probable; "
            f"of a stop string the first {MOST_STOP_TOKENS} tokens count. The same inputs and seed give the same text, "
            f"whatever else is in the batch.{self._conditions.remark if self._conditions else ''}"
        )
