"""Whether XLA pays."""

from rnnzoo.config import RunConfig
from rnnzoo.datasets import Batches

# Compiling a shape takes about 3 seconds more than tracing it, and a compiled step of a small model saves 2 to
# 4 microseconds a token, padding included.
_FEWEST_TOKENS_OF_A_SHAPE = 1_000_000


def choose_jit_compile(config: RunConfig, batches: Batches) -> bool:
    """Returns whether to compile the training step: as the config says, or by the steps to expect of each shape.

    Stock GRU and LSTM layers, whose loops XLA differentiates by itself, are faster without; so is bfloat16, whose
    products XLA does in float32 on a CPU.

    Args:
        config: The run's config.
        batches: Batches to train on.
    """
    if config.train.jit_compile != "auto":
        return config.train.jit_compile
    tokens = config.train.epochs * sum(rows * width * count for (rows, width), count in batches.shapes.items())
    profits = config.model.cell == "simple_rnn" and config.train.compute_dtype == "float32"
    return profits and tokens >= _FEWEST_TOKENS_OF_A_SHAPE * len(batches.shapes)
