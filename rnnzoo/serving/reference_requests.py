"""The request that an export carries with its answer, in the form of TensorFlow Serving's REST API."""

import json
import math
from pathlib import Path
from typing import Any

from rnnzoo.config.errors import UserError

_REFERENCE_FILE = "assets.extra/reference.json"
# Another processor than that of the export rounds otherwise.
_TOLERANCE = 1e-4


def load_reference_json(export: Path) -> dict[str, Any]:
    """Reads the reference of a version folder, as it is in JSON.

    Raises:
        UserError: It cannot be read.
    """
    path = export / _REFERENCE_FILE
    try:
        reference = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(reference["served_name"], str) and isinstance(reference["signatures"], dict):
            return reference
        problem = "not a reference of an export"
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = f"cannot be read ({error})"
    raise UserError(problem, file=path, hint="is this an export of rnnzoo?")


def make_reference_request(export: Path) -> tuple[dict[str, Any], Any]:
    """Returns the body of a Predict request that an export carries, and the `outputs` it answered in memory.

    Strings that are not UTF-8 are stored as `{"b64": …}`, as the REST API wants them.

    Args:
        export: The version folder.
    """
    signatures = load_reference_json(export)["signatures"]
    signature = "serving_default" if "serving_default" in signatures else next(iter(signatures))
    request = signatures[signature][0]
    inputs = {name: value["values"] for name, value in request["inputs"].items()}
    outputs = {name: value["values"] for name, value in request["outputs"].items()}
    # The server drops the name of a single output.
    expected = outputs if len(outputs) > 1 else next(iter(outputs.values()))
    return {"signature_name": signature, "inputs": inputs}, expected


def find_difference(expected: Any, got: Any, place: str = "outputs") -> str | None:
    """Returns where an answer differs from the expected one, or None.

    Example:

    >>> find_difference({"label": ["a"], "score": [0.5]}, {"label": ["b"], "score": [0.50001]})
    "outputs.label[0] is 'b', expected 'a'"
    """
    if isinstance(expected, dict) and isinstance(got, dict) and expected.keys() == got.keys():
        found = (find_difference(expected[name], got[name], f"{place}.{name}") for name in expected)
        return next(filter(None, found), None)
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        pairs = enumerate(zip(expected, got, strict=True))
        return next(filter(None, (find_difference(*pair, f"{place}[{index}]") for index, pair in pairs)), None)
    if isinstance(expected, float) and isinstance(got, int | float):
        same = math.isclose(expected, got, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    else:
        same = expected == got
    return None if same else f"{place} is {_shorten(got)}, expected {_shorten(expected)}"


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
