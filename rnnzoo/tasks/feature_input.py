"""What tasks on sequences of numbers share: the pipeline, the requests, what the card says."""

import hashlib
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.datasets import batch_examples, iterate_batches
from rnnzoo.tasks.feature_pipeline import FeaturePipeline, as_sequences

_EXAMPLE_LENGTHS = (2, 12, 40)
_LARGEST = float(np.finfo(np.float32).max)


class FeatureInput:
    """The half of a task that reads sequences of numbers; the other half says what is answered."""

    sequence_column = "features"
    names_of_sequences = ("sequences", "steps")

    @property
    def input_feature(self) -> str:
        return self.config.data.features_feature

    def _learn_pipeline(self, train: tf.data.Dataset) -> FeaturePipeline:
        batches = iterate_batches(batch_examples(train), "measuring the features")
        steps = (as_sequences(batch[self.input_feature]).values.numpy() for batch in batches)
        first = next((some for some in steps if len(some)), None)
        if first is None:
            raise UserError("no sequence of train has a step", key="data.features_feature", got=self.input_feature)
        return FeaturePipeline.learn(self.config.features, chain([first], steps))

    def _load_pipeline(self, folder: Path) -> FeaturePipeline:
        return FeaturePipeline.load(folder, self.config.features)

    def name_input(self, given: np.ndarray) -> bytes:
        return f"{len(given)} steps, {hashlib.blake2b(given.tobytes(), digest_size=6).hexdigest()}".encode()

    def _make_row(self, given: np.ndarray) -> dict[str, np.ndarray]:
        return {"features": given.reshape(len(given), self._pipeline.dim)}

    def reference_requests(self) -> dict[str, list[dict[str, Any]]]:
        examples = self.example_inputs()
        lengths = [example["length"] for example in examples]
        padded = np.zeros((len(examples), max(lengths), self._pipeline.dim), np.float32)
        for row, example in zip(padded, examples, strict=True):
            row[: example["length"]] = example["features"]
        odd_lengths = [0, 3, 2, 3, 99, -1]
        odd = np.zeros((len(odd_lengths), 3, self._pipeline.dim), np.float32)
        odd[2, 2:] = _LARGEST  # past the length
        odd[3] = _LARGEST
        odd[3, 1] = -_LARGEST
        requests = [
            {"features": padded, "length": lengths},
            {"features": odd, "length": odd_lengths},
            {"features": padded[:1, :0], "length": [0]},
        ]
        return {"serving_default": requests}

    def example_inputs(self) -> list[dict[str, Any]]:
        lengths = [min(length, self._pipeline.max_length) for length in _EXAMPLE_LENGTHS]
        return [
            {"features": self._pipeline.draw_example(length, seed), "length": length}
            for seed, length in enumerate(lengths)
        ]

    def describe_inputs(self) -> str:
        pipeline = self._pipeline
        return (
            f"Each step has {pipeline.dim} numbers; the rows of a request are padded to one width. What lies past "
            f"`length` is ignored, whatever it holds, and a sequence is cut after {pipeline.max_length} steps. A step "
            "of zeros is a step like any other, and NaN counts as the mean of train. A sequence without a step is "
            "answered too."
        )
