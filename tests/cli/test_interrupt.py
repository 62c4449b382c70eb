"""A command that is interrupted ends within five seconds, keeps what it has and says how to go on."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import set_options

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 5
TINY = [
    'data.train_split="train[:300]"',
    'data.validation_split="validation[:80]"',
    'data.test_split="test[:90]"',
    "model.units=6",
    "model.embedding_dim=5",
    "train.num_buckets=1",
    "evaluate.baseline=false",
]
FOR_EVER = "train.epochs=100000"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as of POSIX")


def start(folder, *command):
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Whatever started the tests may ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def start_rnnzoo(folder, *arguments):
    return start(folder, sys.executable, "-m", "rnnzoo.cli.main", *map(str, arguments))


def start_training(folder, data_dir, *settings, options=("--no-export",)):
    overrides = set_options([*TINY, *settings])
    return start_rnnzoo(folder, "train", "sentiment/mini", "--data-dir", data_dir, *overrides, *options)


def wait_for(process, folder, pattern):
    deadline = time.monotonic() + 300
    while not list(folder.glob(pattern)):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, f"no {pattern}"
        time.sleep(0.01)


def interrupt(process, number=signal.SIGINT):
    """Returns the exit code, all that was printed, and the seconds it took."""
    begun = time.monotonic()
    process.send_signal(number)
    try:
        printed, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, printed, time.monotonic() - begun


def assert_ended(process, advice, number=signal.SIGINT):
    code, printed, seconds = interrupt(process, number)
    assert code == 128 + number, printed
    assert advice in printed.splitlines()[-1]
    assert "Traceback" not in printed
    assert seconds < MOST_SECONDS
    return printed


def advised_command(printed):
    return shlex.split(re.search(r"go on with: rnnzoo (.*)", printed)[1])


def test_in_an_epoch(tmp_path, mini_data_dir):
    process = start_training(tmp_path, mini_data_dir, FOR_EVER)
    wait_for(process, tmp_path, "runs/sentiment/mini/*/checkpoints/epoch-*.npz")
    printed = assert_ended(process, "stopped; go on with: rnnzoo train runs/sentiment/mini/")
    assert list(tmp_path.glob("runs/sentiment/mini/*/checkpoints/epoch-*.npz"))
    (folder,) = tmp_path.glob("runs/sentiment/mini/*")
    expected = ["train", str(folder.relative_to(tmp_path)), "--resume", "--data-dir", str(mini_data_dir), "--no-export"]
    assert advised_command(printed) == expected


# Calls into a library that return to no handler, and what comes of one is lost.
DEAF = """
import hashlib
from rnnzoo.cli import interruption
interruption._SECONDS_TO_UNWIND = {seconds}
interruption.handle_signals()
interruption.end_soon()
interruption.advise("go on with: more")
while True:
    try:
        print("deaf", flush=True)
        hashlib.pbkdf2_hmac("sha256", b"", b"", 50_000_000)
    except KeyboardInterrupt:
        pass
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_a_call_that_hears_no_signal(number):
    process = start(ROOT, sys.executable, "-c", DEAF.format(seconds=0.2))
    assert process.stdout.readline() == "deaf\n"
    assert_ended(process, "stopped; go on with: more", number)


def test_a_second_signal_ends_at_once():
    process = start(ROOT, sys.executable, "-c", DEAF.format(seconds=30))
    assert process.stdout.readline() == "deaf\n"
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    assert process.poll() is None
    assert_ended(process, "stopped; go on with: more")


@pytest.mark.slow
def test_the_advised_command_goes_on(tmp_path, mini_data_dir):
    process = start_training(tmp_path, mini_data_dir, "train.epochs=8", "train.early_stopping_patience=0")
    wait_for(process, tmp_path, "runs/sentiment/mini/*/checkpoints/epoch-*.npz")
    printed = assert_ended(process, "go on with", signal.SIGTERM)
    again = start_rnnzoo(tmp_path, *advised_command(printed))
    printed, _ = again.communicate(timeout=300)
    assert again.returncode == 0, printed
    assert "epoch 8/8" in printed
    assert "epoch 1/8" not in printed


@pytest.mark.slow
@pytest.mark.parametrize("delay", [1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0])
def test_at_any_time(tmp_path, mini_data_dir, delay):
    process = start_training(tmp_path, mini_data_dir, FOR_EVER)
    time.sleep(delay)
    printed = assert_ended(process, "stopped")
    if "run: " in printed:
        assert advised_command(printed)[:2] == ["train", re.search("run: (.*)", printed)[1]]


@pytest.mark.slow
def test_while_data_is_prepared(tmp_path):
    process = start_training(tmp_path, tmp_path / "fresh", FOR_EVER)
    wait_for(process, tmp_path, "fresh/**/*incomplete*")
    printed = assert_ended(process, "go on with")
    again = start_rnnzoo(tmp_path, *advised_command(printed))
    wait_for(again, tmp_path, "runs/sentiment/mini/*/checkpoints/epoch-*.npz")
    assert_ended(again, "go on with")


@pytest.mark.slow
def test_while_a_model_is_exported(tmp_path, mini_data_dir):
    process = start_training(tmp_path, mini_data_dir, "train.epochs=1", options=())
    wait_for(process, tmp_path, "saved_models/sentiment/mini/.partial-*")
    printed = assert_ended(process, "the run is finished; export it with: rnnzoo export runs/sentiment/mini/")
    assert not list(tmp_path.glob("saved_models/*"))
    run = re.search(r"export it with: rnnzoo export (\S+)", printed)[1]
    again = start_rnnzoo(tmp_path, "export", run)
    wait_for(again, tmp_path, "saved_models/sentiment/mini/.partial-*")
    assert_ended(again, "no version was written: the same command begins anew")
    assert not list(tmp_path.glob("saved_models/*"))


@pytest.mark.slow
def test_while_a_file_is_answered(tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("not good, but I liked it\n" * 300_000)
    model = ROOT / "saved_models" / "sentiment" / "mini"
    arguments = ["predict", model, "--input", texts, "--output", tmp_path / "answers.jsonl"]
    process = start_rnnzoo(tmp_path, *arguments)
    wait_for(process, tmp_path, ".answers.jsonl.progress")
    assert_ended(process, "what was answered is kept: the same command with --resume goes on from there")
    again = start_rnnzoo(tmp_path, *arguments, "--resume")
    printed, _ = again.communicate(timeout=300)
    assert again.returncode == 0, printed
    with (tmp_path / "answers.jsonl").open() as answers:
        assert sum(1 for _ in answers) == 300_000


@pytest.mark.slow
@pytest.mark.parametrize("delay", [1.5, 2.5])
def test_while_a_model_is_scored(tmp_path, mini_data_dir, delay):
    model = ROOT / "saved_models" / "sentiment" / "mini"
    process = start_rnnzoo(tmp_path, "evaluate", model, "--data-dir", mini_data_dir)
    time.sleep(delay)
    assert_ended(process, "nothing was kept: the same command begins anew")
