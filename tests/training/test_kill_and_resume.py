"""A run that was killed, and goes on, ends like one that was left alone."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

TINY = [
    'data.train_split="train[:1000]"',
    'data.validation_split="validation[:100]"',
    'data.test_split="test[:100]"',
    "model.units=6",
    "model.embedding_dim=5",
    "model.word_dropout=0.1",
    "train.epochs=5",
    "train.num_buckets=1",
    "train.ema_momentum=0.9",
    "evaluate.baseline=false",
]
OF_TRANSLATORS = ["decode.max_tokens_limit=10", "evaluate.num_decoded=20", "model.locked_dropout=0.1"]
TIMEOUT_SECONDS = 120


def start(folder, data_dir, *arguments):
    command = [sys.executable, "-m", "rnnzoo.cli.main", "train", *arguments, "--no-export", "--data-dir", str(data_dir)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(process):
    output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 0, output


def run_folder(folder):
    (found,) = folder.glob("runs/*/mini/*")
    return found


def read_results(folder):
    found = run_folder(folder)
    metrics = json.loads((found / "metrics.json").read_text())
    history = json.loads((found / "history.json").read_text())
    return {
        "test": metrics["test"],
        "best_epoch": metrics["best_epoch"],
        "history": [{name: value for name, value in epoch.items() if name != "seconds"} for epoch in history],
    }


def read_checkpoint(folder):
    newest = max((run_folder(folder) / "checkpoints").glob("epoch-*.npz"))
    with np.load(newest) as arrays:
        return {name: arrays[name] for name in arrays.files if name != "state"}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
@pytest.mark.parametrize(
    ("row", "settings"),
    [("sentiment/mini", []), pytest.param("translate/mini", OF_TRANSLATORS, marks=pytest.mark.slow)],
)
def test_a_killed_run_goes_on_bit_for_bit(tmp_path, mini_data_dir, row, settings):
    overrides = [part for value in [*TINY, *settings] for part in ("--set", value)]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    finish(start(whole, mini_data_dir, row, *overrides))

    process = start(parts, mini_data_dir, row, *overrides)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not list(parts.glob("runs/*/mini/*/checkpoints/epoch-0002.npz")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (run_folder(parts) / "metrics.json").exists()
    finish(start(parts, mini_data_dir, row, "--resume"))

    assert read_results(parts) == read_results(whole)
    mine, theirs = read_checkpoint(parts), read_checkpoint(whole)
    assert mine.keys() == theirs.keys()
    for name, array in mine.items():
        np.testing.assert_array_equal(array, theirs[name])
