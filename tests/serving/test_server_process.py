import json
import shutil
import socket
import sys
import time

import pytest

from rnnzoo.config import UserError
from rnnzoo.config.locations import find_saved_model
from rnnzoo.serving import server_process
from rnnzoo.serving.served_models import find_served_models
from rnnzoo.serving.server_files import ServerSettings, write_server_files
from rnnzoo.serving.server_process import find_program, run_server
from tests.serving.fake_model_server import copy_export, install_fake_model_server


def free_ports():
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Starts a server of two models with a fake program; returns what is needed for it."""
    monkeypatch.chdir(tmp_path)
    copy_export(find_saved_model("sentiment/mini"), tmp_path / "saved_models" / "my" / "text", (1, 2))
    models = find_served_models(["my/text", "clip/mini"], ["my/text=1"], ["my/text=2"])
    settings = ServerSettings(*free_ports())
    write_server_files(models, tmp_path / "serving", settings)

    def start(mode=""):
        install_fake_model_server(tmp_path / "bin", monkeypatch, mode)
        return run_server(find_program(), models, tmp_path / "serving", settings)

    start.models, start.settings, start.log = models, settings, tmp_path / "serving" / "server.log"
    return start


def is_listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_waits_and_asks_every_version(served):
    with served() as server:
        server.wait_until_available(served.models, 30)
        asked = [answer for model in served.models for answer in server.ask(model)]
        assert is_listening(served.settings.rest_port)
    assert [(answer.name, answer.version) for answer in asked] == [
        ("sentiment_mini", 1),
        ("sentiment_mini", 2),
        ("clip_mini", 1),
    ]
    assert all(answer.difference is None and answer.seconds > 0 for answer in asked)
    assert not is_listening(served.settings.rest_port)
    log = served.log.read_text(encoding="utf-8")
    flags = json.loads(log.splitlines()[0].removeprefix("flags: "))
    assert flags["rest_api_port"] == str(served.settings.rest_port)
    assert flags["port"] == str(served.settings.grpc_port)
    assert flags["model_config_file"].endswith("/serving/models.local.config")
    assert "asked: sentiment_mini 1 ['inputs', 'signature_name']" in log


def test_another_answer_is_told(served):
    with served("differs") as server:
        server.wait_until_available(served.models, 30)
        (asked, _) = server.ask(served.models[0])
    assert asked.difference.startswith("outputs.label[0] is 'odd', expected")


@pytest.mark.parametrize(
    ("mode", "timeout", "words"),
    [
        ("never", 0.5, ["not available after 0.5 seconds: clip_mini version 1, sentiment_mini version 1", "flags:"]),
        ("dies", 30, ["stopped with exit code 1", "Failed to start server. Error: no such thing", "server.log"]),
        ("broken", 30, ["version 1 cannot be loaded: Op type not registered 'Odd'"]),
    ],
)
def test_a_server_that_never_comes_up(served, mode, timeout, words):
    with pytest.raises(UserError) as mistake, served(mode) as server:
        server.wait_until_available(served.models, timeout)
    for word in words:
        assert word in str(mistake.value)
    assert not is_listening(served.settings.rest_port)


def test_an_answer_that_is_an_error(served):
    with pytest.raises(UserError, match="answers 400: Task size 200 is larger"), served("refuses") as server:
        server.wait_until_available(served.models, 30)
        server.ask(served.models[0])


def test_a_server_that_ignores_the_signal_is_stopped(served, monkeypatch):
    monkeypatch.setattr(server_process, "_STOP_SECONDS", 0.3)
    with served("stubborn") as server:
        server.wait_until_available(served.models, 30)
    assert not is_listening(served.settings.rest_port)


def test_a_server_that_ends_by_itself(served):
    with pytest.raises(UserError, match="stopped with exit code -9"), served() as server:
        server.wait_until_available(served.models, 30)
        server._process.kill()
        server.wait()


def test_a_port_that_is_taken(served):
    with socket.socket() as other:
        other.bind(("127.0.0.1", served.settings.grpc_port))
        other.listen()
        with pytest.raises(UserError, match="--grpc-port: something else listens"), served():
            pass


def test_no_program(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="neither tensorflow_model_server nor docker"):
        find_program()


def test_docker_runs_where_there_is_no_server(served, tmp_path, monkeypatch):
    """A docker that prints what it was asked: the container gets a name, by which it can be removed."""
    (tmp_path / "docker_bin").mkdir()
    docker = tmp_path / "docker_bin" / "docker"
    docker.write_text(f"#!{sys.executable}\nimport sys\nprint(' '.join(sys.argv[1:]))\nsys.exit(125)\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "docker_bin"))
    program = find_program()
    assert program == shutil.which("docker")
    begun = time.monotonic()
    with (
        pytest.raises(UserError, match="exit code 125"),
        run_server(program, served.models, tmp_path / "serving", served.settings) as server,
    ):
        server.wait_until_available(served.models, 30)
    assert time.monotonic() - begun < 10
    arguments = served.log.read_text(encoding="utf-8")
    assert arguments.startswith("run --rm --init --name rnnzoo_serve_")
    assert f"-p {served.settings.rest_port}:8501" in arguments
