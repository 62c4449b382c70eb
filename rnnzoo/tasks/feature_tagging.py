"""Feature tagging: a tag for each step of a sequence of numbers."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.builders import build_sequence_tagger
from rnnzoo.evaluation import predict_with_single_steps
from rnnzoo.tasks.feature_input import FeatureInput
from rnnzoo.tasks.splits import MOST_BASELINE_EXAMPLES, Split
from rnnzoo.tasks.tag_serving import TaggerServing
from rnnzoo.tasks.tagging import Tagging


class FeatureTagging(FeatureInput, Tagging):
    """Many to many, in step: from sequences of numbers to a tag for each step."""

    scored_signature = "serving_default"

    def _encode_inputs(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        inputs, num_cut = self._pipeline.encode(batch[self.input_feature])
        return {**inputs, "num_cut": num_cut}

    @staticmethod
    def _is_real(steps: Any) -> Any:
        return steps[..., -1] != 0.0  # the pipeline's mark

    def build_model(self) -> keras.Model:
        feature_dim = self._pipeline.feature_dim
        return build_sequence_tagger(feature_dim=feature_dim, name="feature_tagger", **self._model_arguments())

    def _predict_baseline(self, train: Split, split: Split) -> tuple[str, np.ndarray]:
        train = train.first(MOST_BASELINE_EXAMPLES)
        inputs, gold = train.columns["features"].values, train.columns["gold"]
        predicted = np.zeros(len(split.columns["gold"].values), np.int64)
        tags = predict_with_single_steps(inputs, gold.values[self._is_kept(gold)], split.columns["features"].values)
        predicted[self._is_kept(split.columns["gold"])] = tags
        return "single_step", predicted

    def make_serving_module(self, model: keras.Model) -> tuple[tf.Module, dict[str, Any]]:
        module = FeatureTaggerServing(model, self._pipeline, self._tags, self._is_real)
        return module, {"serving_default": module.tag}

    def describe_inputs(self) -> str:
        tags = self._tags.describe(self.config.model.head)
        return f"{tags} {super().describe_inputs()} The `length` of an answer leaves out what was cut."


class FeatureTaggerServing(TaggerServing):
    """What is exported: sequences of numbers to tags."""

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        features = tf.TensorSpec([None, None, self.pipeline.dim], tf.float32, name="features")
        length = tf.TensorSpec([None], tf.int32, name="length")
        self.tag = tf.function(self._tag, input_signature=[features, length])

    def _tag(self, features, length):
        """Tags padded sequences, (batch, time, dim), of some lengths, (batch,)."""
        width = tf.shape(features)[1]
        length = tf.clip_by_value(length, 0, tf.minimum(width, self.pipeline.max_length))
        return self._answer(self.pipeline(features, length), "features", length, width)
