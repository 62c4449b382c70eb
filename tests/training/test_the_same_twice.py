"""Two runs with one seed on one machine are equal in every bit; what could change that is recorded."""

import json
import os

import pytest

from rnnzoo.config import load_config
from rnnzoo.training import environment
from rnnzoo.training.environment import describe_environment, find_commit, record_start
from rnnzoo.training.run import load_run, train_run
from rnnzoo.training.run_folder import RunFolder
from tests.training.test_kill_and_resume import ROWS, SMALL, finish, read_results, start

SMALLER = ['data.train_split="train[:150]"', "train.epochs=2"]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
COMPUTATION = {"jit_compile": False, "compute_dtype": "float32", "replicas": 1}


def test_two_runs_in_one_process_are_equal(tmp_path, mini_data_dir):
    config = load_config("sentiment/mini", [*SMALL, *ROWS["sentiment/mini"], *SMALLER])
    folders = [RunFolder.create(config, tmp_path / name / "runs") for name in ("one", "other")]
    for folder in folders:
        train_run(config, folder=folder, data_dir=mini_data_dir)
    assert read_results(tmp_path / "one") == read_results(tmp_path / "other")
    one, other = (load_run(folder)[1].get_weights() for folder in folders)
    assert [weight.tobytes() for weight in one] == [weight.tobytes() for weight in other]
    (begun,) = folders[0].read_json("environment.json")["starts"]
    assert begun["computation"] == COMPUTATION
    assert begun["versions"]["tensorflow"] and begun["threads"]["intra_op"] >= 1


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS)
def test_two_runs_in_processes_of_their_own_are_equal(tmp_path, mini_data_dir, monkeypatch, row):
    overrides = [part for value in [*SMALL, *ROWS[row]] for part in ("--set", value)]
    for number in ("1", "2"):
        # The order of Python's sets and the like is another in each.
        monkeypatch.setenv("PYTHONHASHSEED", number)
        folder = tmp_path / number
        folder.mkdir()
        finish(start(folder, mini_data_dir, row, *overrides), folder)
    assert read_results(tmp_path / "1") == read_results(tmp_path / "2")


def test_another_seed_is_another_run(tmp_path, mini_data_dir):
    weights = []
    for seed in (1, 2):
        config = load_config("sentiment/mini", [*SMALL, *SMALLER, "train.epochs=1", f"seed={seed}"])
        folder = RunFolder.create(config, tmp_path / "runs")
        train_run(config, folder=folder, data_dir=mini_data_dir)
        weights.append([weight.tobytes() for weight in load_run(folder)[1].get_weights()])
    assert weights[0] != weights[1]


def test_each_start_is_recorded_and_told_what_differs(tmp_path, monkeypatch):
    folder = RunFolder(tmp_path)
    monkeypatch.setenv("XLA_FLAGS", "--one")
    monkeypatch.setenv("TF_CONFIG", "names other machines")
    assert record_start(folder, COMPUTATION) == []
    assert record_start(folder, COMPUTATION) == []

    monkeypatch.setenv("XLA_FLAGS", "--other")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "1")
    found = describe_environment()
    found["versions"]["tensorflow"] = "3.0"
    found["threads"]["intra_op"] = 77
    monkeypatch.setattr(environment, "describe_environment", lambda: found)
    before = json.loads((tmp_path / "environment.json").read_text())["starts"][0]
    assert record_start(folder, {**COMPUTATION, "jit_compile": True}) == [
        "XLA_FLAGS --one → --other",
        f"intra_op {before['threads']['intra_op']} → 77",
        "jit_compile False → True",
        f"tensorflow {before['versions']['tensorflow']} → 3.0",
    ]
    starts = json.loads((tmp_path / "environment.json").read_text())["starts"]
    assert len(starts) == 3
    assert starts[0] == before
    assert starts[2]["variables"]["PYTHONHASHSEED"] == "7"
    assert "TF_CONFIG" not in before["variables"]
    assert {"command", "started", "python", "commit", "system", "processor", "cores", "devices"} <= before.keys()


def test_a_resumed_run_warns_of_what_differs(tmp_path, mini_data_dir):
    config = load_config("sentiment/mini", [*SMALL, *SMALLER, "train.epochs=1"])
    folder = RunFolder.create(config, tmp_path)
    record_start(folder, {**COMPUTATION, "replicas": 3})
    train_run(config, folder=folder, data_dir=mini_data_dir, resume=True)
    log = (folder.path / "log.txt").read_text(encoding="utf-8").splitlines()
    (warning,) = (line for line in log if line.startswith("warning"))
    assert warning.startswith("warning: not as when the run began, so bits may differ: ")
    assert warning.endswith("replicas 3 → 1")


@pytest.mark.parametrize("content", [None, "", "[]", '{"starts": 3}', '{"versions": {}}'])
def test_a_damaged_record_is_begun_anew(tmp_path, content):
    if content is not None:
        (tmp_path / "environment.json").write_text(content)
    assert record_start(RunFolder(tmp_path), COMPUTATION) == []
    assert len(json.loads((tmp_path / "environment.json").read_text())["starts"]) == 1


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_commit_is_read_from_a_clone(tmp_path):
    assert find_commit(tmp_path) is None
    git = tmp_path / ".git"
    write(git / "HEAD", f"{COMMIT}\n")
    assert find_commit(tmp_path) == COMMIT
    write(git / "HEAD", "ref: refs/heads/topic/one\n")
    assert find_commit(tmp_path) is None
    write(git / "packed-refs", f"# pack-refs with: peeled\n{COMMIT} refs/heads/topic/one\n")
    assert find_commit(tmp_path) == COMMIT
    newer = COMMIT[::-1]
    write(git / "refs" / "heads" / "topic" / "one", f"{newer}\n")
    assert find_commit(tmp_path) == newer


def test_the_commit_is_read_from_a_work_tree(tmp_path):
    git = tmp_path / "clone" / ".git" / "worktrees" / "tree"
    write(tmp_path / "tree" / ".git", f"gitdir: {os.path.relpath(git, tmp_path / 'tree')}\n")
    write(git / "HEAD", "ref: refs/heads/main\n")
    write(git / "commondir", "../..\n")
    write(tmp_path / "clone" / ".git" / "refs" / "heads" / "main", f"{COMMIT}\n")
    assert find_commit(tmp_path / "tree") == COMMIT
