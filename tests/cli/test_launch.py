"""Several processes of one training on one machine."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from rnnzoo.cli.main import cli
from rnnzoo.training.launching import Launch

TINY = [
    'data.train_split="train[:1000]"',
    'data.validation_split="validation[:100]"',
    'data.test_split="test[:100]"',
    "model.units=6",
    "model.embedding_dim=5",
    "model.word_dropout=0.1",
    "train.epochs=4",
    "train.num_buckets=1",
    "train.ema_momentum=0.9",
    "evaluate.baseline=false",
]
OPTIONS = [part for value in TINY for part in ("--set", value)]
TIMEOUT_SECONDS = 400


def launch(tmp_path, code, num_processes=2, restarts=0):
    said = []
    command = [sys.executable, "-c", code, str(tmp_path)]
    begin = time.monotonic()
    exit_code = Launch(command, num_processes, tmp_path / "logs", said.append).run(restarts)
    return exit_code, "\n".join(said), time.monotonic() - begin


START = (
    "import json, os, pathlib, sys, time; place = json.loads(os.environ['TF_CONFIG']); rank = place['task']['index']\n"
)


def test_each_process_gets_its_place_and_its_threads(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    code = START + "pathlib.Path(sys.argv[1], str(rank)).write_text(json.dumps([place, dict(os.environ)])); print('hi')"
    exit_code, said, _ = launch(tmp_path, code, num_processes=3)
    assert (exit_code, said) == (0, "")
    places, variables = zip(*(json.loads((tmp_path / str(rank)).read_text()) for rank in range(3)), strict=True)
    assert [place["task"] for place in places] == [{"type": "worker", "index": rank} for rank in range(3)]
    assert len(set(places[0]["cluster"]["worker"])) == 3
    assert all(place["cluster"] == places[0]["cluster"] for place in places)
    assert variables[0]["OMP_NUM_THREADS"] == "7"
    assert int(variables[0]["TF_NUM_INTRAOP_THREADS"]) == max(1, len(os.sched_getaffinity(0)) // 3)
    assert [(tmp_path / "logs" / f"worker-{rank}.log").read_text() for rank in (1, 2)] == ["hi\n", "hi\n"]


def test_the_first_failure_ends_all_and_its_code_is_passed_on(tmp_path):
    code = START + "rank == 1 and sys.exit(print('my mistake') or 2)\nrank == 0 and (time.sleep(0.5), sys.exit(75))\n"
    exit_code, said, seconds = launch(tmp_path, code + "time.sleep(60)", num_processes=3)
    assert exit_code == 2
    assert "worker 1 ended with exit code 2" in said
    assert "  my mistake" in said
    assert seconds < 15


def test_a_death_is_told_and_all_start_again_to_resume(tmp_path):
    code = START + (
        "started = pathlib.Path(sys.argv[1], 'started')\n"
        "if rank: pathlib.Path(sys.argv[1], 'arguments').open('a').write(' '.join(sys.argv[2:]) + '\\n')\n"
        "if rank and sys.argv[2:] != ['--resume']: os.kill(os.getpid(), 9)\n"
        "if not sys.argv[2:]: time.sleep(60)"
    )
    exit_code, said, _ = launch(tmp_path, code, restarts=3)
    assert exit_code == 0
    assert "worker 1 was ended by signal 9 (SIGKILL)" in said
    assert "starting all 2 workers again (1 of 3)" in said and "(2 of 3)" not in said
    assert (tmp_path / "arguments").read_text() == "\n--resume\n"


def test_a_mistake_is_not_tried_again(tmp_path):
    exit_code, said, _ = launch(tmp_path, "raise SystemExit(2)", restarts=3)
    assert exit_code == 2
    assert "again" not in said
    exit_code, said, _ = launch(tmp_path, "raise SystemExit(75)", restarts=1)
    assert exit_code == 75
    assert "(1 of 1)" in said


def test_ctrl_c_ends_all_within_five_seconds(tmp_path):
    stubborn = (
        "import os, pathlib, signal, sys, time; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); pathlib.Path(sys.argv[1], str(os.getpid())).touch()\n"
        "time.sleep(60)"
    )
    code = (
        "import sys, pathlib; from rnnzoo.training.launching import Launch\n"
        "folder = pathlib.Path(sys.argv[1]); command = [sys.executable, '-c', sys.argv[2], sys.argv[1]]\n"
        "sys.exit(Launch(command, 2, folder / 'logs', print).run(restarts=5))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), stubborn],
        env=environment(),
        # A shell starts what runs in the background with Ctrl-C ignored, and so would this be.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while len(list(tmp_path.glob("[0-9]*"))) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert time.monotonic() - begin < 5
    for path in tmp_path.glob("[0-9]*"):
        with pytest.raises(ProcessLookupError):
            os.kill(int(path.name), 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sentiment/mini", "--sets", "a=b"], "No such option"),
        (["sentiment/mini", "--seeds", "2"], "leave out --seeds"),
        (["sentiment/mini", "--resume", "--seed", "2"], "leave out --set, --seed and --seeds"),
        (["sentiment/mimi"], "sentiment/mini"),
        (["sentiment/mini", "--set", "model.unit=3"], "model.unit"),
        (["sentiment/mini", "--resume", "--runs", "nowhere"], "no run folder"),
    ],
)
def test_a_mistake_is_told_once_before_anything_starts(arguments, words):
    result = CliRunner().invoke(cli, ["launch", "--processes", "2", *arguments])
    assert result.exit_code == 2
    assert words in result.output


def test_a_malformed_tf_config_is_told_before_tensorflow_starts(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"ps": ["a:1"]}}')
    result = CliRunner().invoke(cli, ["train", "sentiment/mini"])
    assert result.exit_code == 2
    assert "TF_CONFIG.cluster: no such job" in result.output


# With TensorFlow


def environment(**variables):
    path = os.pathsep.join(path for path in [str(Path(__file__).parents[2]), *sys.path] if path)
    return {**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": "", **variables}


def start(folder, *arguments, **variables):
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "rnnzoo.cli.main", *arguments],
        cwd=folder,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process, exit_code=0):
    output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == exit_code, output
    return output


def read_results(run):
    history = json.loads((run / "history.json").read_text())
    epochs = [{name: value for name, value in epoch.items() if name != "seconds"} for epoch in history]
    newest = max((run / "checkpoints").glob("epoch-*.npz"))
    with np.load(newest) as arrays:
        return epochs, json.loads((run / "metrics.json").read_text())["test"], dict(arrays)


def assert_same(run, other):
    (epochs, scores, arrays), (other_epochs, other_scores, other_arrays) = read_results(run), read_results(other)
    assert epochs == other_epochs
    assert scores == other_scores
    assert arrays.keys() == other_arrays.keys()
    for name in arrays.keys() - {"state", "sha256"}:
        np.testing.assert_array_equal(arrays[name], other_arrays[name])


def find_worker(launcher, rank):
    """Returns the process id of a worker."""
    for children in Path(f"/proc/{launcher.pid}/task").glob("*/children"):
        for child in children.read_text().split():
            if re.search(rf'"index": {rank}}}', Path(f"/proc/{child}/environ").read_text()):
                return int(child)
    raise AssertionError


def wait_for(path, process):
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not path.exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds workers by /proc")
def test_a_run_whose_workers_are_killed_ends_like_one_that_was_left_alone(tmp_path, mini_data_dir):
    arguments = ["--processes", "2", "sentiment/mini", *OPTIONS, "--no-export", "--data-dir", str(mini_data_dir)]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    finish(start(tmp_path, "launch", *arguments, "--run", str(whole)))
    process = start(tmp_path, "launch", "--restarts", "2", *arguments, "--run", str(parts))
    wait_for(parts / "checkpoints" / "epoch-0001.npz", process)
    os.kill(find_worker(process, 1), signal.SIGKILL)
    wait_for(parts / "checkpoints" / "epoch-0003.npz", process)
    os.kill(find_worker(process, 0), signal.SIGKILL)
    output = finish(process)
    assert "worker 1 was ended by signal 9" in output and "worker 0 was ended by signal 9" in output
    assert "Traceback" not in output
    assert_same(whole, parts)


@pytest.mark.slow
@pytest.mark.parametrize("killed", [0, 1])
def test_the_other_worker_ends_with_one_message(tmp_path, mini_data_dir, killed):
    from tests.training.test_workers import free_addresses, tf_config

    run = tmp_path / "run"
    addresses = free_addresses(2)
    arguments = ["train", "sentiment/mini", *OPTIONS, "--set", "train.epochs=500", "--no-export", "--run", str(run)]
    processes = [
        start(
            tmp_path,
            *(*arguments, "--set", "train.early_stopping_patience=0", "--data-dir", str(mini_data_dir)),
            **tf_config({"worker": addresses}, index=rank),
        )
        for rank in range(2)
    ]
    wait_for(run / "checkpoints" / "epoch-0002.npz", processes[0])
    # The engine would take this for itself, and go on.
    processes[killed].send_signal(signal.SIGTERM if killed == 0 else signal.SIGKILL)
    begin = time.monotonic()
    output = finish(processes[1 - killed], exit_code=75)
    assert time.monotonic() - begin < 60
    errors = [
        line for line in output.splitlines() if not line.startswith(("run:", "data:", "model:", "batches", "epoch"))
    ]
    assert errors[0].startswith(f"Error: worker {killed} (") and errors[0].endswith("has gone")
    assert len(errors) == 2 and errors[1].startswith("  hint:")
    if killed == 0:
        assert output == "\n".join(errors) + "\n"
    processes[killed].communicate(timeout=10)
    assert processes[killed].returncode < 0


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 1])
def test_a_worker_gives_up_when_the_others_do_not_come(tmp_path, mini_data_dir, rank):
    from tests.training.test_workers import free_addresses, tf_config

    options = ["--wait-for-workers", "2", "--no-export", "--data-dir", str(mini_data_dir)]
    place = tf_config({"worker": free_addresses(2)}, index=rank)
    output = finish(start(tmp_path, "train", "sentiment/mini", *OPTIONS, *options, **place), exit_code=75)
    assert output.startswith(f"Error: worker {1 - rank} (")
    assert "has not come within 2 seconds" in output
    assert "Traceback" not in output
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_workers_export_what_runs_anywhere(tmp_path, mini_data_dir):
    arguments = ["sentiment/mini", *OPTIONS, "--set", "train.epochs=1", "--data-dir", str(mini_data_dir)]
    output = finish(start(tmp_path, "launch", "--processes", "2", *arguments))
    assert output.count("epoch 1/1") == 1
    graph = tmp_path / "saved_models" / "sentiment" / "mini" / "1" / "saved_model.pb"
    assert b"job:" not in graph.read_bytes()
    (log,) = (tmp_path / "runs" / "sentiment" / "mini").glob("*-workers/worker-1.log")
    assert log.read_text() == ""
