"""The one path from sequences of numbers to a model's features, used by `tf.data` and by the exported graph alike."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf

from rnnzoo.config.schema import FeaturesSection

_NORMALIZATION_FILE = "normalization.json"
_MOST_DEVIATIONS = 100.0


def as_sequences(features: tf.Tensor | tf.RaggedTensor) -> tf.RaggedTensor:
    """Brings a batch of sequences of numbers to one form.

    Args:
        features: (batch, (time), dim) or (batch, (time)) of any numeric dtype; ragged, or dense where all
            sequences are of one length.

    Returns:
        (batch, (time), dim) float32, ragged.
    """
    if isinstance(features, tf.Tensor):
        features = tf.RaggedTensor.from_tensor(features)
    values = tf.cast(features.values, tf.float32)
    return features.with_values(values[:, None] if values.shape.rank == 1 else values)


class FeaturePipeline(tf.Module):
    """Turns sequences of numbers into the input of a model.

    Each dimension is normalised, and a last one is added that is 1 in every real step. So no real step is all
    zeros, not even one that was, and a model that masks steps of zeros masks the padding alone.

    Args:
        mean: What is subtracted from each dimension, (dim,) float32.
        deviation: What it is then divided by, (dim,) float32. Values further than 100 of these from the mean
            are cut to that, so that no number, not even infinity, gives an answer that is none; NaN becomes
            the mean.
        max_length: Steps past this many are cut.

    Example:

    >>> pipeline = FeaturePipeline(np.array([2.0], np.float32), np.array([0.5], np.float32), max_length=3)
    >>> features = tf.constant([[[2.0], [3.0]], [[1.0], [np.nan]]])
    >>> pipeline(features, length=tf.constant([2, 1]))["features"].numpy().tolist()
    [[[0.0, 1.0], [2.0, 1.0]], [[-2.0, 1.0], [0.0, 0.0]]]
    """

    def __init__(self, mean: np.ndarray, deviation: np.ndarray, max_length: int):
        super().__init__()
        self.mean = mean
        self.deviation = deviation
        self.max_length = max_length

    @property
    def dim(self) -> int:
        """Numbers in each step of the input."""
        return len(self.mean)

    @property
    def feature_dim(self) -> int:
        """Numbers in each step for the model."""
        return self.dim + 1

    def normalize(self, steps: tf.Tensor) -> tf.Tensor:
        """Normalises steps, (..., dim) float32; returns (..., feature_dim)."""
        steps = tf.where(tf.math.is_nan(steps), self.mean, steps)
        steps = tf.clip_by_value((steps - self.mean) / self.deviation, -_MOST_DEVIATIONS, _MOST_DEVIATIONS)
        return tf.concat([steps, tf.ones_like(steps[..., :1])], axis=-1)

    def encode(self, features: tf.Tensor | tf.RaggedTensor) -> tuple[dict[str, tf.RaggedTensor], tf.Tensor]:
        """Encodes a batch, without padding.

        Args:
            features: Sequences as `as_sequences` takes them.

        Returns:
            The model's input by name, `features`, (batch, (time), feature_dim) float32; and how many steps of
            each sequence were cut, (batch,) int32.
        """
        features = as_sequences(features)
        num_cut = tf.maximum(tf.cast(features.row_lengths(), tf.int32) - self.max_length, 0)
        features = features[:, : self.max_length]
        return {"features": features.with_values(self.normalize(features.values))}, num_cut

    def __call__(self, features: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        """Encodes padded sequences.

        Args:
            features: (batch, time, dim) float32.
            length: Real steps of each, (batch,) int32. What lies past it is ignored, whatever it holds.

        Returns:
            The model's input by name, `features`, (batch, time, feature_dim) float32 with at least one step,
            padded with zeros.
        """
        steps = self.normalize(features[:, : self.max_length])
        real = tf.sequence_mask(length, tf.shape(steps)[1])
        steps = tf.where(real[..., None], steps, tf.zeros_like(steps))
        # Recurrent layers refuse no step at all.
        steps = tf.pad(steps, [[0, 0], [0, tf.maximum(0, 1 - tf.shape(steps)[1])], [0, 0]])
        return {"features": tf.ensure_shape(steps, [None, None, self.feature_dim])}

    def draw_example(self, num_steps: int, seed: int) -> list[list[float]]:
        """Returns a random walk around the mean, (num_steps, dim), of numbers with few digits."""
        walk = np.random.default_rng(seed).normal(size=(num_steps, self.dim)).cumsum(axis=0) / num_steps**0.5
        return [[float(f"{value:.4g}") for value in step] for step in self.mean + self.deviation * walk]

    def save(self, folder: Path) -> None:
        """Writes mean and deviation."""
        numbers = {"mean": self.mean, "deviation": self.deviation}
        # By way of `str`: the shortest digits that give the same float32.
        content = {name: [float(str(value)) for value in values] for name, values in numbers.items()}
        (folder / _NORMALIZATION_FILE).write_text(json.dumps(content) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, section: FeaturesSection) -> "FeaturePipeline":
        """Makes a pipeline of a config and what `save` wrote."""
        content = json.loads((folder / _NORMALIZATION_FILE).read_text(encoding="utf-8"))
        mean, deviation = (np.array(content[name], np.float32) for name in ("mean", "deviation"))
        return cls(mean, deviation, section.max_length)

    @classmethod
    def learn(cls, section: FeaturesSection, steps: np.ndarray | Iterable[np.ndarray]) -> "FeaturePipeline":
        """Makes a pipeline of a config and the steps of all training sequences.

        Args:
            section: The `[features]` section of a config.
            steps: (steps, dim) float32, or parts of that, which are gone through once. Numbers that are not finite are
                left out, and a dimension that does not vary is only shifted.

        Raises:
            ValueError: There is no step.
        """
        mean, deviation = _measure([steps] if isinstance(steps, np.ndarray) else steps)
        return cls(mean.astype(np.float32), deviation.astype(np.float32), section.max_length)


def _measure(parts: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Returns mean and deviation of each dimension, (dim,) float64; those of parts are put together by Chan's rule."""
    counts = mean = squares = largest = np.zeros(0)
    for part in parts:
        if not len(part):
            continue
        if not len(counts):
            counts, mean, squares, largest = np.zeros((4, part.shape[1]))
        for place, values in enumerate(part.T):
            values = values[np.isfinite(values)].astype(np.float64)
            if len(values):
                share = len(values) / (counts[place] + len(values))
                distance = values.mean() - mean[place]
                squares[place] += len(values) * values.var() + distance**2 * counts[place] * share
                mean[place] += distance * share
                counts[place] += len(values)
                largest[place] = max(largest[place], np.abs(values).max())
    if not len(counts):
        raise ValueError("no step to learn from")
    deviation = np.sqrt(squares / np.maximum(counts, 1))
    # What rounding makes of a constant is no variation.
    varies = deviation > np.maximum(1e-6 * largest, np.finfo(np.float32).tiny)
    return mean, np.where(varies, deviation, 1.0)
