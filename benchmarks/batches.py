"""Random batches."""

import numpy as np

from benchmarks.shapes import Shape


def make_batch(shape: Shape, batch: int | None = None, time: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Returns random inputs, token ids or features, and classes, (batch, time) int32; all steps are real."""
    random = np.random.default_rng(0)
    size = (batch or shape.batch, time or shape.time)
    classes = random.integers(0, shape.num_classes, size).astype("int32")
    if shape.float_features:
        return random.normal(size=(*size, shape.embedding)).astype("float32"), classes
    return random.integers(1, shape.num_classes, size).astype("int32"), classes
