"""Reference requests and the answers the model in memory gives to them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rnnzoo.config.errors import UserError
from rnnzoo.export.checks.reference_format import FORMAT, REFERENCE_FILE, encode_array, make_string_array

Request = Mapping[str, Any]
Answered = dict[str, list[dict[str, dict[str, np.ndarray]]]]


def input_specs(function) -> list:
    """Returns the `tf.TensorSpec` of each input of a signature's function, in the order of its arguments."""
    import tensorflow as tf

    positional, keywords = function.get_concrete_function().structured_input_signature
    return [spec for spec in [*positional, *keywords.values()] if isinstance(spec, tf.TensorSpec)]


def make_inputs(specs: Sequence, request: Request, place: str) -> dict[str, np.ndarray]:
    """Turns a request into arrays of the dtypes and ranks of a signature.

    Args:
        specs: The `tf.TensorSpec` of each input.
        request: Nested Python lists, or arrays, by input name.
        place: What error messages call the request.

    Raises:
        UserError: A name, a dtype or a shape does not fit.
    """
    names = [spec.name for spec in specs]
    if sorted(names) != sorted(request):
        raise UserError("the request does not have the inputs of the signature", key=place, got=sorted(request),
                        allowed=f"exactly {', '.join(names)}")  # fmt: skip
    arrays = {}
    for spec in specs:
        if not spec.shape.rank:
            raise UserError("has no batch dimension", key=f"{place}.{spec.name}", got=str(spec.shape))
        try:
            if spec.dtype.name == "string":
                array = make_string_array(request[spec.name], spec.shape.rank)
            else:
                array = np.array(request[spec.name], dtype=spec.dtype.as_numpy_dtype)
        except (ValueError, TypeError, OverflowError) as error:
            raise UserError(f"does not fit {spec.dtype.name}: {error}", key=f"{place}.{spec.name}") from error
        if not spec.shape.is_compatible_with(array.shape) or not len(array):
            raise UserError("has the wrong shape", key=f"{place}.{spec.name}", got=array.shape, allowed=str(spec.shape))
        arrays[spec.name] = array
    if len({len(array) for array in arrays.values()}) != 1:
        raise UserError("the inputs have unlike numbers of rows", key=place)
    return arrays


def compute_reference(signatures: Mapping[str, Any], requests: Mapping[str, Sequence[Request]]) -> Answered:
    """Returns every request as arrays, with the answer of the function in memory.

    Args:
        signatures: A `tf.function` with an input signature by name.
        requests: A list of requests for each of them.
    """
    import tensorflow as tf

    answered = {}
    for name, function in signatures.items():
        specs = input_specs(function)
        answered[name] = []
        for index, request in enumerate(requests[name]):
            inputs = make_inputs(specs, request, f"{name}[{index}]")
            outputs = function(*(tf.constant(inputs[spec.name], spec.dtype) for spec in specs))
            answered[name].append(
                {"inputs": inputs, "outputs": {key: np.asarray(value.numpy()) for key, value in outputs.items()}}
            )
    return answered


def write_reference(
    directory: Path, answered: Answered, *, served_name: str, num_parameters: int, max_bytes: int | None
) -> None:
    """Writes `assets.extra/reference.json`, with which an export can be checked anywhere.

    Args:
        directory: The version folder, which has `assets.extra` already.
        answered: What `compute_reference` returned.
        served_name: The name under which the model is served.
        num_parameters: How many weights the model has.
        max_bytes: The size the export may have; None for no limit.
    """
    reference = {
        "format": FORMAT,
        "served_name": served_name,
        "num_parameters": int(num_parameters),
        "max_bytes": max_bytes,
        "signatures": {
            name: [
                {part: {key: encode_array(array) for key, array in request[part].items()} for part in request}
                for request in of_signature
            ]
            for name, of_signature in answered.items()
        },
    }
    text = json.dumps(reference, ensure_ascii=False, separators=(",", ":"))
    (directory / REFERENCE_FILE).write_text(text + "\n", encoding="utf-8")
