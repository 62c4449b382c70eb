"""A run that was killed at random moments, and goes on, ends like one that was left alone."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

SMALL = [
    'data.train_split="train[:1000]"',
    'data.validation_split="validation[:100]"',
    'data.test_split="test[:100]"',
    "model.units=6",
    "train.epochs=6",
    "train.num_buckets=1",
    "train.ema_momentum=0.9",
    "train.early_stopping_patience=4",
    "evaluate.baseline=false",
]
OF_TOKENS = ["model.embedding_dim=5", "model.word_dropout=0.1"]
OF_LANGUAGE_MODELS = [*OF_TOKENS, "evaluate.num_samples=4", "decode.max_tokens=10"]
OF_TRANSLATORS = [*OF_TOKENS, "decode.max_tokens_limit=10", "evaluate.num_decoded=20", "model.locked_dropout=0.1"]
# A row of each kind of task.
ROWS = {
    "sentiment/mini": OF_TOKENS,
    "ner/mini": OF_TOKENS,
    "clip/mini": ["model.recurrent_dropout=0.1"],
    "frames/mini": ["model.recurrent_dropout=0.1"],
    "lm/mini": [*OF_LANGUAGE_MODELS, 'data.train_split="train[:100]"'],
    "caption/mini": OF_LANGUAGE_MODELS,
    "translate/mini": OF_TRANSLATORS,
}
NUM_KILLS = int(os.environ.get("RNNZOO_TEST_KILLS", "20"))
TIMEOUT_SECONDS = 300

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")


def start(folder, data_dir, *arguments):
    command = [sys.executable, "-m", "rnnzoo.cli.main", "train", *arguments, "--no-export", "--data-dir", str(data_dir)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with (folder / "output.txt").open("a") as output:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)


def finish(process, folder):
    assert process.wait(timeout=TIMEOUT_SECONDS) == 0, (folder / "output.txt").read_text()


def find_run(folder):
    found = list(folder.glob("runs/*/mini/[!.]*"))
    return found[0] if found else None


def wait_for_log(process, folder, num_bytes):
    """Waits until the run has said something that it had not said before; returns whether it goes on."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        log = find_run(folder) and find_run(folder) / "log.txt"
        if log and log.is_file() and log.stat().st_size > num_bytes:
            return True
        time.sleep(0.005)
    return False


def read_results(folder):
    found = find_run(folder)
    metrics = json.loads((found / "metrics.json").read_text())
    history = json.loads((found / "history.json").read_text())
    results = {name: value for name, value in metrics.items() if name != "minutes"}
    results["history"] = [{name: value for name, value in epoch.items() if name != "seconds"} for epoch in history]
    for path in sorted((found / "checkpoints").iterdir()):
        with np.load(path) as arrays:
            # All but the state, which has the seconds of each epoch.
            results[path.name] = [arrays[name].tobytes() for name in arrays.files if name not in ("state", "sha256")]
    return results


@pytest.mark.parametrize(
    ("row", "num_kills"),
    [
        ("sentiment/mini", 3),
        *(pytest.param(row, NUM_KILLS, marks=pytest.mark.slow) for row in ROWS),
    ],
)
def test_a_run_that_was_killed_at_random_moments_goes_on_bit_for_bit(tmp_path, mini_data_dir, row, num_kills):
    overrides = [part for value in [*SMALL, *ROWS[row]] for part in ("--set", value)]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    process = start(whole, mini_data_dir, row, *overrides)
    assert wait_for_log(process, whole, 0)
    begun = time.monotonic()
    finish(process, whole)
    seconds = time.monotonic() - begun

    chooser = random.Random(row)
    num_killed = 0
    for _ in range(num_kills):
        arguments = [row, "--resume"] if find_run(parts) else [row, *overrides]
        log = find_run(parts) and find_run(parts) / "log.txt"
        process = start(parts, mini_data_dir, *arguments)
        if wait_for_log(process, parts, log.stat().st_size if log and log.is_file() else 0):
            # So short that most kills come before the end of the run, so long that most epochs get a chance.
            time.sleep(chooser.uniform(0.0, 2.0 * seconds / min(num_kills, 6)))
        process.send_signal(signal.SIGKILL)
        num_killed += process.wait() == -signal.SIGKILL
    assert num_killed >= min(num_kills, 3) - 1
    finish(start(parts, mini_data_dir, row, "--resume"), parts)
    assert not list(parts.rglob(".partial-*"))
    assert read_results(parts) == read_results(whole)
