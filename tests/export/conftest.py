"""One tiny module with two signatures, exported once for all tests of this folder."""

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def tiny_module():
    from tests.export.tiny_export import make_tiny_module

    return make_tiny_module()


@pytest.fixture(scope="session")
def tiny_result(tmp_path_factory, tiny_module):
    from tests.export.tiny_export import export_tiny

    return export_tiny(tiny_module, tmp_path_factory.mktemp("exports"))
