"""Feature classification: a class for a whole sequence of numbers."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.builders import build_text_classifier
from rnnzoo.evaluation import predict_with_step_statistics
from rnnzoo.tasks.classification import Classification, ClassifierServing
from rnnzoo.tasks.feature_input import FeatureInput
from rnnzoo.tasks.feature_pipeline import FeaturePipeline
from rnnzoo.tasks.splits import MOST_BASELINE_EXAMPLES, Split


class FeatureClassification(FeatureInput, Classification):
    """Many to one, from sequences of numbers to the probabilities of classes."""

    # Model

    def build_model(self) -> keras.Model:
        feature_dim = self._pipeline.feature_dim
        return build_text_classifier(
            len(self._class_names), feature_dim=feature_dim, name="feature_classifier", **self.config.model.model_dump()
        )

    # Evaluation

    def evaluate_baseline(self, train: Split, split: Split) -> dict[str, float]:
        def sequences(of: Split) -> list[np.ndarray]:
            column = of.columns["features"]
            return np.split(column.values, column.offsets[1:-1])

        train = train.first(MOST_BASELINE_EXAMPLES)
        predicted = predict_with_step_statistics(sequences(train), train.columns["label"].values, sequences(split))
        return self._score_baseline("step_statistics", predicted, split)

    # Export

    def make_serving_module(self, model: keras.Model) -> tuple[tf.Module, dict[str, Any]]:
        module = FeatureClassifierServing(model, self._pipeline, self._class_names)
        return module, {"serving_default": module.classify}


class FeatureClassifierServing(ClassifierServing):
    """What is exported: sequences of numbers to labels."""

    def __init__(self, model: keras.Model, pipeline: FeaturePipeline, class_names: list[str]):
        super().__init__(model, pipeline, class_names)
        features = tf.TensorSpec([None, None, pipeline.dim], tf.float32, name="features")
        length = tf.TensorSpec([None], tf.int32, name="length")
        self.classify = tf.function(self._classify, input_signature=[features, length])

    def _classify(self, features, length):
        """Classifies padded sequences, (batch, time, dim), of some lengths, (batch,)."""
        return self._answer(self.pipeline(features, length))
