"""Arrays in the JSON of TensorFlow Serving's REST API, by rows and by columns."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnzoo.serving.predictor import Signature, TensorInfo

_BINARY = "b64"


def write_request(signature_name: str, inputs: Mapping[str, np.ndarray], by_row: bool) -> bytes:
    """Returns the body of a request.

    Args:
        signature_name: The signature's name.
        inputs: An array for each input; strings as object arrays of bytes.
        by_row: Whether each row is an object of its own; otherwise each input is one list.

    Example:

    >>> write_request("serving_default", {"text": np.array([b"good", b"\\xff"], object)}, by_row=False)
    b'{"signature_name":"serving_default","inputs":{"text":["good",{"b64":"/w=="}]}}'
    """
    columns = {name: _to_json(array) for name, array in inputs.items()}
    request: dict[str, Any] = {"signature_name": signature_name}
    if by_row:
        rows = zip(*columns.values(), strict=True)
        request["instances"] = [dict(zip(columns, row, strict=True)) for row in rows]
    else:
        request["inputs"] = columns
    return json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def read_reply(body: bytes) -> Any:
    """Returns the JSON in a reply. The server writes strings as they are: broken UTF-8 becomes surrogates.

    Raises:
        ValueError: It is no JSON.
    """
    return json.loads(body.decode("utf-8", "surrogateescape"))


def read_answer(reply: Mapping[str, Any], signature: Signature) -> dict[str, np.ndarray]:
    """Returns the arrays in a reply, whichever format it has.

    Args:
        reply: The decoded JSON.
        signature: What was asked; says the dtypes.

    Raises:
        ValueError: The reply does not have the outputs of the signature.
    """
    names = list(signature.outputs)
    if "outputs" in reply:
        # The name of an only output is left out.
        columns = reply["outputs"] if len(names) > 1 else {names[0]: reply["outputs"]}
    elif "predictions" in reply:
        rows = reply["predictions"]
        columns = {name: [row[name] for row in rows] for name in names} if len(names) > 1 else {names[0]: rows}
    else:
        raise ValueError("has neither `outputs` nor `predictions`")
    return {name: _to_array(columns[name], info) for name, info in signature.outputs.items()}


def widen_empty(inputs: Mapping[str, np.ndarray], signature: Signature) -> dict[str, np.ndarray]:
    """Returns the inputs with one step of padding where there is none and lists could not tell the shape.

    Nested lists cannot hold an array such as (2, 0, 8): of two sequences without a step nothing tells the 8. Where the
    signature has a `length` that says how many steps count, a step of padding changes nothing.
    """
    if "length" not in signature.inputs:
        return dict(inputs)
    widened = {}
    for name, array in inputs.items():
        shape = signature.inputs[name].shape
        missing = [(0, int(axis > 0 and shape[axis] is None and size == 0)) for axis, size in enumerate(array.shape)]
        widened[name] = np.pad(array, missing, constant_values=b"" if array.dtype == object else 0)
    return widened


def _to_json(array: np.ndarray) -> list:
    if array.dtype != object:
        if array.dtype.kind == "f" and array.dtype.itemsize < 8:
            # The shortest digits that mean this number: half as long as those of the float64 that tolist() gives.
            array = array.astype(str).astype(np.float64)
        return array.tolist()
    return _map_nested(_string_to_json, array.tolist(), array.ndim)


def _map_nested(function, values: Any, rank: int) -> Any:
    return function(values) if rank == 0 else [_map_nested(function, value, rank - 1) for value in values]


def _string_to_json(value: bytes) -> str | dict[str, str]:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return {_BINARY: base64.b64encode(value).decode("ascii")}


def _json_to_string(value: Any) -> bytes:
    if isinstance(value, dict):
        return base64.b64decode(value[_BINARY])
    return value.encode("utf-8", "surrogateescape")


def _to_array(values: Any, info: TensorInfo) -> np.ndarray:
    array = np.array(values, dtype=object if info.dtype == "string" else info.dtype)
    rank = len(info.shape)
    if array.ndim < rank and array.size == 0:
        array = array.reshape(*array.shape, *(size or 0 for size in info.shape[array.ndim :]))
    if array.ndim != rank:
        raise ValueError(f"has an output of {array.ndim} dimensions instead of {rank}")
    if array.dtype != object:
        return array
    strings = np.empty(array.size, dtype=object)
    strings[:] = [_json_to_string(value) for value in array.flat]
    return strings.reshape(array.shape)
