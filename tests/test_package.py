"""The package as a stranger gets it."""

import configparser
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def test_setup_cfg_names_every_package():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    named = set(setup["options"]["packages"].split())
    there = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "rnnzoo").rglob("__init__.py")
        if "__pycache__" not in path.parts
    }
    assert named == there | {"rnnzoo.zoo_configs", "rnnzoo.saved_models"}


def test_modules_are_short():
    long = {
        str(path.relative_to(ROOT)): length
        for path in (ROOT / "rnnzoo").rglob("*.py")
        if (length := len(path.read_text(encoding="utf-8").splitlines())) > 330
    }
    assert long == {}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A wheel of this tree, installed into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    source = folder / "source"
    # A copy, so that the build leaves nothing in the tree and finds nothing of an older one.
    names = ["setup.cfg", "pyproject.toml", "README.md", "LICENSE", "rnnzoo", "zoo_configs", "saved_models"]
    source.mkdir()
    for name in names:
        (source / name).symlink_to(ROOT / name)
    arguments = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run([*pip, *arguments], check=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", str(folder / "site"), str(wheel)], check=True)
    return folder / "site"


def run_installed(installed, folder, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(installed), "TFDS_DATA_DIR": str(folder / "data")}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    command = [sys.executable, "-m", "rnnzoo.cli.main", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_quick_start_from_an_installed_wheel_in_an_empty_folder(installed, tmp_path):
    shipped = run_installed(installed, tmp_path, "list")
    assert "sentiment/mini" in shipped.stdout and "sentiment/sst2" in shipped.stdout
    done = run_installed(
        installed,
        tmp_path,
        *("train", "sentiment/mini", "--offline", "--set", "train.epochs=1", "--set", "model.units=8"),
        *("--set", "data.train_split=train[:500]"),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # none of TensorFlow's chatter
    assert (tmp_path / "saved_models/sentiment/mini/1/saved_model.pb").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "runs", "saved_models"]
    asked = run_installed(installed, tmp_path, "predict", "sentiment/mini", "The soup was good.")
    assert asked.returncode == 0, asked.stderr
    assert "The soup was good." in asked.stdout


def test_shipped_exports_are_found_after_an_install(installed, tmp_path):
    if not list((ROOT / "saved_models").rglob("saved_model.pb")):
        pytest.skip("no export is committed yet")
    asked = run_installed(installed, tmp_path, "predict", "sentiment/sst2", "a wonderful film", "--json")
    assert asked.returncode == 0, asked.stderr
    assert '"label": "positive"' in asked.stdout
