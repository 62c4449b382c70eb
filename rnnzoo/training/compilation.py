"""Whether XLA pays."""

from rnnzoo.config import RunConfig
from rnnzoo.datasets import Batches

# Compiling a shape takes about 3 seconds more than tracing it, and a compiled step of a small model saves 3 to
# 4 milliseconds.
_FEWEST_STEPS_OF_A_SHAPE = 800


def choose_jit_compile(config: RunConfig, batches: Batches) -> bool:
    """Returns whether to compile the training step: as the config says, or by the steps to expect.

    Stock GRU and LSTM layers, whose loops XLA differentiates by itself, are faster without; so is bfloat16, whose
    products XLA does in float32 on a CPU.

    Args:
        config: The run's config.
        batches: Batches to train on.
    """
    if config.train.jit_compile != "auto":
        return config.train.jit_compile
    steps_of_a_shape = len(batches) * config.train.epochs / max(len(batches.shapes), 1)
    profits = config.model.cell == "simple_rnn" and config.train.compute_dtype == "float32"
    return profits and steps_of_a_shape >= _FEWEST_STEPS_OF_A_SHAPE
