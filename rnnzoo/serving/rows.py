"""What a model is asked, a row at a time: texts, or dictionaries of its inputs; and how rows become a batch."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnzoo.config.errors import UserError

if TYPE_CHECKING:
    from rnnzoo.serving.predictor import Signature, TensorInfo

Row = str | bytes | Mapping[str, Any]


def find_text_input(signature: "Signature", name: str, settings: Mapping[str, Any]) -> str:
    """Returns the input that takes the texts: the first of `text_inputs` that no setting fills.

    Args:
        signature: The signature.
        name: Its name, for messages.
        settings: The other inputs that are given.

    Raises:
        UserError: There is none.
    """
    free = [text_input for text_input in signature.text_inputs if text_input not in settings]
    if not free:
        raise UserError(
            f"takes no texts, one a row; its inputs are {', '.join(signature.inputs)}",
            key=name,
            hint="give a dictionary of its inputs for each row: an object in JSON",
        )
    return free[0]


def takes_texts(signature: "Signature", settings: Mapping[str, Any]) -> bool:
    """Returns whether a row is a text: the one input that no setting fills."""
    free = [name for name in signature.inputs if name not in settings]
    return len(free) == 1 and free[0] in signature.text_inputs


def read_rows(
    signature: "Signature", name: str, rows: Sequence[Row], settings: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Returns the inputs of each row by name.

    Args:
        signature: The signature.
        name: Its name, for messages.
        rows: Texts, for the signature's input `text` or `prompt`, or its only string input; or dictionaries of
            inputs. A `length` that is left out is the number of steps of the row's sequence, a `prompt` is "".
        settings: The other inputs, each one value for all rows, or a list of one a row.

    Raises:
        UserError: A row is neither, has an unknown input or lacks one, or a setting does not fit.
    """
    columns = {key: _make_column(key, value, rows) for key, value in settings.items()}
    read = []
    for place, row in enumerate(rows):
        inputs = {key: column[place] for key, column in columns.items()}
        if isinstance(row, Mapping):
            inputs |= row
        else:
            text_input = find_text_input(signature, name, settings)
            if not isinstance(row, str | bytes):
                raise UserError("is not a string", key=f"{text_input}[{place}]", got=row)
            inputs[text_input] = row
        if "length" in signature.inputs and "length" not in inputs:
            inputs["length"] = count_steps(inputs)
        if "prompt" in signature.inputs:
            inputs.setdefault("prompt", "")
        check_names(signature, inputs)
        read.append(inputs)
    return read


def check_names(signature: "Signature", inputs: Mapping[str, Any]) -> None:
    """Raises UserError if an input is unknown or missing."""
    for name in inputs:
        if name not in signature.inputs:
            raise UserError("no such input", key="input", got=name, allowed=list(signature.inputs))
    for name in signature.inputs:
        if name not in inputs:
            raise UserError("an input is missing", key=name, allowed=f"{', '.join(signature.inputs)}, all of them")


def count_steps(inputs: Mapping[str, Any]) -> int:
    """Returns how long a row is: the length of its longest input."""
    return max((len(value) for value in inputs.values() if hasattr(value, "__len__")), default=0)


def join_rows(signature: "Signature", rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Puts rows of inputs together to a batch; sequences are padded on the right to the longest.

    Raises:
        UserError: A sequence does not fit its input.
    """
    batch = {}
    for name, info in signature.inputs.items():
        values = [row[name] for row in rows]
        batch[name] = _pad(name, values, info) if len(info.shape) > 1 else values
    return batch


def _make_column(name: str, value: Any, rows: Sequence) -> Sequence:
    if not isinstance(value, list | tuple | np.ndarray):
        return [value] * len(rows)
    if len(value) != len(rows):
        raise UserError(f"has {len(value)} values for {len(rows)} texts", key=name)
    return value


def _pad(name: str, values: Sequence, info: "TensorInfo") -> np.ndarray:
    is_text = info.dtype == "string"
    shape = info.shape[1:]
    arrays = []
    for value in values:
        try:
            array = np.array(value, dtype=object if is_text else None)
        except ValueError as error:
            raise UserError(f"cannot be a {info.dtype} tensor: {error}", key=name) from error
        if not array.size:
            array = np.zeros([size or 0 for size in shape], object if is_text else info.dtype)
        if array.ndim != len(shape) or any(
            size not in (None, got) for size, got in zip(shape, array.shape, strict=True)
        ):
            allowed = ", ".join("any" if size is None else str(size) for size in shape)
            raise UserError("has the wrong shape", key=name, got=array.shape, allowed=f"({allowed})")
        arrays.append(array)
    widths = np.max([array.shape for array in arrays], axis=0)
    padded = np.full((len(arrays), *widths), "" if is_text else 0, np.result_type(*{array.dtype for array in arrays}))
    for row, array in zip(padded, arrays, strict=True):
        row[tuple(map(slice, array.shape))] = array
    return padded
