"""Starts TensorFlow Serving, waits until it serves, and asks each model what its export was asked."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnzoo.config.errors import UserError
from rnnzoo.serving.reference_requests import find_difference, make_reference_request
from rnnzoo.serving.served_models import ServedModel
from rnnzoo.serving.server_files import ServerSettings, docker_command, local_command

_LOG_FILE = "server.log"
_HOST = "127.0.0.1"
_POLL_SECONDS = 0.2
_STATUS_TIMEOUT = 5.0
_REQUEST_TIMEOUT = 60.0
_STOP_SECONDS = 10.0
_LOG_LINES_SHOWN = 8


@dataclass(frozen=True)
class AskedModel:
    """What became of the request to one version of a model.

    Attributes:
        name: The served name.
        version: The version.
        seconds: How long the answer took.
        difference: Where the answer differs from the one that the export carries; None where it does not.
    """

    name: str
    version: int
    seconds: float
    difference: str | None


class ModelServer:
    """A server process and its REST API.

    Args:
        process: The process.
        log: The file of what it prints.
        port: Port of its REST API.
    """

    def __init__(self, process: subprocess.Popen, log: Path, port: int):
        self._process = process
        self._log = log
        self._port = port

    def wait_until_available(self, models: Sequence[ServedModel], timeout: float) -> None:
        """Waits until every version of every model is available.

        Raises:
            UserError: The server stopped, cannot load a model, or the time was up.
        """
        deadline = time.monotonic() + timeout
        waiting = {(model.name, version) for model in models for version in model.versions}
        while waiting:
            if self._process.poll() is not None:
                raise self._error(f"the server stopped with exit code {self._process.returncode}")
            for name in sorted({name for name, _ in waiting}):
                states = self._states(name)
                waiting -= {(name, version) for version, state in states.items() if state == "AVAILABLE"}
            if not waiting:
                return
            if time.monotonic() > deadline:
                missing = ", ".join(f"{name} version {version}" for name, version in sorted(waiting))
                raise self._error(f"not available after {timeout:g} seconds: {missing}")
            time.sleep(_POLL_SECONDS)

    def ask(self, model: ServedModel) -> list[AskedModel]:
        """Sends every version of a model the request that its export carries.

        Raises:
            UserError: The server does not answer.
        """
        asked = []
        for version in model.versions:
            body, expected = make_reference_request(model.version_folder(version))
            begun = time.perf_counter()
            try:
                path = f"/v1/models/{model.name}/versions/{version}:predict"
                status, answer = self._request("POST", path, _REQUEST_TIMEOUT, body)
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise self._error(f"{model.name} version {version} does not answer: {error}") from None
            seconds = time.perf_counter() - begun
            if status != 200:
                raise self._error(f"{model.name} version {version} answers {status}: {answer.get('error', answer)}")
            asked.append(AskedModel(model.name, version, seconds, find_difference(expected, answer.get("outputs"))))
        return asked

    def wait(self) -> None:
        """Waits until the server ends.

        Raises:
            UserError: It ended by itself.
        """
        self._process.wait()
        raise self._error(f"the server stopped with exit code {self._process.returncode}")

    def _states(self, name: str) -> dict[int, str]:
        try:
            status, answer = self._request("GET", f"/v1/models/{name}", _STATUS_TIMEOUT)
        except (OSError, http.client.HTTPException, ValueError):
            return {}  # not up yet
        if status != 200:
            return {}
        states = {}
        for entry in answer.get("model_version_status", []):
            states[int(entry["version"])] = entry["state"]
            error = entry.get("status", {})
            if entry["state"] == "END" and error.get("error_code", "OK") != "OK":
                raise self._error(f"{name} version {entry['version']} cannot be loaded: {error.get('error_message')}")
        return states

    def _request(self, method: str, path: str, timeout: float, body: Any = None) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection(_HOST, self._port, timeout=timeout)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            answer = json.loads(response.read())
            return response.status, answer if isinstance(answer, dict) else {}
        finally:
            connection.close()

    def _error(self, problem: str) -> UserError:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        if not lines:
            return UserError(problem, file=self._log)
        shown = "\n    ".join(lines[-_LOG_LINES_SHOWN:])
        return UserError(problem, file=self._log, hint=f"the last it said was\n    {shown}")


def find_program() -> str:
    """Returns the path of `tensorflow_model_server`, or else of docker.

    Raises:
        UserError: Neither is on the PATH.
    """
    for name in ("tensorflow_model_server", "docker"):
        found = shutil.which(name)
        if found:
            return found
    raise UserError(
        "neither tensorflow_model_server nor docker is on the PATH",
        key="--run",
        hint="install one of them, or run the docker line where there is one",
    )


@contextlib.contextmanager
def run_server(
    program: str, models: Sequence[ServedModel], output: Path, settings: ServerSettings
) -> Iterator[ModelServer]:
    """Starts a server on files that are written, and stops it at the end, whatever happens.

    Args:
        program: What `find_program` returned.
        models: What is served.
        output: The folder of the files; the server's log goes there too.
        settings: Ports and image.

    Raises:
        UserError: A port is taken, or the program cannot be started.
    """
    for key, port in (("--rest-port", settings.rest_port), ("--grpc-port", settings.grpc_port)):
        if _is_taken(port):
            raise UserError("something else listens on this port already", key=key, got=port)
    container = None
    if Path(program).name == "docker":
        container = f"rnnzoo_serve_{os.getpid()}"
        command = [program, *docker_command(models, output, settings, container)[1:]]
    else:
        command = local_command(program, output, settings)
    log = output / _LOG_FILE
    with _terminable(), log.open("wb") as file:
        try:
            # In a session of its own: a Ctrl-C at the terminal is for us, who then stop it in order.
            process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
            )
        except OSError as error:
            raise UserError(f"cannot be started: {error.strerror}", file=program) from None
        try:
            yield ModelServer(process, log, settings.rest_port)
        finally:
            _stop(process, [program, "rm", "--force", container] if container else None)


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Makes SIGTERM unwind as Ctrl-C does, so that the server is stopped too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def unwind(*_: object) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _is_taken(port: int) -> bool:
    try:
        with socket.create_connection((_HOST, port), timeout=1):
            return True
    except OSError:
        return False


def _stop(process: subprocess.Popen, remove_container: list[str] | None) -> None:
    if process.poll() is not None:
        return
    process.terminate()  # the docker client hands it on to the container
    try:
        process.wait(_STOP_SECONDS)
        return
    except subprocess.TimeoutExpired:
        pass
    if remove_container:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(remove_container, capture_output=True, timeout=_STOP_SECONDS, check=False)  # noqa: S603
    process.kill()
    process.wait()
