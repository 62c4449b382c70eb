"""What `--run` and `--resume` choose."""

import pytest

from rnnzoo.cli.chosen_run import choose_run
from rnnzoo.config import UserError
from rnnzoo.training.run_folder import RunFolder


def choose(tmp_path, *overrides, is_chief=True, run="run", resume=False, seed=None, row="sentiment/mini"):
    return choose_run(
        row,
        overrides,
        seed=seed,
        run=tmp_path / run if run else None,
        runs=tmp_path / "runs",
        resume=resume,
        is_chief=is_chief,
        data_dir=None,
        offline=True,
    )


def begin(chosen, tmp_path):
    config, folder, has_begun = chosen.begin(0, tmp_path / "runs", True, lambda plan: plan)
    return config, folder.path, has_begun


def test_one_command_begins_a_run_and_goes_on_with_it(tmp_path):
    (tmp_path / "run").mkdir()
    for has_begun in (False, True, True):
        chosen = choose(tmp_path, "model.units=7", seed=3, resume=True)
        config, path, found = begin(chosen, tmp_path)
        assert (config.model.units, config.seed, path, found) == (7, 3, tmp_path / "run", has_begun)


def test_a_run_is_not_begun_twice(tmp_path):
    begin(choose(tmp_path), tmp_path)
    with pytest.raises(UserError, match="there is a run already"):
        choose(tmp_path)


def test_a_run_does_not_go_on_with_another_config(tmp_path):
    begin(choose(tmp_path, "model.units=7"), tmp_path)
    with pytest.raises(UserError, match=r"another config: model\.units, train\.epochs") as error:
        choose(tmp_path, "train.epochs=77", resume=True)
    assert "7, now" in str(error.value)


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").touch()
    for resume in (False, True):
        with pytest.raises(UserError, match="not empty"):
            choose(tmp_path, resume=resume)


def test_resuming_without_a_folder_goes_on_with_the_newest_run_or_fails(tmp_path):
    with pytest.raises(UserError, match="no run folder"):
        choose(tmp_path, run=None, resume=True)
    _, path, _ = begin(choose(tmp_path, "model.units=7", run=None), tmp_path)
    config, found, has_begun = begin(choose(tmp_path, run=None, resume=True), tmp_path)
    assert (config.model.units, found, has_begun) == (7, path, True)


def test_others_take_config_and_folder_from_the_chief(tmp_path):
    told = []
    chief = choose(tmp_path, "model.units=7", resume=True)
    chief.begin(0, tmp_path, True, told.append)
    other = choose(tmp_path, run=None, resume=True, is_chief=False)
    config, folder, has_begun = other.begin(0, tmp_path, False, lambda nothing: told[0])
    assert (config.model.units, folder.path, has_begun) == (7, tmp_path / "run", False)
    assert not (tmp_path / "runs").exists()
    assert RunFolder(tmp_path / "run").load_config() == config
