"""Where configs and exports are looked up."""

import pytest

from rnnzoo.config import UserError
from rnnzoo.config.locations import find_config, find_saved_model, row_names, versions_of


def make_export(folder, *versions):
    for version in versions:
        (folder / version).mkdir(parents=True)
        (folder / version / "saved_model.pb").touch()
    return folder


def test_rows_are_found_by_name_and_files_by_path(tmp_path):
    assert "sentiment/mini" in row_names()
    assert find_config("sentiment/mini").name == "mini.toml"
    file = tmp_path / "own.toml"
    file.touch()
    assert find_config(str(file)) == file


def test_the_newest_version_is_found_by_number(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = make_export(tmp_path / "saved_models" / "sentiment" / "toy", "2", "10", "3.partial")
    (model / "11").mkdir()
    assert sorted(versions_of(model)) == [2, 10]
    for given in ("sentiment/toy", str(model), str(model / "10")):
        assert find_saved_model(given).resolve() == model / "10"


def test_an_unknown_export_is_told_with_the_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_export(tmp_path / "saved_models" / "sentiment" / "toy", "1")
    with pytest.raises(UserError, match="nearest:  sentiment/toy"):
        find_saved_model("sentiment/toi")
