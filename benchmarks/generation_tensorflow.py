"""Text from rnnzoo's exported graph, and from what one writes with Keras."""

from itertools import count

import keras
import numpy as np

from benchmarks.generation_weights import NORM_EPSILON, Weights, list_tokens, make_weights
from benchmarks.saved_model import ExportedSession
from benchmarks.shapes import Shape
from rnnzoo.builders import build_language_model
from rnnzoo.config.language_sections import DecodeSection
from rnnzoo.tasks.language_serving import LanguageModelServing
from rnnzoo.text import BOS_ID, Vocabulary
from rnnzoo.text.language_pipeline import CharacterPipeline

_SETTINGS = ("max_tokens", "temperature", "top_k", "top_p", "stop", "seed")


class ExportedWriter:
    """The signature `generate` of an export in a graph session, as TensorFlow Serving runs it."""

    def __init__(self, shape: Shape, threads: int):
        self._state_size = shape.num_layers, shape.units
        pipeline = CharacterPipeline(Vocabulary(list_tokens(shape)))
        serving = LanguageModelServing(_build_our_model(shape), pipeline, DecodeSection(), ends=False)
        session = ExportedSession(serving, serving.make_signatures(), threads)
        self._generate = session.make_callable("generate", ["prompt", *_SETTINGS], ["text"])
        self._step = session.make_callable("step", ["token", "state"], ["probabilities", "state"])
        self._seeds = count()

    def write(self, batch: int, num_characters: int, temperature: float) -> list[str]:
        """Generates texts from nothing."""
        (texts,) = self._generate(
            np.full(batch, "", object),
            np.full(batch, num_characters, "int32"),
            np.full(batch, temperature, "float32"),
            np.zeros(batch, "int32"),
            np.ones(batch, "float32"),
            np.full(batch, "", object),
            np.array([next(self._seeds) for _ in range(batch)], "int32"),
        )
        return [text.decode() for text in texts]

    def probabilities(self, prompt: str) -> np.ndarray:
        """Returns what may follow the beginning and each character of a prompt, (characters + 1, vocabulary)."""
        state, answers = np.zeros((1, *self._state_size), "float32"), []
        for token in ["", *prompt]:
            probabilities, state = self._step(np.array([token], object), state)
            answers.append(probabilities[0])
        return np.stack(answers)


class PredictWriter:
    """`predict` of a model that reads one token, the states carried by hand, the draws NumPy's."""

    def __init__(self, shape: Shape, threads: int):
        self._tokens = list_tokens(shape)
        self._num_layers, self._units = shape.num_layers, shape.units
        self._model = _build_stock_model(shape)
        self._random = np.random.default_rng(0)

    def write(self, batch: int, num_characters: int, temperature: float) -> list[str]:
        """Generates texts from nothing."""
        token_ids, states = self._start(batch)
        written = []
        for _ in range(num_characters):
            logits, *states = self._model.predict([token_ids, *states], batch_size=batch, verbose=0)
            scaled = logits / temperature
            cumulative = np.exp(scaled - scaled.max(axis=1, keepdims=True)).cumsum(axis=1)
            draws = self._random.random((batch, 1)) * cumulative[:, -1:]
            token_ids = (cumulative > draws).argmax(axis=1)[:, None].astype("int32")
            written.append(token_ids[:, 0])
        return ["".join(self._tokens[token_id] for token_id in row) for row in np.stack(written, axis=1)]

    def probabilities(self, prompt: str) -> np.ndarray:
        """Returns what may follow the beginning and each character of a prompt, (characters + 1, vocabulary)."""
        token_ids, states = self._start(1)
        answers = []
        for following in [*prompt, None]:
            logits, *states = self._model.predict([token_ids, *states], verbose=0)
            answers.append(keras.ops.softmax(logits[0]).numpy())
            if following is not None:
                token_ids = np.array([[self._tokens.index(following)]], "int32")
        return np.stack(answers)

    def _start(self, batch: int) -> tuple[np.ndarray, list[np.ndarray]]:
        states = [np.zeros((batch, self._units), "float32") for _ in range(self._num_layers)]
        return np.full((batch, 1), BOS_ID, "int32"), states


def _build_our_model(shape: Shape) -> keras.Model:
    model = build_language_model(
        shape.num_classes, embedding_dim=shape.embedding, units=shape.units, num_layers=shape.num_layers, dropout=0.0
    )
    weights, stack = make_weights(shape), model.get_layer("recurrent_stack")
    cells = [layer.cell for layer in stack.recurrent_layers]
    norms = [*stack.norms, stack.final_norm]
    _assign_weights(weights, model.get_layer("embedding"), norms, cells, model.get_layer("logits"))
    return model


def _build_stock_model(shape: Shape) -> keras.Model:
    """One step of the same model, as one writes it with single layers."""
    token_ids = keras.Input((1,), dtype="int32")
    states = [keras.Input((shape.units,)) for _ in range(shape.num_layers)]
    embedding = keras.layers.Embedding(shape.num_classes, shape.embedding)
    norms = [keras.layers.LayerNormalization(epsilon=NORM_EPSILON) for _ in range(shape.num_layers + 1)]
    layers = [keras.layers.SimpleRNN(shape.units, return_sequences=True, return_state=True) for _ in states]
    output = keras.layers.Dense(shape.num_classes)

    x, after = embedding(token_ids), []
    for norm, layer, state in zip(norms, layers, states, strict=False):
        y, new_state = layer(norm(x), initial_state=state)
        x = keras.layers.Add()([x, y])
        after.append(new_state)
    logits = output(norms[-1](x)[:, 0])
    model = keras.Model([token_ids, *states], [logits, *after])
    _assign_weights(make_weights(shape), embedding, norms, [layer.cell for layer in layers], output)
    return model


def _assign_weights(weights: Weights, embedding, norms, cells, output) -> None:
    embedding.set_weights([weights.embedding])
    output.set_weights([weights.kernel, weights.bias])
    for cell, norm, layer in zip(cells, norms, weights.layers, strict=False):
        norm.set_weights([layer.scale, layer.shift])
        cell.set_weights([layer.kernel, layer.recurrent_kernel, layer.bias])
    norms[-1].set_weights([weights.scale, weights.shift])
