"""Arrays of a batch turned into one plain dictionary a row."""

from typing import Any

import numpy as np


def _to_plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_to_plain(item) for item in value]
    if isinstance(value, np.floating):
        # The shortest digits that mean this number: float() alone would show a float32 with noise behind them.
        return float(str(value))
    return value.item() if isinstance(value, np.generic) else value


def split_rows(answer: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """Returns a dictionary of plain Python values for each row of a batch.

    Sequences are cut to the row's `length`, where that is an output. Where `classes` is one,
    `probabilities` becomes a dictionary from class to probability, and `classes` is left out.

    Args:
        answer: An array for each output, the batch first; strings as object arrays of `str`.

    Example:

    >>> tags = np.array([["DET", "NOUN"], ["VERB", ""]], object)
    >>> split_rows({"tags": tags, "length": np.array([2, 1], "int32")})
    [{'tags': ['DET', 'NOUN'], 'length': 2}, {'tags': ['VERB'], 'length': 1}]
    """
    rows = []
    for row in range(len(next(iter(answer.values()), ()))):
        values = {name: value[row] for name, value in answer.items()}
        if "length" in values and np.ndim(values["length"]) == 0:
            length = int(values["length"])
            values = {name: value[:length] if np.ndim(value) else value for name, value in values.items()}
        plain = {name: _to_plain(value) for name, value in values.items()}
        if isinstance(plain.get("classes"), list) and isinstance(plain.get("probabilities"), list):
            plain["probabilities"] = dict(zip(plain.pop("classes"), plain["probabilities"], strict=True))
        rows.append(plain)
    return rows
