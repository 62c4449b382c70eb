"""Text classification: a class for a whole text."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.builders import build_text_classifier
from rnnzoo.datasets import batch_examples, iterate_batches
from rnnzoo.evaluation import predict_with_bag_of_words
from rnnzoo.tasks.classification import Classification, ClassifierServing
from rnnzoo.tasks.odd_texts import ODD_TEXTS
from rnnzoo.tasks.splits import MOST_BASELINE_EXAMPLES, Split
from rnnzoo.text import UNKNOWN_ID, TextPipeline, count_tokens, make_tokenizer

_DEFAULT_EXAMPLES = ["a wonderful film", "not good at all", "It was long, but I liked it."]


class TextClassification(Classification):
    """Many to one, from raw strings to the probabilities of classes."""

    sequence_column = "token_ids"
    names_of_sequences = ("texts", "tokens")

    @property
    def input_feature(self) -> str:
        return self.config.data.text_feature

    # Data

    def _learn_pipeline(self, train: tf.data.Dataset) -> TextPipeline:
        text = self.config.text
        tokenizer = make_tokenizer(text.tokenizer, text.lowercase, text.blanks)

        def tokenize(examples):
            return tokenizer(examples[self.input_feature])

        batches = batch_examples(train).map(tokenize)
        words = iterate_batches(batches, "counting words")
        counts = count_tokens(token for batch in words for token in batch.flat_values.numpy())
        again = iterate_batches(batches, "counting n-grams")
        texts = ([token.decode() for token in row] for batch in again for row in batch.to_list())
        return TextPipeline.learn(text, counts, texts)

    def _load_pipeline(self, folder: Path) -> TextPipeline:
        return TextPipeline.load(folder, self.config.text)

    def _report(self, columns: Mapping[str, Any]) -> dict[str, int | float]:
        return {**super()._report(columns), "unknown_token_share": round(columns["token_ids"].share(UNKNOWN_ID), 4)}

    @property
    def _length_of_empty(self) -> int:
        return 2 if self._pipeline.boundary_tokens else 0

    def vocabulary_sizes(self) -> dict[str, int]:
        sizes = {"tokens": len(self._pipeline.vocabulary)}
        if self._pipeline.affixes is not None:
            sizes["affixes"] = len(self._pipeline.affixes.vocabulary)
        if self._pipeline.ngrams is not None:
            sizes["n-grams"] = len(self._pipeline.ngrams.vocabulary)
        return sizes

    # Model

    def build_model(self) -> keras.Model:
        arguments = self.config.model.model_dump()
        affixes, ngrams = self._pipeline.affixes, self._pipeline.ngrams
        if ngrams is not None:
            arguments |= {"ngram_vocabulary_size": len(ngrams.vocabulary), "num_ngrams": ngrams.num_ngrams}
        if affixes is not None:
            arguments |= {"affix_vocabulary_size": len(affixes.vocabulary), "num_affixes": affixes.num_affixes}
        return build_text_classifier(len(self._class_names), len(self._pipeline.vocabulary), **arguments)

    # Evaluation

    def evaluate_baseline(self, train: Split, split: Split) -> dict[str, float]:
        def texts(of: Split) -> list[np.ndarray]:
            column = of.columns["token_ids"]
            return np.split(column.values, column.offsets[1:-1])

        num_ids, train = len(self._pipeline.vocabulary), train.first(MOST_BASELINE_EXAMPLES)
        predicted = predict_with_bag_of_words(texts(train), train.columns["label"].values, texts(split), num_ids)
        return self._score_baseline("bag_of_words", predicted, split)

    # Export

    def make_serving_module(self, model: keras.Model) -> tuple[tf.Module, dict[str, Any]]:
        module = TextClassifierServing(model, self._pipeline, self._class_names)
        return module, {"serving_default": module.classify}

    def reference_requests(self) -> dict[str, list[dict[str, list]]]:
        examples = self.example_inputs()
        return {"serving_default": [{"text": examples}, {"text": examples[:1] + list(ODD_TEXTS)}]}

    def example_inputs(self) -> list[str]:
        return list(self.config.export.examples) or _DEFAULT_EXAMPLES

    def describe_inputs(self) -> str:
        text = self.config.text
        return (
            f"A text is cut after {text.max_length} {text.tokenizer}. Broken UTF-8 is replaced by U+FFFD; an empty "
            "text is answered too."
        )


class TextClassifierServing(ClassifierServing):
    """What is exported: raw strings to labels."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def classify(self, text):
        """Classifies raw strings, (batch,)."""
        return self._answer(self.pipeline(text))
