"""The rules of TensorFlow Serving's JSON converter: which requests it takes, and how it writes answers."""

import base64
import binascii
import json

import numpy as np
import tensorflow as tf

from tests.serving.stand_in_model import refuse

_MAXIMUM_EXACT = {"float": 2**24 - 1, "double": 2**53 - 1}


def read_request(body, find_inputs):
    """Returns signature name, arrays by input, and whether the request came by rows.

    Args:
        body: The bytes that were posted.
        find_inputs: Returns the `TensorInfo` of each input of a signature.
    """
    document = _parse(body)
    signature = document.get("signature_name", "")
    if not isinstance(signature, str):
        raise _wrong(document, "not formatted correctly. 'signature_name' key must be a string value.")
    signature = signature or "serving_default"
    infos = find_inputs(signature)
    if "instances" in document and "inputs" in document:
        raise _wrong(document, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ")
    if "instances" in document:
        if not isinstance(document["instances"], list):
            raise _wrong(document, "Excepting 'instances' to be an list/array")
        if not document["instances"]:
            raise _wrong(document, "No values in 'instances' array")
        return signature, _read_rows(document["instances"], infos), True
    if "inputs" in document:
        return signature, _read_columns(document["inputs"], infos), False
    raise refuse("Missing 'inputs' or 'instances' key")


def write_answer(outputs, by_row):
    """Returns the body of the answer; the order of the names is not to be relied on."""
    values = {
        name: _map(lambda value, name=name: _to_json(value, name), outputs[name].tolist(), outputs[name])
        for name in sorted(outputs, reverse=True)
    }
    (only,) = values.values() if len(values) == 1 else (None,)
    if by_row:
        sizes = {name: array.shape[0] for name, array in outputs.items()}
        if len(set(sizes.values())) > 1:
            raise refuse(f"Tensor name: has inconsistent batch size: {sizes}")
        (num_rows,) = set(sizes.values())
        rows = only if only is not None else [{k: v[row] for k, v in values.items()} for row in range(num_rows)]
        reply = {"predictions": rows}
    else:
        reply = {"outputs": values if only is None else only}
    return json.dumps(reply, ensure_ascii=False, indent=4).encode("utf-8", "surrogateescape")


def _parse(body):
    if not body:
        raise refuse("JSON Parse error: The document is empty")
    try:
        # Bytes in a string need not be UTF-8: they are handed on as they are.
        document = json.loads(body.decode("utf-8", "surrogateescape").removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise refuse(f"JSON Parse error: Invalid value. at offset: {getattr(error, 'pos', 0)}") from error
    if not isinstance(document, dict):
        raise _wrong(document, "Is not object")
    return document


def _wrong(value, problem):
    return refuse(f"JSON Value: {_show(value)} {problem}")


def _show(value):
    return json.dumps(value, indent=4)


def _read_rows(rows, infos):
    if not isinstance(rows[0], dict) and len(infos) > 1:
        raise refuse(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    of_objects = _is_object(rows[0])
    columns, shapes = {}, {}
    for place, row in enumerate(rows):
        if of_objects != _is_object(row):
            wanted, got = ("object", "list") if of_objects else ("value/list", "object")
            raise refuse(f"Expecting {wanted} but got {got} at item {place} of input list")
        entries = row if of_objects else {next(iter(infos)): row}
        for name, value in entries.items():
            try:
                _add(name, value, infos, columns, shapes)
            except Exception as error:
                key = f" key: {name}" if of_objects else ""
                message = getattr(error, "message", str(error))
                raise refuse(
                    f"Failed to process element: {place}{key} of 'instances' list. Error: INVALID_ARGUMENT: {message}"
                ) from error
        if of_objects and set(entries) != set(infos):
            raise refuse(
                f"Failed to process element: {place} of 'instances' list. JSON object: {_show(row)} keys must be "
                f"equal to: {','.join(sorted(infos))}"
            )
    return {name: _to_array(values, [len(rows), *shapes[name]], infos[name]) for name, values in columns.items()}


def _add(name, value, infos, columns, shapes):
    if name not in infos:
        raise refuse(f"JSON object: does not have named input: {name}")
    shape, values = _flatten(value, infos[name].dtype)
    if name in shapes and shapes[name] != shape:
        wanted, got = (str(sizes).replace(" ", "") for sizes in (shapes[name], shape))
        raise refuse(f"Expecting shape {wanted} but got: {got}")
    shapes[name] = shape
    columns.setdefault(name, []).extend(values)


def _read_columns(columns, infos):
    if not _is_object(columns):
        if len(infos) > 1:
            raise refuse(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            )
        columns = {next(iter(infos)): columns}
    arrays = {}
    for name, info in infos.items():
        if name not in columns:
            raise refuse(f"Missing named input: {name} in 'inputs' object.")
        shape, values = _flatten(columns[name], info.dtype)
        arrays[name] = _to_array(values, shape, info)
    return arrays


def _is_base64(value):
    return isinstance(value, dict) and list(value) == ["b64"] and isinstance(value["b64"], str)


def _is_object(value):
    return isinstance(value, dict) and not _is_base64(value)


def _flatten(value, dtype):
    shape = []
    inner = value
    while isinstance(inner, list):
        shape.append(len(inner))
        inner = inner[0] if inner else None
    values = []
    _fill(value, 0, shape, tf.as_dtype(dtype), values)
    return shape, values


def _fill(value, level, shape, dtype, values):
    if not isinstance(value, list):
        if level != len(shape):
            raise _wrong(
                value, f"found at incorrect level: {level + 1} in the JSON DOM. Expected at level: {len(shape)}"
            )
        values.append(_read_value(value, dtype))
        return
    if level >= len(shape):
        raise refuse(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise refuse(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
        )
    for inner in value:
        _fill(inner, level + 1, shape, dtype, values)


def _read_value(value, dtype):
    name = {"float32": "float", "float64": "double"}.get(dtype.name, dtype.name)
    mistake = refuse(f"JSON Value: {_show(value)} Type: {_type_name(value)} is not of expected type: {name}")
    if dtype == tf.string:
        if isinstance(value, dict):
            return _read_base64(value)
        if not isinstance(value, str):
            raise mistake
        return _encode(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        if dtype == tf.bool and isinstance(value, bool):
            return value
        raise mistake
    if dtype.is_floating:
        if isinstance(value, int) and abs(value) < 2**63:
            is_exact = abs(value) <= _MAXIMUM_EXACT[name]
        else:
            is_exact = not np.isfinite(float(value)) or abs(value) <= float(dtype.max)
        if not is_exact:
            raise refuse(f"Cannot convert JSON value: {_show(value)} to {name} without loss of precision.")
        return value
    limits = tf.int32 if dtype.size < 4 else dtype
    if not isinstance(value, int) or not limits.min <= value <= limits.max:
        raise mistake
    return value


def _type_name(value):
    names = {type(None): "Null", bool: str(value), dict: "Object", list: "Array", str: "String"}
    return names.get(type(value), "Number")


def _read_base64(value):
    if not _is_base64(value):
        raise _wrong(value, "not formatted correctly for base64 data")
    try:
        return base64.b64decode(value["b64"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise refuse("Unable to base64 decode") from error


def _encode(text):
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise refuse("JSON Parse error: The surrogate pair in string is invalid. at offset: 0") from error


def _to_array(values, shape, info):
    dtype = tf.as_dtype(info.dtype)
    array = np.empty(len(values), object if dtype == tf.string else dtype.as_numpy_dtype)
    with np.errstate(over="ignore"):
        array[:] = values
    return array.reshape(shape)


def _map(function, values, array):
    def walk(value, rank):
        return function(value) if rank == 0 else [walk(inner, rank - 1) for inner in value]

    if array.dtype == np.float32:
        values = _shorten(array)
    return walk(values, array.ndim)


def _shorten(array):
    """Six digits where they mean the number, else nine."""
    short = [float(f"{value:.6g}") for value in array.flat]
    long = [float(f"{value:.9g}") for value in array.flat]
    chosen = [a if np.float32(a) == value else b for a, b, value in zip(short, long, array.flat, strict=True)]
    return np.array(chosen, np.float64).reshape(array.shape).tolist()


def _to_json(value, name):
    if not isinstance(value, bytes):
        return value
    if name.endswith("_bytes"):
        return {"b64": base64.b64encode(value).decode()}
    return value.decode("utf-8", "surrogateescape")
