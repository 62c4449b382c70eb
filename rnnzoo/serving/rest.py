"""Asking TensorFlow Serving by REST."""

import json
import threading
from typing import Any
from urllib.parse import quote

import numpy as np
import requests

from rnnzoo.config.errors import UserError
from rnnzoo.serving.json_tensors import read_answer, read_reply, widen_empty, write_request
from rnnzoo.serving.model_address import ModelAddress
from rnnzoo.serving.predictor import Signature
from rnnzoo.serving.server_errors import UnavailableError, make_refusal, make_timeout
from rnnzoo.serving.server_reports import ModelMetadata, VersionStatus, read_metadata_json, read_status_json

_CONNECT_SECONDS = 10.0
_MOST_SHOWN = 300


class RestTransport:
    """One model of a server, by HTTP.

    Args:
        address: The model.
        by_row: Whether requests have the row format.
    """

    def __init__(self, address: ModelAddress, by_row: bool):
        self._address = address
        self._path = f"{address.url}/v1/models/{quote(address.model, safe='')}"
        if address.version is not None:
            self._path += f"/versions/{address.version}"
        elif address.label is not None:
            self._path += f"/labels/{quote(address.label, safe='')}"
        self._by_row = by_row
        # A session keeps its connections open, and belongs to one thread.
        self._of_thread = threading.local()
        self._sessions: list[requests.Session] = []

    def status(self) -> list[VersionStatus]:
        """Returns the versions, the newest first."""
        return self._read(read_status_json, self._ask("GET", ""))

    def metadata(self) -> ModelMetadata:
        """Returns what the model takes and returns."""
        return self._read(read_metadata_json, self._ask("GET", "/metadata"))

    def predict(self, name: str, signature: Signature, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns the answer of a signature to one batch."""
        body = write_request(name, widen_empty(inputs, signature), self._by_row)
        reply = self._ask("POST", ":predict", body)
        return self._read(lambda reply: read_answer(reply, signature), reply)

    def close(self) -> None:
        """Closes the connections."""
        for session in self._sessions:
            session.close()

    def _session(self) -> requests.Session:
        if not hasattr(self._of_thread, "session"):
            session = requests.Session()
            session.headers.update(self._address.headers)
            self._of_thread.session = session
            self._sessions.append(session)
        return self._of_thread.session

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            response = self._session().request(
                method,
                self._path + path,
                data=body,
                headers=headers,
                timeout=(min(self._address.timeout, _CONNECT_SECONDS), self._address.timeout),
                allow_redirects=False,  # which would make a GET of a POST
            )
        except requests.ReadTimeout as error:
            raise make_timeout(self._address) from error
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            raise UnavailableError(f"no connection: {error}") from error
        except (requests.RequestException, ValueError) as error:
            raise UserError(f"cannot be asked: {error}", file=self._address.url) from error
        try:
            reply = read_reply(response.content)
        except ValueError:
            reply = None
        if response.status_code == requests.codes.ok and isinstance(reply, dict):
            return reply
        message = reply.get("error") if isinstance(reply, dict) else None
        message = str(message or f"{response.reason}; {response.text[:_MOST_SHOWN]!r}")
        message = message.encode("utf-8", "replace").decode()
        if response.status_code == requests.codes.unavailable:
            raise UnavailableError(f"503: {message}")
        if reply is None and response.status_code in (200, 404):
            raise UserError(
                f"this is not TensorFlow Serving's REST API ({response.status_code}): {message}",
                file=self._address.url,
                allowed="the server's REST port: http://host:8501",
            )
        raise make_refusal(self._address, str(response.status_code), message)

    def _read(self, read, reply: Any) -> Any:
        try:
            return read(reply)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            shown = json.dumps(reply)[:_MOST_SHOWN]
            raise UserError(
                f"cannot read the server's reply: {type(error).__name__}: {error}", file=self._address.url, got=shown
            ) from error
