"""Reference requests and answers: their JSON form, and how answers are compared.

Strings are bytes in memory, as in TensorFlow; in JSON they are text, or `{"b64": …}` where they are
not valid UTF-8. Needs NumPy only.
"""

import base64
import json
from pathlib import Path

import numpy as np

REFERENCE_FILE = "assets.extra/reference.json"
FORMAT = 1
TOLERANCE = 1e-5


def _encode_scalar(value: object, dtype: np.dtype) -> object:
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return {"b64": base64.b64encode(value).decode("ascii")}
    if dtype.kind == "f":
        # The shortest digits that give the same number in this dtype: float() alone would write all of a float64.
        return float(str(dtype.type(value)))
    return value


def _map_nested(function, values: object, rank: int) -> object:
    if rank == 0:
        return function(values)
    return [_map_nested(function, value, rank - 1) for value in values]


def encode_array(array: np.ndarray) -> dict:
    """Returns an array as an object that JSON can hold.

    Example:

    >>> encode_array(np.array([b"good", b"\\xff"], object))
    {'dtype': 'string', 'shape': [2], 'values': ['good', {'b64': '/w=='}]}
    """
    values = _map_nested(lambda value: _encode_scalar(value, array.dtype), array.tolist(), array.ndim)
    dtype = "string" if array.dtype == object else array.dtype.name
    return {"dtype": dtype, "shape": list(array.shape), "values": values}


def decode_array(encoded: dict) -> np.ndarray:
    """Returns the array that `encode_array` encoded."""

    def decode_string(value: object) -> bytes:
        return base64.b64decode(value["b64"]) if isinstance(value, dict) else value.encode("utf-8")

    shape = tuple(encoded["shape"])
    if encoded["dtype"] != "string":
        return np.array(encoded["values"], dtype=encoded["dtype"]).reshape(shape)
    return make_string_array(_map_nested(decode_string, encoded["values"], len(shape)), len(shape)).reshape(shape)


def make_string_array(values: object, rank: int) -> np.ndarray:
    """Returns nested lists of `str` or `bytes` as an object array of bytes.

    Args:
        values: Lists nested `rank` deep, as long as each other on every level.
        rank: The number of dimensions.

    Raises:
        ValueError: The lists are ragged, nested otherwise, or hold something that is no string.
    """
    array = np.array(values, dtype=object)
    if array.ndim != rank:
        raise ValueError(f"wants {rank} dimensions, got {array.ndim}: lists of unequal length, or nested otherwise")
    flat = [value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value for value in array.flat]
    if not all(isinstance(value, bytes) for value in flat):
        raise ValueError("wants strings")
    strings = np.empty(len(flat), dtype=object)
    strings[:] = flat
    return strings.reshape(array.shape)


def load_reference(directory: str | Path) -> dict:
    """Reads the reference of an export, its arrays decoded.

    Returns:
        The dictionary of `reference.json`, in which `signatures` maps each name to a list of
        `{"inputs": {name: array}, "outputs": {name: array}}`.
    """
    reference = json.loads((Path(directory) / REFERENCE_FILE).read_text(encoding="utf-8"))
    if reference.get("format") != FORMAT:
        raise ValueError(f"{REFERENCE_FILE} has format {reference.get('format')!r}, this program reads {FORMAT}")
    for requests in reference["signatures"].values():
        for request in requests:
            for part in ("inputs", "outputs"):
                request[part] = {name: decode_array(value) for name, value in request[part].items()}
    return reference


def _equal(expected: np.ndarray, got: np.ndarray) -> np.ndarray:
    if expected.dtype.kind == "f":
        return np.isclose(got, expected, rtol=TOLERANCE, atol=TOLERANCE)
    return np.asarray(expected == got)


def _difference(expected: np.ndarray, got: np.ndarray) -> str | None:
    if expected.dtype != got.dtype:
        return f"is {got.dtype}, expected {expected.dtype}"
    if expected.shape != got.shape:
        return f"has shape {list(got.shape)}, expected {list(expected.shape)}"
    wrong = np.argwhere(~_equal(expected, got))
    if not len(wrong):
        return None
    first = tuple(int(index) for index in wrong[0])
    return f"differs in {len(wrong)} places, first at {list(first)}: {got[first]!r}, expected {expected[first]!r}"


def _is_text(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def find_unsound(answer: dict[str, np.ndarray], num_rows: int) -> list[str]:
    """Returns what is wrong with an answer whatever was expected.

    That is a lost batch dimension, NaN and infinity, and strings that are not UTF-8.
    """
    problems = []
    for name, value in answer.items():
        if value.ndim == 0 or value.shape[0] != num_rows:
            problems.append(f"output {name}: has shape {list(value.shape)} for a batch of {num_rows}")
        elif value.dtype.kind == "f" and not np.isfinite(value).all():
            problems.append(f"output {name}: holds NaN or infinity, which JSON cannot carry")
        elif value.dtype == object and not all(map(_is_text, value.flat)):
            problems.append(f"output {name}: holds bytes that are not UTF-8, which JSON cannot carry")
    return problems


def find_differences(expected: dict[str, np.ndarray], got: dict[str, np.ndarray]) -> list[str]:
    """Returns how an answer differs from the expected one: strings exactly, floats beyond 1e-5."""
    if expected.keys() != got.keys():
        return [f"outputs are {sorted(got)}, expected {sorted(expected)}"]
    found = ((name, _difference(expected[name], got[name])) for name in sorted(expected))
    return [f"output {name}: {problem}" for name, problem in found if problem]


def _is_padding(values: np.ndarray) -> bool:
    return all(value == b"" for value in values.flat) if values.dtype == object else not values.any()


def _without_padding(batch: np.ndarray, alone: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Cuts one row from a batch and the same row alone to a common shape; None if that would cut more than padding."""
    if batch.ndim != alone.ndim:
        return None
    common = tuple(slice(min(a, b)) for a, b in zip(batch.shape, alone.shape, strict=True))
    for values in (batch, alone):
        cut_away = np.ones(values.shape, dtype=bool)
        cut_away[common] = False
        if not _is_padding(values[cut_away]):
            return None
    return batch[common], alone[common]


def find_row_differences(batch: dict[str, np.ndarray], alone: dict[str, np.ndarray], row: int) -> list[str]:
    """Returns how a row's answer alone differs from its answer in a batch, padding aside.

    Padding is what lies past the output `length`, where there is one, and otherwise "" or 0 in the
    wider of the two.

    Args:
        batch: The answer to the whole batch.
        alone: The answer to that row as a batch of one.
        row: The index of the row in the batch.
    """
    problems = []
    length = int(batch["length"][row]) if "length" in batch and batch["length"].ndim == 1 else None
    for name in sorted(batch):
        in_batch, by_itself = batch[name][row : row + 1], alone[name]
        if length is not None and in_batch.ndim > 1 and in_batch.shape != by_itself.shape:
            in_batch, by_itself = in_batch[:, :length], by_itself[:, :length]
        pair = _without_padding(in_batch, by_itself)
        problem = "is wider in one of the two by more than padding" if pair is None else _difference(*pair)
        if problem:
            problems.append(f"output {name}, row {row} alone against the same row in its batch: {problem}")
    return problems
