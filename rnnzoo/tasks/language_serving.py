"""What a language model exports: continuing, sampling, scoring, and single steps, all on raw strings."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from rnnzoo.builders import LanguageModelStep, PreparedStep
from rnnzoo.config.language_sections import DecodeSection
from rnnzoo.decoding import generate_tokens
from rnnzoo.tasks.language_conditions import Conditions
from rnnzoo.text import BOS_ID, EOS_ID, PAD_ID, UNKNOWN_ID, LanguagePipeline, make_valid_utf8, to_dense

_SCORED_AT_ONCE = 256
# So that the logits of a large vocabulary do not outgrow memory, however long the texts are.
_MOST_LOGITS_A_ROW = 1 << 19
MOST_STOP_TOKENS = 64
# No state of ours is near it, and no product of it with a weight overflows.
_LARGEST_STATE = 1e6


class LanguageModelServing(tf.Module):
    """The functions of an exported language model.

    Args:
        model: A language model.
        pipeline: From strings to ids and back.
        decode: What holds where a request does not say.
        ends: Whether texts end: their `<eos>` is then generated and scored.
        conditions: What texts are generated from; None: nothing.
    """

    def __init__(
        self,
        model: keras.Model,
        pipeline: LanguagePipeline,
        decode: DecodeSection,
        ends: bool,
        conditions: Conditions | None = None,
    ):
        super().__init__()
        self.model = model
        self.pipeline = pipeline
        self._single_step = LanguageModelStep(model)
        self._decode = decode
        self._ends = ends
        self.conditions = conditions
        self._state_shape = self._single_step.state_shape
        self._scored_at_once = max(1, min(_SCORED_AT_ONCE, _MOST_LOGITS_A_ROW // len(pipeline.vocabulary)))
        never = (PAD_ID, UNKNOWN_ID, BOS_ID) if ends else (PAD_ID, UNKNOWN_ID, BOS_ID, EOS_ID)
        self._is_allowed = tf.constant([token_id not in never for token_id in range(len(pipeline.vocabulary))])

    def make_signatures(self) -> dict[str, Callable]:
        """Returns the `tf.function` of each signature."""
        strings, numbers, integers = (
            lambda name, dtype=dtype: tf.TensorSpec([None], dtype, name=name)
            for dtype in (tf.string, tf.float32, tf.int32)
        )
        condition = [] if self.conditions is None else [self.conditions.input_spec]
        state = tf.TensorSpec([None, *self._state_shape], tf.float32, name="state")
        settings = [
            integers("max_tokens"),
            numbers("temperature"),
            integers("top_k"),
            numbers("top_p"),
            strings("stop"),
            integers("seed"),
        ]
        functions = {
            "serving_default": (self._continue, [strings("prompt")]),
            "generate": (self._generate, [strings("prompt"), *settings]),
            "score": (self._score, [strings("text")]),
            "step": (self._step, [strings("token"), state]),
        }
        return {
            name: tf.function(function, input_signature=[*condition, *inputs])
            for name, (function, inputs) in functions.items()
        }

    def _split_condition(self, inputs: Sequence[tf.Tensor]) -> tuple[tf.Tensor | None, Sequence[tf.Tensor]]:
        """Takes what the model is conditioned on off the inputs of a signature."""
        if self.conditions is None:
            return None, inputs
        return self.conditions(inputs[0]), inputs[1:]

    def _continue(self, *inputs):
        condition, (prompt,) = self._split_condition(inputs)
        ones = tf.ones_like(prompt, tf.int32)
        decode = self._decode
        return self._sample(
            prompt,
            condition,
            max_tokens=ones * decode.max_tokens,
            temperature=tf.cast(ones, tf.float32) * decode.temperature,
            top_k=ones * decode.top_k,
            top_p=tf.cast(ones, tf.float32) * decode.top_p,
            stop=tf.fill(tf.shape(prompt), decode.stop),
            seed=ones * decode.seed,
        )

    def _generate(self, *inputs):
        condition, (prompt, max_tokens, temperature, top_k, top_p, stop, seed) = self._split_condition(inputs)
        return self._sample(
            prompt,
            condition,
            max_tokens=max_tokens,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            stop=stop,
            seed=seed,
        )

    def _sample(self, prompt: tf.Tensor, condition: tf.Tensor | None, stop: tf.Tensor, **settings: Any):
        step = self._single_step.prepare(condition)
        logits, state = self._read(prompt, condition, step)
        stop_ids = to_dense(self.pipeline.encode(stop)[:, :MOST_STOP_TOKENS])
        token_ids, _ = generate_tokens(
            step,
            logits,
            state,
            limit=self._decode.max_tokens_limit,
            stop_ids=stop_ids,
            eos_id=EOS_ID,
            allowed=self._is_allowed,
            **settings,
        )
        # What a model of bytes says need not be UTF-8.
        return {"text": make_valid_utf8(self.pipeline.to_text(token_ids))}

    def _read(self, prompt: tf.Tensor, condition: tf.Tensor | None, step: PreparedStep) -> tuple[tf.Tensor, tuple]:
        """Returns logits, (batch, vocabulary), and the step's state after `<bos>` and the prompts."""
        token_ids = self.pipeline.encode(prompt)[:, -self.pipeline.max_length :]
        boundary = tf.fill([token_ids.nrows(), 1], BOS_ID)
        token_ids = tf.concat([boundary, token_ids], axis=1)
        inputs = self._with_condition({"token_ids": to_dense(token_ids[:, :-1])}, condition)
        inputs["initial_state"] = self._zero_state(prompt)
        # The last one apart: logits of all others are never computed.
        state = self.model(inputs, training=False)["state"]
        return step(token_ids[:, -1:].values, step.split_state(state))

    def _score(self, *inputs):
        condition, (text,) = self._split_condition(inputs)
        tokens = self.pipeline.encode(text)
        was_cut = tokens.row_lengths() > self.pipeline.max_length
        tokens = tokens[:, : self.pipeline.max_length]
        starts = tf.concat([tf.fill([tokens.nrows(), 1], BOS_ID), tokens], axis=1)
        ends = tf.fill([tokens.nrows(), 1], EOS_ID if self._ends else PAD_ID)
        token_ids, target_ids = to_dense(starts), to_dense(tf.concat([tokens, ends], axis=1))
        width = tf.shape(token_ids)[1]

        def score_window(start, log_probability, state):
            end = start + self._scored_at_once  # past the width, the window is what there is
            window = self._with_condition({"token_ids": token_ids[:, start:end]}, condition)
            answer = self.model({**window, "initial_state": state}, training=False)
            targets = target_ids[:, start:end]
            logits = tf.cast(answer["logits"], tf.float32)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
            log_probability -= tf.reduce_sum(tf.where(targets != PAD_ID, losses, 0.0), axis=-1)
            return end, log_probability, answer["state"]

        _, log_probability, _ = tf.while_loop(
            lambda start, *_: start < width,
            score_window,
            [0, tf.zeros_like(text, tf.float32), self._zero_state(text)],
            shape_invariants=[
                tf.TensorShape([]),
                tf.TensorShape([None]),
                tf.TensorShape([None, *self._state_shape]),
            ],
        )
        read = make_valid_utf8(tf.where(was_cut, self.pipeline.to_text(tokens), text))
        num_characters = tf.strings.length(read, unit="UTF8_CHAR") + int(self._ends)
        bits = -log_probability / tf.math.log(2.0) / tf.cast(tf.maximum(num_characters, 1), tf.float32)
        return {"log_probability": log_probability, "num_characters": num_characters, "bits_per_character": bits}

    def _step(self, *inputs):
        condition, (token, state) = self._split_condition(inputs)
        first = to_dense(self.pipeline.encode(token)[:, :1])[:, 0]
        token_ids = tf.where(token == "", BOS_ID, tf.where(first == PAD_ID, UNKNOWN_ID, first))
        state = tf.where(tf.math.is_finite(state), state, 0.0)
        state = tf.clip_by_value(state, -_LARGEST_STATE, _LARGEST_STATE)
        logits, state = self._single_step(token_ids, state, condition)
        return {"probabilities": tf.nn.softmax(logits), "state": state}

    def _with_condition(self, inputs: dict[str, tf.Tensor], condition: tf.Tensor | None) -> dict[str, tf.Tensor]:
        return inputs if condition is None else {**inputs, "condition": condition}

    def _zero_state(self, strings: tf.Tensor) -> tf.Tensor:
        return tf.zeros([tf.shape(strings)[0], *self._state_shape])
