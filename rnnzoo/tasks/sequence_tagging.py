"""Sequence tagging: a tag for each word of a sentence."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.builders import build_sequence_tagger
from rnnzoo.config import RunConfig
from rnnzoo.datasets import Dataset, find_file, iterate_values
from rnnzoo.evaluation import Evaluation, predict_with_most_frequent_tags, score_tokenization
from rnnzoo.tasks.odd_texts import ODD_TEXTS
from rnnzoo.tasks.splits import MOST_BASELINE_EXAMPLES, Split
from rnnzoo.tasks.tag_serving import TaggerServing
from rnnzoo.tasks.tagging import Tagging
from rnnzoo.text import (
    EOS_ID,
    UNKNOWN_ID,
    WORD_SHAPES,
    PretrainedVectors,
    WordPipeline,
    count_tokens,
    fold_words,
    load_pretrained_vectors,
    to_dense,
)

_DEFAULT_EXAMPLES = ["I saw the new film in London yesterday.", "Is it any good?", "Dr. Lee doesn't like e-mail."]


class SequenceTagging(Tagging):
    """Many to many, in step: from words, or raw strings, to a tag for each word."""

    sequence_column = "token_ids"
    names_of_sequences = ("sentences", "tokens")
    scored_signature = "tag_tokens"

    def __init__(self, config: RunConfig):
        super().__init__(config)
        self._vectors: PretrainedVectors | None = None
        self._word_counts: np.ndarray | None = None

    @property
    def input_feature(self) -> str:
        return self.config.data.tokens_feature

    @property
    def _features(self) -> list[str]:
        text_feature = self.config.data.text_feature
        return [*super()._features, text_feature] if text_feature else super()._features

    @property
    def _ignored_tags(self) -> list[str]:
        return self.config.data.ignored_tags

    # Data

    def learn_vocabularies(self, dataset: Dataset) -> None:
        super().learn_vocabularies(dataset)
        self._load_vectors(dataset)

    def load_training_splits(self, dataset: Dataset) -> tuple[Split, Split]:
        if self._vectors is None:
            self._load_vectors(dataset)
        train, validation = super().load_training_splits(dataset)
        self._word_counts = train.columns["token_ids"].count(len(self._pipeline.vocabulary))
        if self._vectors is not None:
            figures = {name: self._vectors.report[name] for name in ("found", "vocabulary_share", "token_share")}
            train.report.update({f"pretrained_vectors_{name}": figure for name, figure in figures.items()})
        return train, validation

    def _load_vectors(self, dataset: Dataset) -> None:
        text = self.config.text
        if text.pretrained_vectors:
            file = find_file(text.pretrained_vectors, "text.pretrained_vectors", dataset.data_dir)
            counts = fold_words(self._count_words(self._training_examples(dataset)[0]), text.lowercase)
            words = self._pipeline.vocabulary.tokens
            self._vectors = load_pretrained_vectors(file, words, counts, self.config.model.embedding_dim)

    def _count_words(self, examples: tf.data.Dataset) -> Counter[str]:
        sentences = iterate_values(examples, self.input_feature, "counting words")
        return count_tokens(word for words in sentences for word in words)

    def _learn_pipeline(self, train: tf.data.Dataset) -> WordPipeline:
        return WordPipeline.learn(self.config.text, self._count_words(train))

    def _load_pipeline(self, folder: Path) -> WordPipeline:
        return WordPipeline.load(folder, self.config.text)

    def _encode_inputs(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        tokens = batch[self.input_feature]
        inputs, num_cut = self._pipeline.encode_tokens(tokens)
        columns = {**inputs, "num_cut": num_cut, "is_known": self._pipeline.knows(tokens)}
        text_feature = self.config.data.text_feature
        return {**columns, "text": _to_bytes(batch[text_feature])} if text_feature else columns

    @staticmethod
    def _is_real(steps: Any) -> Any:
        return (steps == UNKNOWN_ID) | (steps > EOS_ID)

    def _report(self, columns: Mapping[str, Any]) -> dict[str, int | float]:
        return {**super()._report(columns), "unknown_token_share": round(columns["is_known"].share(False), 4)}

    def name_input(self, given: np.ndarray) -> bytes:
        return b" ".join(given)

    def vocabulary_sizes(self) -> dict[str, int]:
        pipeline = self._pipeline
        parts = {"tokens": pipeline, "affixes": pipeline.affixes, "characters": pipeline.characters}
        sizes = {name: len(part.vocabulary) for name, part in parts.items() if part is not None}
        return {**sizes, "tags": len(self.tag_names)}

    # Model

    def build_model(self) -> keras.Model:
        pipeline, arguments = self._pipeline, self._model_arguments()
        rareness = arguments.pop("rare_word_dropout")
        if rareness and self._word_counts is not None:  # a model that is only built is not trained
            rates = np.maximum(rareness / (rareness + self._word_counts), arguments["word_dropout"])
            arguments["word_dropout"] = rates.round(4).tolist()
        arguments["vocabulary_size"] = len(pipeline.vocabulary)
        if pipeline.affixes is not None:
            arguments["affix_vocabulary_size"] = len(pipeline.affixes.vocabulary)
            arguments["num_affixes"] = pipeline.affixes.num_affixes
        if pipeline.characters is not None:
            arguments["character_vocabulary_size"] = len(pipeline.characters.vocabulary)
            arguments["word_length"] = pipeline.characters.word_length
        if pipeline.shapes:
            arguments["num_shapes"] = len(WORD_SHAPES)
        model = build_sequence_tagger(**arguments)
        if self._vectors is not None:
            embeddings = model.get_layer("embedding").embeddings
            is_found = self._vectors.is_found[:, None]
            embeddings.assign(np.where(is_found, self._vectors.matrix, embeddings.numpy()))
        return model

    # Evaluation

    def _make_row(self, given: np.ndarray) -> dict[str, list[bytes]]:
        return {"tokens": given.tolist()}

    def _name_steps(self, split: Split) -> list[str]:
        return [word.decode(errors="replace") for word in _list_words(split)]

    def _score(self, split: Split, predicted: np.ndarray, details: bool, **figures: Any) -> Evaluation:
        evaluation = super()._score(split, predicted, details, **figures)
        if details and "text" in split.columns:
            column = split.columns["text"]
            texts = tf.constant([column.values[start:end].tobytes() for start, end in pairwise(column.offsets)])
            tokens = (row.tolist() for row in self._pipeline.tokenizer(texts).numpy())
            score = score_tokenization((row.tolist() for row in split.read_inputs()), tokens)
            evaluation.metrics["tokenization_f1"] = score.f1
        return evaluation

    def _predict_baseline(self, train: Split, split: Split) -> tuple[str, np.ndarray]:
        train = train.first(MOST_BASELINE_EXAMPLES)
        train_words, words = list(_list_words(train)), list(_list_words(split))
        return "dictionary", predict_with_most_frequent_tags(train_words, train.columns["gold"].values, words)

    # Export

    def make_serving_module(self, model: keras.Model) -> tuple[tf.Module, dict[str, Any]]:
        module = WordTaggerServing(model, self._pipeline, self._tags, self._is_real)
        return module, {"serving_default": module.tag_text, "tag_tokens": module.tag_tokens}

    def reference_requests(self) -> dict[str, list[dict[str, Any]]]:
        examples = self.example_inputs()
        tokens = self._pipeline.tokenizer(tf.constant(examples))
        lengths = tokens.row_lengths().numpy().tolist()
        odd = [["", "a", "", b"\xff\xc3"], ["nul \x00", " ", "’s", "é" * 99], ["past", "the", "length", "is"]]
        odd_lengths = [4, 99, 1, 0, -1]
        return {
            "serving_default": [{"text": examples}, {"text": examples[:1] + list(ODD_TEXTS)}],
            "tag_tokens": [
                {"tokens": to_dense(tokens, "").numpy().tolist(), "length": lengths},
                {"tokens": [*odd, odd[0], odd[1]], "length": odd_lengths},
                {"tokens": [[]], "length": [1]},
            ],
        }

    def example_inputs(self) -> list[str]:
        return list(self.config.export.examples) or _DEFAULT_EXAMPLES

    def describe_inputs(self) -> str:
        max_length = self.config.text.max_length
        return (
            f"{self._tags.describe(self.config.model.head)} `serving_default` cuts a text into words; its answer ends "
            f"after {max_length}. `tag_tokens` takes sentences that are cut already, padded to one width: what lies "
            f"past `length` is ignored, whatever it holds, and words past {max_length} have no tag, as if the sentence "
            'ended there: "" in `tags`, and the `length` of the answer leaves them out. Broken UTF-8 counts as U+FFFD, '
            "an empty string inside a sentence as an unknown word. A text without a word is answered too."
        )


class WordTaggerServing(TaggerServing):
    """What is exported: raw strings, or words, to tags."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def tag_text(self, text):
        """Tags raw strings, (batch,)."""
        tokens = self.pipeline.tokenizer(text)[:, : self.pipeline.max_length]
        dense = to_dense(tokens, "")
        return {"tokens": dense, **self._tag(tokens, tf.shape(dense)[1])}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.string, name="tokens"),
            tf.TensorSpec([None], tf.int32, name="length"),
        ]
    )
    def tag_tokens(self, tokens, length):
        """Tags padded sentences, (batch, time), of some lengths, (batch,)."""
        width = tf.shape(tokens)[1]
        length = tf.clip_by_value(length, 0, tf.minimum(width, self.pipeline.max_length))
        return self._tag(tf.RaggedTensor.from_tensor(tokens, length), width)

    def _tag(self, tokens: tf.RaggedTensor, width: tf.Tensor) -> dict[str, tf.Tensor]:
        inputs = {name: to_dense(ragged) for name, ragged in self.pipeline.encode_tokens(tokens)[0].items()}
        return self._answer(inputs, "token_ids", tokens.row_lengths(), width)


def _list_words(split: Split) -> Iterator[bytes]:
    return (word for words in split.iterate_inputs() for word in words)


def _to_bytes(texts: tf.Tensor) -> tf.RaggedTensor:
    """Turns strings, (batch,), into numbers, as columns have them: (batch, (bytes)) uint8."""
    values = tf.io.decode_raw(tf.strings.reduce_join(texts), tf.uint8)
    return tf.RaggedTensor.from_row_lengths(values, tf.strings.length(texts), validate=False)
