"""The best outputs of a translator for a batch of sources."""

import keras
import tensorflow as tf

from rnnzoo.builders import TranslatorStep
from rnnzoo.config.translation_config import SearchSection
from rnnzoo.decoding import Beams, decode_greedily, search_beams
from rnnzoo.text import BOS_ID, EOS_ID, PAD_ID, UNKNOWN_ID


class TranslationSearch:
    """Searches for what a translator says, in TensorFlow core operations.

    Args:
        model: A translator.
        settings: The `[decode]` section of its config.
    """

    def __init__(self, model: keras.Model, settings: SearchSection):
        self.step = TranslatorStep(model)
        # A function of its own, so that an export with several searches holds the encoder once.
        self._encode = tf.function(self.step.encode, input_signature=[tf.TensorSpec([None, None], tf.int32)])
        self._settings = settings
        # What was never seen is never said.
        never = (PAD_ID, UNKNOWN_ID, BOS_ID)
        self._is_allowed = tf.constant([token_id not in never for token_id in range(self.step.vocabulary_size)])

    def __call__(self, source_ids: tf.Tensor, beam_width: int, num_best: int = 1) -> Beams:
        """Searches, or, with a width of 1, takes the best token each time.

        Args:
            source_ids: (batch, source time) int, padded on the right with 0.
            beam_width: How many beginnings are kept.
            num_best: How many outputs to return.
        """
        settings = self._settings
        step = self.step.prepare(self._encode(source_ids), beam_width)
        logits, state = step.start(BOS_ID)
        # But for `<eos>`, which is no unit of the text.
        num_units = tf.reduce_sum(tf.cast(source_ids != PAD_ID, tf.float32), axis=1) - 1.0
        longest = tf.cast(tf.math.ceil(num_units * settings.max_length_ratio), tf.int32) + settings.max_length_extra
        options = {
            "max_tokens": longest,
            "limit": settings.max_tokens_limit,
            "length_penalty": settings.length_penalty,
            "eos_id": EOS_ID,
            "allowed": self._is_allowed,
        }
        if beam_width == 1:
            return decode_greedily(step, logits, state, **options)
        return search_beams(step, logits, state, beam_width=beam_width, num_best=num_best, **options)
