"""What a translator exports: outputs, several of them, where it looked, and how probable a pair is."""

from collections.abc import Callable

import keras
import tensorflow as tf

from rnnzoo.config.translation_config import SearchSection
from rnnzoo.tasks.translation_pairs import split_targets
from rnnzoo.tasks.translation_search import TranslationSearch
from rnnzoo.text import BOS_ID, PAD_ID, PairPipeline, TextUnits, make_valid_utf8, to_dense

_TEXTS = tf.TensorSpec([None], tf.string)
_IDS = tf.TensorSpec([None, None], tf.int32)


class TranslationServing(tf.Module):
    """The functions of an exported translator, on raw strings.

    Args:
        model: A translator.
        pipeline: From strings to ids and back.
        settings: How outputs are searched for.
    """

    def __init__(self, model: keras.Model, pipeline: PairPipeline, settings: SearchSection):
        super().__init__()
        self.model = model
        self.pipeline = pipeline
        self._search = TranslationSearch(model, settings)
        self._beam_width = settings.beam_width
        # Functions of their own, so that signatures share them: an export then holds each once.
        self._read = tf.function(self._read_text, input_signature=[_TEXTS])
        self._find_best = tf.function(
            lambda source_ids: self._search(source_ids, self._beam_width), input_signature=[_IDS]
        )
        self._force = tf.function(self._search.step.force, input_signature=[_IDS, _IDS])

    def make_signatures(self) -> dict[str, Callable]:
        """Returns the `tf.function` of each signature."""
        text, output = (tf.TensorSpec([None], tf.string, name=name) for name in ("text", "output"))
        functions = {
            "serving_default": (self._translate, [text]),
            "n_best": (self._list_best, [text]),
            "score_pair": (self._score_pair, [text, output]),
        }
        if self._search.step.has_attention:
            functions["attention"] = (self._align, [text])
        return {name: tf.function(function, input_signature=inputs) for name, (function, inputs) in functions.items()}

    def _translate(self, text):
        beams = self._find_best(self._read(text))
        return {"output": self._write(beams.token_ids[:, 0]), "score": beams.score[:, 0]}

    def _list_best(self, text):
        beams = self._search(self._read(text), self._beam_width, num_best=self._beam_width)
        shape = tf.shape(beams.token_ids)
        outputs = self._write(tf.reshape(beams.token_ids, [shape[0] * shape[1], shape[2]]))
        return {"outputs": tf.reshape(outputs, shape[:2]), "scores": beams.score}

    def _align(self, text):
        source_ids = self._read(text)
        output_ids = self._find_best(source_ids).token_ids[:, 0]
        target_ids = tf.concat([tf.fill([tf.shape(output_ids)[0], 1], BOS_ID), output_ids], axis=1)
        # The row of a token is where the model looked before it said it; none for what comes after the last.
        _, weights = self._force(source_ids, target_ids)
        return {
            "source_tokens": _to_tokens(self.pipeline.source, source_ids),
            "output_tokens": _to_tokens(self.pipeline.target, output_ids),
            "weights": tf.where((output_ids != PAD_ID)[:, :, None], weights[:, :-1], 0.0),
        }

    def _score_pair(self, text, output):
        target_ids = to_dense(self.pipeline.encode_target(tf.strings.strip(output)))
        # Of no pair at all too there is a step to read: recurrent layers refuse none.
        target_ids = tf.pad(target_ids, [[0, 0], [0, tf.maximum(0, 2 - tf.shape(target_ids)[1])]])
        inputs, labels = split_targets(target_ids)
        logits = self._force(self._read(text), inputs)[0]
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        is_token = labels != PAD_ID
        return {
            "log_probability": -tf.reduce_sum(tf.where(is_token, losses, 0.0), axis=1),
            "num_tokens": tf.reduce_sum(tf.cast(is_token, tf.int32), axis=1),
        }

    def _read_text(self, text: tf.Tensor) -> tf.Tensor:
        return to_dense(self.pipeline.encode_source(tf.strings.strip(text)))

    def _write(self, token_ids: tf.Tensor) -> tf.Tensor:
        return tf.strings.strip(make_valid_utf8(self.pipeline.to_text(token_ids)))


def _to_tokens(units: TextUnits, token_ids: tf.Tensor) -> tf.Tensor:
    """Returns the units of ids as they are, with "" for padding: (batch, time) string."""
    return tf.where(token_ids == PAD_ID, "", units.vocabulary.to_tokens(token_ids))
