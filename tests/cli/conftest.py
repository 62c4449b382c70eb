import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from rnnzoo.cli.main import cli

TINY = [
    'data.train_split="train[:300]"',
    'data.validation_split="validation[:80]"',
    'data.test_split="test[:90]"',
    "model.units=6",
    "model.embedding_dim=5",
    "train.epochs=2",
    "train.num_buckets=1",
]


def set_options(values):
    return [part for value in values for part in ("--set", value)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, mini_data_dir):
    """A working folder in which a tiny model was trained and exported, with what the command printed."""
    folder = tmp_path_factory.mktemp("work")
    before = Path.cwd()
    os.chdir(folder)
    try:
        arguments = ["train", "sentiment/mini", "--data-dir", str(mini_data_dir), "--seeds", "2", *set_options(TINY)]
        result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
        yield SimpleNamespace(folder=folder, output=result.output, exit_code=result.exit_code)
    finally:
        os.chdir(before)
