"""What one writes with Keras: the text pipeline, `model.predict`, and the answer made of what it returns."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.serving_exports import Question, load_export_config, load_export_weights
from rnnzoo.tasks.language_scoring import zero_state
from rnnzoo.tasks.model_inputs import pick_model_inputs
from rnnzoo.tasks.registry import make_task
from rnnzoo.tasks.tag_decoding import decode_tags
from rnnzoo.tasks.translation_pairs import split_targets
from rnnzoo.text import BOS_ID, EOS_ID, PAD_ID, to_dense


class KerasAnswerer:
    """The Keras model of an export, with its weights.

    Args:
        export: The version folder.
    """

    def __init__(self, export: str):
        config = load_export_config(export)
        task = make_task(config)
        task.load_vocabularies(Path(export) / "assets.extra")
        self._model = task.build_model()
        _set_weights(self._model, load_export_weights(export))
        self._module, _ = task.make_serving_module(self._model)
        self._config = config
        self._task = task

    def answer(self, question: Question, batch: int) -> Callable[[], list]:
        """Returns a function that answers a batch, from Python's values to Python's values."""
        rows = question.take(batch)
        answer = getattr(self, f"_answer_{question.task}")
        return lambda: answer(rows)

    def _predict(self, inputs: Any) -> Any:
        # One batch: `predict` would cut it into batches of 32.
        num_rows = len(next(iter(inputs.values())) if isinstance(inputs, dict) else inputs)
        return self._model.predict(inputs, batch_size=num_rows, verbose=0)

    def _answer_text_classification(self, rows: dict[str, list]) -> list[list]:
        return self._classify(self._module.pipeline(tf.constant(rows["text"])))

    def _answer_feature_classification(self, rows: dict[str, list]) -> list[list]:
        return self._classify(self._encode_features(rows))

    def _classify(self, inputs: dict[str, tf.Tensor]) -> list[list]:
        logits = self._predict(pick_model_inputs(inputs))
        exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
        scores = exponentials.max(axis=-1) / exponentials.sum(axis=-1)
        labels = [self._task.class_names[place] for place in logits.argmax(axis=-1)]
        return [list(row) for row in zip(labels, scores.tolist(), strict=True)]

    def _answer_sequence_tagging(self, rows: dict[str, list]) -> list[list]:
        pipeline = self._module.pipeline
        encoded, _ = pipeline.encode_tokens(pipeline.tokenizer(tf.constant(rows["text"])))
        return self._tag({name: to_dense(ragged) for name, ragged in encoded.items()}, "token_ids")

    def _answer_feature_tagging(self, rows: dict[str, list]) -> list[list]:
        return self._tag(self._encode_features(rows), "features")

    def _tag(self, inputs: dict[str, tf.Tensor], steps: str) -> list[list]:
        logits = self._predict(pick_model_inputs(inputs))
        is_real = self._task._is_real(inputs[steps])
        tag_ids, _ = decode_tags(self._model, tf.constant(logits), is_real)
        tags = self._task._tags
        names = np.array(tags.names)[np.array(tags.answers)[tag_ids.numpy()]]
        return [[row[real].tolist()] for row, real in zip(names, is_real.numpy(), strict=True)]

    def _encode_features(self, rows: dict[str, list]) -> dict[str, tf.Tensor]:
        features, length = tf.constant(rows["features"], tf.float32), tf.constant(rows["length"], tf.int32)
        return self._module.pipeline(features, length)

    def _answer_language_modeling(self, rows: dict[str, list]) -> list[list]:
        token_ids = self._module.pipeline.encode(tf.constant(rows["text"]))
        num_rows = len(rows["text"])
        ends = tf.fill([num_rows, 1], EOS_ID if self._config.data.documents else PAD_ID)
        targets = to_dense(tf.concat([token_ids, ends], axis=1)).numpy()
        inputs = {
            "token_ids": to_dense(tf.concat([tf.fill([num_rows, 1], BOS_ID), token_ids], axis=1)),
            "initial_state": zero_state(self._model, num_rows),
        }
        conditions = self._module.conditions
        if conditions is not None:
            spec = conditions.input_spec
            inputs["condition"] = conditions(tf.constant(rows[spec.name], spec.dtype))
        return _sum_log_probabilities(self._predict(inputs)["logits"], targets)

    def _answer_translation(self, rows: dict[str, list]) -> list[list]:
        pipeline = self._module.pipeline
        target_ids, labels = split_targets(to_dense(pipeline.encode_target(tf.constant(rows["output"]))))
        source_ids = to_dense(pipeline.encode_source(tf.constant(rows["text"])))
        logits = self._predict({"source_ids": source_ids, "target_ids": target_ids})
        return _sum_log_probabilities(logits, labels.numpy())


def _set_weights(model: keras.Model, weights: dict[str, np.ndarray]) -> None:
    missing = [weight.path for weight in model.weights if weight.path not in weights]
    if missing:
        raise ValueError(f"the export has no weights {', '.join(missing[:3])}")
    for weight in model.weights:
        weight.assign(weights[weight.path])


def _sum_log_probabilities(logits: np.ndarray, targets: np.ndarray) -> list[list]:
    """Returns the log probability of each row's targets, (batch, time) int, of which 0 is none."""
    highest = logits.max(axis=-1, keepdims=True)
    normalizer = highest[..., 0] + np.log(np.exp(logits - highest).sum(axis=-1))
    chosen = np.take_along_axis(logits, targets[..., None].astype("int64"), axis=-1)[..., 0]
    return [[value] for value in ((chosen - normalizer) * (targets != 0)).sum(axis=1).tolist()]
