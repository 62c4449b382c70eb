"""Fixtures for all tests: the test data, and the miniature language prepared once."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Keeps what tests encode apart from the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNNZOO_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of prepared public data: `tfds/` and `raw/` lie in it."""
    folder = os.environ.get("RNNZOO_TEST_DATA")
    if not folder:
        pytest.skip("RNNZOO_TEST_DATA does not name the folder of test data")
    return Path(folder)


@pytest.fixture(scope="session")
def mini_data_dir(tmp_path_factory) -> Path:
    """A TFDS data folder in which `rnnzoo_mini/sentences` is prepared."""
    from rnnzoo.datasets import open_dataset

    folder = tmp_path_factory.mktemp("tfds")
    open_dataset("rnnzoo_mini/sentences", folder)
    return folder
