"""The tiny module of the export tests, exported and loaded once; and the fixtures of the stand-in server."""

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).parent.parent / "export"))

from tests.serving.stand_in_fixtures import exports, local, stand_in, url  # noqa: F401


@pytest.fixture(scope="session")
def tiny_root(tmp_path_factory):
    from tests.export.tiny_export import export_tiny, make_tiny_module

    root = tmp_path_factory.mktemp("served")
    export_tiny(make_tiny_module(), root)
    return root


@pytest.fixture(scope="session")
def predictor(tiny_root):
    from rnnzoo.serving import load

    return load(tiny_root / "toy" / "tiny")
