"""A run that is killed between any two changes of the disk, and goes on, ends like one that was left alone."""

import errno
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from rnnzoo.config import UserError
from rnnzoo.training.run import train_run
from rnnzoo.training.run_folder import RunFolder
from tests.training.disk_images import copy_before_each_change
from tests.training.toy_task import load_toy_config, use_toy_task


@pytest.fixture(autouse=True)
def toy_task(monkeypatch):
    use_toy_task(monkeypatch)
    # Drawn from the history alone, and slowly.
    monkeypatch.setattr("rnnzoo.training.reporting.plot_curves", lambda history, path: path.write_bytes(b""))


def does_not_matter(path):
    return path.suffix == ".png" or path.name == "log.txt" or "tensorboard" in path.parts


def without_times(history):
    return [{name: value for name, value in epoch.items() if name != "seconds"} for epoch in history]


def read_result(folder: RunFolder):
    """Everything that a run leaves which does not tell the time."""
    metrics = folder.read_json("metrics.json")
    result = {"metrics": {name: value for name, value in metrics.items() if name != "minutes"}}
    result["history"] = without_times(folder.read_json("history.json"))
    result["evaluation"] = folder.read_json("evaluation.json")
    with zipfile.ZipFile(folder.model_file) as model:
        result["model"] = model.read("model.weights.h5")
    result["files"] = sorted(
        path.relative_to(folder.path).as_posix()
        for path in folder.path.rglob("*")
        if path.is_file() and "tensorboard" not in path.parts
    )
    for path in sorted((folder.path / "checkpoints").iterdir()):
        with np.load(path) as arrays:
            result[path.name] = [arrays[name].tobytes() for name in arrays.files if name not in ("state", "sha256")]
            state = json.loads(arrays["state"].tobytes())
            result[f"state of {path.name}"] = {**state, "history": without_times(state.get("history", []))}
    return result


def train_with_images(config, root: Path):
    """Trains; returns the folder, and copies of it as they were whenever something was about to change."""
    (root / "runs").mkdir()
    with copy_before_each_change(root / "runs", root / "images", does_not_matter) as images:
        folder = RunFolder.create(config, root / "runs")
        train_run(config, folder=folder)
    return folder, images


@pytest.mark.parametrize(
    "overrides",
    [
        # The first epoch is the best, and patience ends the run: each checkpoint but one speaks of an older best.
        [],
        # Each epoch is better than the one before.
        pytest.param(["train.learning_rate=0.3", "train.epochs=4", "train.keep_checkpoints=2"], marks=pytest.mark.slow),
    ],
)
def test_a_kill_between_any_two_writes_loses_nothing(tmp_path, overrides):
    config = load_toy_config(*overrides)
    whole, images = train_with_images(config, tmp_path)
    expected = read_result(whole)
    num_begun = 0
    for image in images:
        try:
            folder = RunFolder.find(config.name, image)
        except UserError:
            continue  # killed before there was a run
        num_begun += 1
        train_run(folder.load_config(), folder=folder, resume=True)
        assert read_result(folder) == expected, image
    # Two of the first moments, a best and a checkpoint and a history or so of each epoch, and those of the end.
    assert num_begun >= 2 + 2 * len(expected["history"]) + 4
    assert len(images) - num_begun == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, pytest.param(errno.EACCES, marks=pytest.mark.slow)])
def test_a_disk_that_fails_in_the_middle_stops_with_a_message_and_the_run_goes_on_later(tmp_path, monkeypatch, number):
    config = load_toy_config()
    whole = RunFolder.create(config, tmp_path / "whole")
    train_run(config, folder=whole)
    folder = RunFolder.create(config, tmp_path / "parts")
    for name in ("vocabularies", "best-0001.npz", "epoch-0002.npz", "history.json", "model.keras", "metrics.json"):
        with monkeypatch.context() as broken:
            broken.setattr("os.replace", _fail_at(name, number, os.replace))
            with pytest.raises(UserError, match=f"cannot be written: {os.strerror(number)}") as raised:
                train_run(config, folder=folder, resume=True)
        assert name in str(raised.value)
        assert not list(folder.path.rglob(".partial-*"))
    train_run(config, folder=folder, resume=True)
    assert read_result(folder) == read_result(whole)


def _fail_at(name, number, replace):
    def fail(source, target):
        if Path(target).name == name:
            raise OSError(number, os.strerror(number))
        replace(source, target)

    return fail


def test_a_finished_run_is_left_as_it_is(tmp_path):
    config = load_toy_config("train.epochs=1")
    folder = RunFolder.create(config, tmp_path)
    result = train_run(config, folder=folder)
    times = {path: path.stat().st_mtime_ns for path in folder.path.rglob("*") if path.name != "log.txt"}
    assert train_run(config, folder=folder, resume=True) == result
    assert times == {path: path.stat().st_mtime_ns for path in folder.path.rglob("*") if path.name != "log.txt"}


def test_a_run_goes_on_behind_a_damaged_checkpoint_and_says_so(tmp_path):
    config = load_toy_config("train.keep_checkpoints=2")
    whole = RunFolder.create(config, tmp_path)
    train_run(config, folder=whole)
    expected = read_result(whole)
    (whole.path / "metrics.json").unlink()
    damaged = max((whole.path / "checkpoints").glob("epoch-*"))
    damaged.write_bytes(damaged.read_bytes()[:-200])
    train_run(config, folder=whole, resume=True)
    assert f"{damaged}: the checkpoint is damaged" in (whole.path / "log.txt").read_text()
    assert read_result(whole) == expected
