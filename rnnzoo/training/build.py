"""The untrained model of a config."""

from pathlib import Path

import keras

from rnnzoo.config import RunConfig
from rnnzoo.datasets import open_data
from rnnzoo.tasks.registry import make_task


def build_from_config(config: RunConfig, *, data_dir: Path | None = None, offline: bool = False) -> keras.Model:
    """Builds the model of a config; its vocabularies are learned from the data first.

    Args:
        config: The config.
        data_dir: TFDS' `data_dir`.
        offline: Whether to fail rather than open a connection.
    """
    task = make_task(config)
    task.learn_vocabularies(open_data(config.data, data_dir, offline))
    keras.utils.set_random_seed(config.seed)
    return task.build_model()
