"""Keras optimizers from a config."""

import keras

from rnnzoo.config.schema import TrainSection
from rnnzoo.training.schedules import WarmupSchedule


def make_optimizer(train: TrainSection, total_steps: int) -> keras.optimizers.Optimizer:
    """Returns the optimizer of a config, with schedule, clipping, decay and moving average.

    `muon` (Jordan et al. 2024, with the scale of Liu et al. 2025, arXiv 2502.16982, that lets it share AdamW's
    learning rate) makes the update of each kernel orthogonal.

    Args:
        train: The `[train]` section.
        total_steps: Steps of the whole run, for the schedule.
    """
    arguments = {
        "learning_rate": WarmupSchedule(train.learning_rate, train.schedule, train.warmup_steps, total_steps),
        "global_clipnorm": train.gradient_clip_norm or None,
        "weight_decay": train.weight_decay or None,
        "use_ema": train.ema_momentum > 0,
        "ema_momentum": train.ema_momentum or 0.99,
    }
    if train.optimizer == "adam":
        return keras.optimizers.Adam(**arguments)
    if train.optimizer == "adamw":
        return keras.optimizers.AdamW(**{**arguments, "weight_decay": train.weight_decay})
    if train.optimizer == "muon":
        decay = {"weight_decay": train.weight_decay, "adam_weight_decay": train.weight_decay}
        return keras.optimizers.Muon(exclude_layers=["logits"], **{**arguments, **decay})
    if train.optimizer == "rmsprop":
        return keras.optimizers.RMSprop(momentum=train.momentum, **arguments)
    return keras.optimizers.SGD(momentum=train.momentum, **arguments)
