import json

import numpy as np
import pytest

from rnnzoo.export.checks.reference_format import (
    decode_array,
    encode_array,
    find_differences,
    find_row_differences,
    make_string_array,
)


def strings(values):
    return make_string_array(values, np.array(values, dtype=object).ndim)


@pytest.mark.parametrize(
    "array",
    [
        strings(["", "é😀", b"\xff\x00", "nul\0"]),
        strings([["a"], ["b"]]),
        np.empty((2, 0), dtype=object),
        np.array([0.1, 1e-30, -3.4e38], "float32"),
        np.array([[2**62]], "int64"),
        np.zeros((0, 3), "float32"),
        np.array(1.5, "float32"),
        np.array([True, False]),
    ],
)
def test_arrays_survive_json(array):
    got = decode_array(json.loads(json.dumps(encode_array(array))))
    assert got.dtype == array.dtype
    assert got.shape == array.shape
    assert got.tolist() == array.tolist()


def test_strings_are_compared_exactly_and_floats_closely():
    expected = {"label": strings(["a"]), "score": np.array([100.0], "float32")}
    assert find_differences(expected, {**expected, "score": np.array([100.0005], "float32")}) == []
    assert find_differences(expected, {**expected, "score": np.array([100.01], "float32")}) != []
    assert find_differences(expected, {**expected, "label": strings(["A"])}) != []
    assert find_differences(expected, {"label": expected["label"]}) != []
    assert find_differences(expected, {**expected, "score": np.array([100.0], "float64")}) != []
    assert find_differences(expected, {**expected, "score": np.array([np.nan], "float32")}) != []


def test_rows_are_compared_up_to_the_padding():
    batch = {"tags": strings([["A", ""], ["B", "C"]])}
    assert find_row_differences(batch, {"tags": strings([["A"]])}, 0) == []
    assert find_row_differences(batch, {"tags": strings([["B"]])}, 1) != []
    assert find_row_differences(batch, {"tags": strings([["B", "D"]])}, 1) != []


def test_what_lies_past_the_length_is_padding():
    batch = {"scores": np.array([[0.5, 0.1], [0.2, 0.3]], "float32"), "length": np.array([1, 2], "int32")}
    alone = {"scores": np.array([[0.5]], "float32"), "length": np.array([1], "int32")}
    assert find_row_differences(batch, alone, 0) == []
    without_length = {"scores": batch["scores"]}
    assert find_row_differences(without_length, {"scores": alone["scores"]}, 0) != []
