"""From the steps of a sequence to one vector."""

import keras
from keras import ops

POOLINGS = ("last", "mean", "max", "mean_max", "attention")
_LOWEST = -1e9


@keras.saving.register_keras_serializable("rnnzoo")
class SequencePooling(keras.layers.Layer):
    """Pools the real steps of a sequence. A sequence without a real step gives zeros.

    Args:
        pooling: `last`: the last real step; `mean`, `max`: over the real steps; `mean_max`: both, joined;
            `attention`: the mean weighted by a learned score of each step (Yang et al. 2016).
        bidirectional: Whether the second half of the features was read backwards, so that its `last`
            step is the first one.

    Call arguments:
        inputs: Sequences, (batch, time, features) float.
        mask: (batch, time) bool, True for real steps; all steps are real where it is left out.

    Returns:
        (batch, features) float, twice the features for `mean_max`. The mask ends here.

    Example:

    >>> import numpy as np
    >>> steps, mask = np.array([[[1.0], [3.0], [9.0]]]), np.array([[True, True, False]])
    >>> np.asarray(SequencePooling("mean")(steps, mask=mask)).tolist()
    [[2.0]]
    """

    def __init__(self, pooling="mean_max", bidirectional=False, **kwargs):
        super().__init__(**kwargs)
        if pooling not in POOLINGS:
            raise ValueError(f"pooling must be one of {', '.join(POOLINGS)}, not {pooling!r}")
        self.pooling = pooling
        self.bidirectional = bidirectional
        self.supports_masking = True
        self.hidden = self.score = None

    def build(self, input_shape):
        if self.pooling == "attention":
            self.hidden = keras.layers.Dense(input_shape[-1], activation="tanh", name="hidden")
            self.score = keras.layers.Dense(1, use_bias=False, name="score")
            self.hidden.build(input_shape)
            self.score.build(input_shape)

    def call(self, inputs, mask=None):
        mask = ops.ones(ops.shape(inputs)[:2], "bool") if mask is None else ops.cast(mask, "bool")
        # In float32 whatever the policy: half precision neither counts to 257 nor holds `_LOWEST`.
        return ops.cast(self._pool(ops.cast(inputs, "float32"), mask), self.compute_dtype)

    def _pool(self, inputs, mask):
        real = ops.expand_dims(ops.cast(mask, "float32"), -1)
        not_empty = ops.cast(ops.any(mask, axis=1, keepdims=True), "float32")
        if self.pooling == "last":
            return self._last(inputs, mask) * not_empty
        if self.pooling == "attention":
            scores = ops.cast(self.score(self.hidden(inputs)), "float32")
            scores = ops.where(ops.expand_dims(mask, -1), scores, _LOWEST)
            # Not `ops.softmax`: that warns about sequences of one step.
            weights = ops.exp(scores - ops.max(scores, axis=1, keepdims=True)) * real
            return ops.sum(inputs * weights, axis=1) / ops.maximum(ops.sum(weights, axis=1), 1.0)
        parts = []
        if self.pooling in ("mean", "mean_max"):
            parts.append(ops.sum(inputs * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0))
        if self.pooling in ("max", "mean_max"):
            largest = ops.max(ops.where(ops.expand_dims(mask, -1), inputs, _LOWEST), axis=1)
            parts.append(largest * not_empty)
        return ops.concatenate(parts, axis=-1)

    def _last(self, inputs, mask):
        # Found, not counted: a frame of zeros is masked wherever it is, also at the start or inside.
        last = ops.max(ops.where(mask, ops.arange(ops.shape(mask)[1], dtype="int32"), 0), axis=1)
        at_end = ops.take_along_axis(inputs, ops.reshape(last, (-1, 1, 1)), axis=1)[:, 0]
        if not self.bidirectional:
            return at_end
        first = ops.argmax(ops.cast(mask, "int32"), axis=1)
        at_start = ops.take_along_axis(inputs, ops.reshape(first, (-1, 1, 1)), axis=1)[:, 0]
        half = inputs.shape[-1] // 2
        return ops.concatenate([at_end[:, :half], at_start[:, half:]], axis=-1)

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1] * (2 if self.pooling == "mean_max" else 1))

    def get_config(self):
        return super().get_config() | {"pooling": self.pooling, "bidirectional": self.bidirectional}
