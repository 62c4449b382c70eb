"""Learning rates over the steps of a run."""

import math

import keras
from keras import ops

SCHEDULES = ("constant", "linear", "cosine", "inverse_sqrt")


@keras.saving.register_keras_serializable("rnnzoo")
class WarmupSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up to a peak, then a named decay.

    Args:
        peak: Learning rate at the end of the warm-up.
        schedule: `constant`; `linear` or `cosine`, to zero at the last step; `inverse_sqrt`, with the
            square root of the steps (Vaswani et al. 2017).
        warmup_steps: Steps of the warm-up, 0 for none.
        total_steps: Steps of the whole run.

    Example:

    >>> schedule = WarmupSchedule(1.0, "linear", warmup_steps=2, total_steps=6)
    >>> [round(float(schedule(step)), 2) for step in range(6)]
    [0.5, 1.0, 1.0, 0.75, 0.5, 0.25]
    """

    def __init__(self, peak, schedule, warmup_steps, total_steps):
        if schedule not in SCHEDULES:
            raise ValueError(f"schedule must be one of {', '.join(SCHEDULES)}, not {schedule!r}")
        self.peak = peak
        self.schedule = schedule
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps

    def __call__(self, step):
        step = ops.cast(step, "float32")
        warmup = ops.minimum((step + 1.0) / max(self.warmup_steps, 1), 1.0)
        decay_steps = max(self.total_steps - self.warmup_steps, 1)
        done = ops.clip((step - self.warmup_steps) / decay_steps, 0.0, 1.0)
        if self.schedule == "linear":
            decay = 1.0 - done
        elif self.schedule == "cosine":
            decay = 0.5 * (1.0 + ops.cos(math.pi * done))
        elif self.schedule == "inverse_sqrt":
            first = float(max(self.warmup_steps, 1))
            decay = ops.sqrt(first / ops.maximum(step + 1.0, first))
        else:
            decay = 1.0
        return self.peak * warmup * decay

    def get_config(self):
        return {
            "peak": self.peak,
            "schedule": self.schedule,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
        }
