import shutil

import numpy as np
import pytest

from rnnzoo.config import load_config
from rnnzoo.training.run import load_run, train_run
from rnnzoo.training.run_folder import RunFolder

TINY = [
    'data.train_split="train[:150]"',
    'data.validation_split="validation[:40]"',
    'data.test_split="test[:40]"',
    "model.units=4",
    "model.embedding_dim=4",
    "train.epochs=1",
    "evaluate.baseline=false",
]


@pytest.mark.slow
def test_a_run_does_not_depend_on_whether_the_data_had_to_be_prepared(mini_data_dir, tmp_path):
    config = load_config("sentiment/mini", TINY)
    weights = []
    for data_dir in (mini_data_dir, tmp_path / "fresh"):
        folder = RunFolder.create(config, tmp_path / "runs")
        train_run(config, folder=folder, data_dir=data_dir)
        weights.append(load_run(folder)[1].get_weights())
    shutil.rmtree(tmp_path / "fresh")
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)
