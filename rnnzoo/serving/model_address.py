"""Where a model is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ModelAddress:
    """A model of a server.

    Attributes:
        url: Of the server, such as `http://localhost:8501` or `grpc://localhost:8500`.
        model: The served name.
        version: The version; None for the newest, or the one with the label.
        label: The label of a version, or None.
        timeout: Seconds until a request is given up.
        headers: Of every request, or metadata of every call.
    """

    url: str
    model: str
    version: int | None = None
    label: str | None = None
    timeout: float = 60.0
    headers: Mapping[str, str] = field(default_factory=dict)
