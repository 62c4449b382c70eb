"""What all exported taggers share."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from rnnzoo.tasks.model_inputs import pick_model_inputs
from rnnzoo.tasks.tag_decoding import decode_tags
from rnnzoo.tasks.tag_set import TagSet


class TaggerServing(tf.Module):
    """Answers what a pipeline made of a batch.

    Args:
        model: A tagger.
        pipeline: From raw inputs to the model's.
        tags: Its tags.
        is_real: From an input of the model to which of its steps are to be tagged.
    """

    def __init__(self, model: keras.Model, pipeline: tf.Module, tags: TagSet, is_real: Callable[[Any], Any]):
        super().__init__()
        self.model = model
        self.pipeline = pipeline
        self._is_real = is_real
        self._answers = tf.gather(tf.constant(tags.names), tags.answers)
        # A function of its own, so that signatures share it: an export then holds the model once.
        self._tag_steps = tf.function(self._run_model, reduce_retracing=True)

    def _run_model(self, inputs: Mapping[str, tf.Tensor], is_real: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        logits = self.model(pick_model_inputs(inputs), training=False)
        tag_ids, probabilities = decode_tags(self.model, logits, is_real)
        return tag_ids, tf.gather(probabilities, tag_ids, batch_dims=2)

    def _answer(
        self, inputs: Mapping[str, tf.Tensor], sequence_input: str, length: tf.Tensor, width: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Tags what the pipeline made of a batch.

        Args:
            inputs: The model's inputs by name, padded.
            sequence_input: The one that tells which steps are real.
            length: How many steps of each sequence are real, (batch,) int.
            width: Steps of the answer, () int.

        Returns:
            `tags`, (batch, width) string, and `scores`, the probabilities of these, (batch, width) float32:
            "" and 0 past the length; and `length`, (batch,) int32.
        """
        is_real = self._is_real(inputs[sequence_input])
        tag_ids, probabilities = self._tag_steps(dict(inputs), is_real)
        # Real steps come one after the other, between boundaries or before padding.
        tags = tf.ragged.boolean_mask(tf.gather(self._answers, tag_ids), is_real)
        scores = tf.ragged.boolean_mask(probabilities, is_real)
        shape = [tf.shape(length)[0], width]
        return {
            "tags": tags.to_tensor("", shape=shape),
            "scores": scores.to_tensor(0.0, shape=shape),
            "length": tf.cast(length, tf.int32),
        }
