"""What a server says about a model: which versions there are, and what they take."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rnnzoo.serving.predictor import Signature, TensorInfo
from rnnzoo.serving.tensor_types import DTYPE_OF_NAME

AVAILABLE = "AVAILABLE"


@dataclass(frozen=True)
class VersionStatus:
    """The state of one version of a model.

    Attributes:
        version: The version.
        state: `START`, `LOADING`, `AVAILABLE`, `UNLOADING` or `END`.
        error_code: `OK`, or what went wrong, such as `NOT_FOUND`.
        error_message: The server's words; "" where nothing went wrong.
    """

    version: int
    state: str
    error_code: str = "OK"
    error_message: str = ""


@dataclass(frozen=True)
class ModelMetadata:
    """What a model takes and returns.

    Attributes:
        name: The name under which it is served.
        version: The version that answered.
        signatures: What can be asked, by name.
    """

    name: str
    version: int
    signatures: Mapping[str, Signature]


def read_status_json(reply: Mapping[str, Any]) -> list[VersionStatus]:
    """Returns the versions in a reply to `GET …/v1/models/NAME`, the newest first."""
    versions = []
    for entry in reply["model_version_status"]:
        status = entry.get("status", {})
        versions.append(
            VersionStatus(
                int(entry["version"]), entry["state"], status.get("error_code", "OK"), status.get("error_message", "")
            )
        )
    return sort_versions(versions)


def sort_versions(versions: list[VersionStatus]) -> list[VersionStatus]:
    """Returns versions, the newest first."""
    return sorted(versions, key=lambda status: -status.version)


def read_metadata_json(reply: Mapping[str, Any]) -> ModelMetadata:
    """Returns what a reply to `GET …/v1/models/NAME/metadata` says."""
    spec = reply["model_spec"]
    definitions = reply["metadata"]["signature_def"]["signature_def"]
    signatures = {
        name: Signature(_read_infos(definition.get("inputs", {})), _read_infos(definition.get("outputs", {})))
        for name, definition in definitions.items()
    }
    return ModelMetadata(spec["name"], int(spec.get("version") or 0), keep_callable(signatures))


def _read_infos(infos: Mapping[str, Any]) -> dict[str, TensorInfo]:
    described = {}
    for name in sorted(infos):
        # Numbers of 64 bits are strings in the JSON of protocol buffers; -1 is a dimension that may vary.
        sizes = [int(dimension.get("size", 0)) for dimension in infos[name].get("tensor_shape", {}).get("dim", [])]
        described[name] = describe_tensor(DTYPE_OF_NAME.get(infos[name]["dtype"], infos[name]["dtype"]), sizes)
    return described


def describe_tensor(dtype: str, sizes: list[int]) -> TensorInfo:
    """Returns an input or output with these dimensions; a negative one may vary."""
    return TensorInfo(dtype, tuple(size if size >= 0 else None for size in sizes))


def keep_callable(signatures: Mapping[str, Signature]) -> dict[str, Signature]:
    """Returns signatures in the order of their names, without TensorFlow's own, which initialise a model."""
    return {name: signatures[name] for name in sorted(signatures) if not name.startswith("__")}
