"""Committed exports, each loaded once, and a server to put them behind."""

import functools

import pytest

from rnnzoo.config.locations import find_saved_model


@functools.cache
def _open_session(path):
    from tests.serving.stand_in_model import StandInModel

    return StandInModel(path)


@functools.cache
def _load(path):
    from rnnzoo.serving import LocalPredictor

    return LocalPredictor(path)


@pytest.fixture(scope="session")
def exports():
    """Returns the session on a committed export."""
    return lambda name: _open_session(find_saved_model(str(name)))


@pytest.fixture(scope="session")
def local():
    """Returns the local predictor of a committed export."""
    return lambda name: _load(find_saved_model(str(name)))


@pytest.fixture
def stand_in(monkeypatch):
    """A server without models."""
    from tests.serving.stand_in_server import StandInServer

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return StandInServer()


@pytest.fixture
def url(stand_in):
    """Its address."""
    with stand_in.listening() as address:
        yield address
