"""A model in TensorFlow Serving, asked like a local one."""

from collections.abc import Mapping
from time import monotonic, sleep
from typing import Any, Literal
from urllib.parse import urlsplit

import numpy as np

from rnnzoo.config.errors import UserError
from rnnzoo.config.locations import served_name
from rnnzoo.serving.model_address import ModelAddress
from rnnzoo.serving.predictor import Predictor, Signature
from rnnzoo.serving.server_errors import retry
from rnnzoo.serving.server_reports import AVAILABLE, ModelMetadata, VersionStatus

_SCHEMES = ("http", "https", "grpc")
_POLL_SECONDS = 0.2


class Client(Predictor):
    """A model in TensorFlow Serving, with the methods of a local predictor: `predict`, `call` and `signatures`.

    It may be used by several threads at once. By REST it needs no TensorFlow; gRPC needs the extra `grpc`.

    Args:
        url: `http://host:8501` or `https://…` for REST, `grpc://host:8500` for gRPC.
        model: The row name, or the name under which it is served: `pos/ud_ewt` is served as `pos_ud_ewt`.
        version: The version to ask; the newest one if neither this nor a label is given.
        label: The label of the version to ask, such as `stable`.
        timeout: Seconds until a request is given up.
        retries: How often a request is repeated, after longer and longer pauses, when the server cannot be
            reached or says that it is not ready (503). Nothing else is tried again.
        max_batch_size: The most rows of a request; larger batches are split, and their answers put together in
            order. None: no limit but the `batch_size` of `predict`.
        request_format: `column` or `row`: the two formats of the REST API. The answers are the same.
        headers: Headers of every request, or metadata of every call, such as what a proxy wants to see.

    Raises:
        UserError: The address is none, or both a version and a label are given.

    Example:

        client = Client("http://localhost:8501", "sentiment/sst2")
        client.predict(["a gorgeous, witty film"])
    """

    def __init__(
        self,
        url: str,
        model: str,
        version: int | None = None,
        label: str | None = None,
        *,
        timeout: float = 60.0,
        retries: int = 4,
        max_batch_size: int | None = None,
        request_format: Literal["column", "row"] = "column",
        headers: Mapping[str, str] | None = None,
    ):
        self.url = url.rstrip("/")
        self.model = served_name(model)
        if version is not None and label is not None:
            raise UserError("give a version or a label, not both", key=self.model, got=f"{version} and {label!r}")
        if max_batch_size is not None and max_batch_size < 1:
            raise UserError("must be at least 1", key="max_batch_size", got=max_batch_size)
        if request_format not in ("column", "row"):
            raise UserError("no such format", key="request_format", got=request_format, allowed=("column", "row"))
        self._retries = max(retries, 0)
        self._max_batch_size = max_batch_size
        self._signatures: dict[str, Signature] | None = None
        self._address = ModelAddress(self.url, self.model, version, label, timeout, headers or {})
        if _read_scheme(self.url) == "grpc":
            from rnnzoo.serving.grpc_transport import GrpcTransport

            self._transport = GrpcTransport(self._address)
        else:
            from rnnzoo.serving.rest import RestTransport

            self._transport = RestTransport(self._address, by_row=request_format == "row")

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    def identity(self) -> str:
        """Returns the served name and the version that answers; a server may move."""
        return f"{self.model} version {self.metadata().version}"

    def signatures(self) -> dict[str, Signature]:
        """Returns what can be asked, by name. The server is asked once, and again after it has refused a request."""
        known = self._signatures
        if known is None:
            known = self._signatures = dict(self.metadata().signatures)
        return dict(known)

    def metadata(self) -> ModelMetadata:
        """Returns the version that answers, and what it takes and returns.

        Raises:
            UserError: The server cannot be reached, or has no such model.
        """
        return self._ask(self._transport.metadata)

    def status(self) -> list[VersionStatus]:
        """Returns the state of each version of the model, the newest first; of the one version, if one was given.

        Raises:
            UserError: The server cannot be reached, or has no such model.
        """
        return self._ask(self._transport.status)

    def wait_until_available(self, timeout: float = 60.0) -> None:
        """Returns as soon as a version of the model answers.

        Args:
            timeout: The most seconds to wait, also for the server itself.

        Raises:
            UserError: None does by then.
        """
        end = monotonic() + timeout
        while True:
            try:
                statuses = self.status()
                if any(status.state == AVAILABLE for status in statuses):
                    return
                states = ", ".join(f"{status.version} {status.state} {status.error_message}" for status in statuses)
                problem = UserError("no version of the model is available", file=self.url, key=self.model, got=states)
            except UserError as error:
                problem = error
            if monotonic() >= end:
                raise problem
            sleep(_POLL_SECONDS)

    def _run(self, signature: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        known = self.signature(signature)
        num_rows = len(next(iter(inputs.values())))
        if num_rows == 0:
            # The server refuses requests without rows.
            return {name: _make_empty(info) for name, info in known.outputs.items()}
        size = min(self._max_batch_size or num_rows, num_rows)
        parts = []
        for start in range(0, num_rows, size):
            part = {name: array[start : start + size] for name, array in inputs.items()}
            try:
                answer = self._ask(lambda part=part: self._transport.predict(signature, known, part))
            except UserError:
                # Another version may be served by now.
                self._signatures = None
                raise
            for name, array in answer.items():
                if len(array) != len(next(iter(part.values()))):
                    raise UserError("the server's answer has another number of rows", file=self.url, key=name)
            parts.append(answer)
        return {name: _join([part[name] for part in parts]) for name in known.outputs}

    def _ask(self, ask):
        return retry(ask, self._retries, self._address)


def _read_scheme(url: str) -> str:
    allowed = "http://host:8501 or https://… for REST, grpc://host:8500 for gRPC"
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise UserError("not the address of a server", key="url", got=url, allowed=allowed)
    if "/v1" in parts.path or parts.query or parts.fragment:
        raise UserError("give the address of the server only", key="url", got=url, allowed=allowed)
    return parts.scheme


def _make_empty(info) -> np.ndarray:
    dtype = object if info.dtype == "string" else info.dtype
    return np.zeros((0, *(size or 0 for size in info.shape[1:])), dtype)


def _join(parts: list[np.ndarray]) -> np.ndarray:
    """Puts answers below each other; the width of what is padded depends on the batch."""
    if len(parts) == 1:
        return parts[0]
    shape = np.max([part.shape for part in parts], axis=0)
    padding = b"" if parts[0].dtype == object else 0
    joined = np.full((sum(map(len, parts)), *shape[1:]), padding, parts[0].dtype)
    start = 0
    for part in parts:
        joined[(slice(start, start + len(part)), *map(slice, part.shape[1:]))] = part
        start += len(part)
    return joined
