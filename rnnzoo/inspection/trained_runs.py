"""From a finished run and a text to what the pictures are drawn of."""

import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.inspection.activations import Activations, compute_activations
from rnnzoo.inspection.stack_outputs import INITIAL_STATE, find_stack, read_stack_inputs
from rnnzoo.layers import RecurrentStack
from rnnzoo.tasks.task import Task
from rnnzoo.text import BOS_ID, EOS_ID, SPECIAL_TOKENS
from rnnzoo.training.run import load_run
from rnnzoo.training.run_folder import RunFolder


def find_finished_run(config: str, row_name: str, runs: Path) -> RunFolder | None:
    """Returns the run that is meant: the folder itself, or else the newest finished run of a row, or None.

    Args:
        config: What the user gave: a run folder, a row name or a config file.
        row_name: The name in that config.
        runs: Folder of the run folders.
    """
    if (Path(config) / "config.toml").is_file():
        folders: Iterator[Path] = iter([Path(config)])
    else:
        folders = iter(sorted((runs / row_name).glob("*/"), reverse=True))
    return next((run for run in map(RunFolder, folders) if run.is_finished), None)


class TrainedRun:
    """A trained model and the text pipeline that feeds it.

    Args:
        folder: A finished run.

    Attributes:
        task: The run's task.
        model: Its model.
        name: What the model is called in pictures.
    """

    def __init__(self, folder: RunFolder):
        self.task: Task
        self.task, self.model = load_run(folder)
        # What is exported has the one path from strings to ids, for every task.
        module, _ = self.task.make_serving_module(self.model)
        self._pipeline = module.pipeline
        stack = find_stack(self.model)
        layers = f"{stack.num_layers} layer{'s' if stack.num_layers > 1 else ''} of {stack.units} {stack.cell} units"
        self.name = f"{self.task.config.name}, trained: {layers}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say of how the model is read."""
        if "condition" not in self._input_names:
            return ()
        return ("the model is conditioned on a class or vector: read with the first class, or zeros",)

    @property
    def stack(self) -> RecurrentStack:
        """The recurrent layers of the model."""
        return find_stack(self.model)

    @property
    def reads_text(self) -> bool:
        """Whether the model reads ids of tokens, not sequences of numbers."""
        return "token_ids" in self._input_names

    @property
    def _input_names(self) -> list[str]:
        return [tensor.name for tensor in self.model.inputs]

    def encode(self, text: str) -> tuple[dict[str, np.ndarray], list[str]]:
        """Encodes a text as the model reads it.

        Args:
            text: Any text; a language model's begins with `<bos>`.

        Returns:
            The model's inputs by name, (1, time, ...), and the tokens, as the text has them.

        Raises:
            UserError: The model reads no text, or there is nothing in it to read.
        """
        if not self.reads_text:
            raise UserError("the model reads sequences of numbers, not text", got=self.task.config.name)
        # As the command line hands on what is no UTF-8.
        text = unicodedata.normalize("NFC", text.encode("utf-8", "surrogateescape").decode(errors="replace"))
        encoded = self._pipeline.encode(tf.constant([text]))
        if isinstance(encoded, tf.RaggedTensor):
            inputs = {"token_ids": tf.concat([[[BOS_ID]], encoded.to_tensor()], axis=1).numpy()}
        else:
            inputs = {name: ragged.to_tensor().numpy() for name, ragged in encoded[0].items()}
        token_ids = inputs["token_ids"][0]
        if np.isin(token_ids, (BOS_ID, EOS_ID)).all():
            raise UserError("there is nothing in the text to read", got=text)
        return {**inputs, **self._make_conditions()}, self._name_tokens(text, token_ids)

    def _make_conditions(self) -> dict[str, np.ndarray]:
        """Returns zeros, for the first class or no feature, for what a model is conditioned on."""
        return {
            tensor.name: np.zeros((1, *tensor.shape[1:]), tensor.dtype)
            for tensor in self.model.inputs
            if tensor.name == "condition"
        }

    def _name_tokens(self, text: str, token_ids: np.ndarray) -> list[str]:
        is_boundary = np.isin(token_ids, (BOS_ID, EOS_ID))
        num_tokens = int((~is_boundary).sum())
        tokenizer = getattr(self._pipeline, "tokenizer", None)
        if tokenizer is not None:
            words = [word.decode(errors="replace") for word in tokenizer(tf.constant([text]))[0].numpy()]
        elif len(text) == num_tokens:
            words = list(text)  # so that a character is shown also where the model does not know it
        else:
            ids = tf.constant(token_ids[~is_boundary, None])
            words = [word.decode(errors="replace") for word in self._pipeline.to_text(ids).numpy()]
        tokens = iter(words)
        names = zip(token_ids.tolist(), is_boundary, strict=True)
        return [SPECIAL_TOKENS[token_id] if boundary else next(tokens) for token_id, boundary in names]

    def read(self, text: str) -> Activations:
        """Reads a text and keeps the hidden units; see `compute_activations`."""
        inputs, tokens = self.encode(text)
        return compute_activations(self.model, inputs.pop("token_ids")[0], tokens, inputs)

    def draw_sequences(self, num_steps: int, batch_size: int, text: str | None = None, seed: int = 0) -> np.ndarray:
        """Returns sequences of what the recurrent layers read.

        Args:
            num_steps: Length of the sequences.
            batch_size: Number of sequences.
            text: Sequences are parts of it; where it is short, or is left out, random sequences of what there is
                in it, or in the examples of the config.
            seed: Of the parts.

        Returns:
            (batch_size, num_steps, features) float32.
        """
        generator = np.random.default_rng(seed)
        if not self.reads_text:
            # Features are normalised, all but the one that marks real steps.
            width = self.model.inputs[0].shape[-1]
            features = generator.standard_normal((batch_size, num_steps, width)).astype(np.float32)
            features[..., -1] = 1.0
            return keras.ops.convert_to_numpy(read_stack_inputs(self.model, {self._input_names[0]: features}))
        texts = [text] if text else [example for example in map(_text_of, self.task.example_inputs()) if example]
        vectors = np.concatenate([self._read_vectors(self.encode(each)[0]) for each in texts])
        if len(vectors) >= num_steps and text:
            starts = generator.integers(0, len(vectors) - num_steps + 1, batch_size)
            return np.stack([vectors[start : start + num_steps] for start in starts])
        return vectors[generator.integers(0, len(vectors), (batch_size, num_steps))]

    def _read_vectors(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        inputs = {name: values for name, values in inputs.items() if name != INITIAL_STATE}
        return keras.ops.convert_to_numpy(read_stack_inputs(self.model, inputs))[0]


def _text_of(example: str | Mapping[str, Any]) -> str:
    """Returns the text of a row of examples; a dictionary has it under one of its names."""
    if isinstance(example, str):
        return example
    return next((value for name, value in example.items() if name in ("text", "prompt")), "")
