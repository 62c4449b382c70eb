"""Whatever comes over the wire, every committed export answers soundly or the request is refused with a message."""

import base64
import json

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnnzoo.config.locations import exported_row_names, saved_models_folders
from rnnzoo.export.checks.reference_format import find_row_differences, find_unsound
from tests.serving.stand_in_server import StandInServer

NAMES = sorted(exported_row_names(saved_models_folders()[-1]))
SMALL = ["lm/hello", "pos/mini", "sentiment/mini"]
ODD_TEXTS = [
    "",
    " ",
    "\u0000",
    "👩‍🔬👍🏽🇪🇺",
    "مرحبا بالعالم",
    "e\u0301\u202e",
    "\ufeff",
    "a\r\n\tb",
    "very " * 300,
    "ﷺ" * 40,
]
FUZZ = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "print_blob": False,
}

binary = st.binary(max_size=12).map(lambda value: {"b64": base64.b64encode(value).decode()})
texts = st.one_of(st.sampled_from(ODD_TEXTS), st.text(st.characters(codec="utf-8"), max_size=40), binary)
integers = st.sampled_from([0, 1, 2, 3, 5, -1, -(2**31)])
numbers = st.one_of(st.floats(width=32), st.sampled_from([0.0, 0.5, 1.0, -0.0, 1e-30]))
mistakes = st.sampled_from(
    [None] * 6 + ["no rows", "wrong dtype", "missing", "extra", "null", "ragged", "signature", "scalar", "deeper"]
)


class RecordingModel:
    """Keeps what was run last."""

    def __init__(self, model):
        self.model = model
        self.signatures = model.signatures
        self.last = None

    def run(self, signature, inputs):
        self.last = None
        outputs = self.model.run(signature, inputs)
        self.last = signature, inputs, outputs
        return outputs


def draw_value(draw, info, width):
    """Draws the value of one row; sequences of a request are equally long."""
    sizes = [dimension.size for dimension in info.tensor_shape.dim][1:]
    shape = [width if size < 0 else size for size in sizes]
    dtype = tf.as_dtype(info.dtype)
    if dtype == tf.string:
        values = [draw(texts) for _ in range(int(np.prod(shape)))]
    elif dtype.is_integer:
        values = [draw(integers) for _ in range(int(np.prod(shape)))]
    elif np.prod(shape) > 30:
        # One number of many is drawn: all would take hypothesis long.
        values = np.random.default_rng(draw(st.integers(0, 99))).normal(size=shape).ravel().round(3).tolist()
        values[draw(st.integers(0, len(values) - 1))] = draw(numbers)
    else:
        values = [draw(numbers) for _ in range(int(np.prod(shape)))]
    for size in reversed(shape):
        values = [values[place : place + size] for place in range(0, len(values), size)]
    return values[0]


@st.composite
def make_requests(draw, signatures):
    """Draws the body of a request, and whether it must be answered."""
    name = draw(st.sampled_from([name for name in sorted(signatures) if not name.startswith("__")]))
    infos = signatures[name].inputs
    width = draw(st.integers(1, 5))
    rows = [{key: draw_value(draw, infos[key], width) for key in sorted(infos)} for _ in range(draw(st.integers(1, 3)))]
    mistake = draw(mistakes)
    key = draw(st.sampled_from(sorted(infos)))
    if mistake == "no rows":
        rows = []
    elif mistake == "wrong dtype":
        rows[0][key] = draw(st.sampled_from([True, [], {}, {"b64": "?"}, "x" if infos[key].dtype != 7 else 3]))
    elif mistake == "missing":
        del rows[-1][key]
    elif mistake == "extra":
        rows[0]["more"] = 1
    elif mistake == "null":
        rows[-1][key] = None
    elif mistake == "ragged":
        rows[-1][key] = [rows[-1][key], [rows[-1][key]]]
    elif mistake == "signature":
        name = draw(st.sampled_from(["", "serving-default", "__saved_model_init_op"]))
    elif mistake == "deeper":
        rows = [{**row, key: [row[key]]} for row in rows]
    if mistake == "scalar":
        request = {draw(st.sampled_from(["inputs", "instances"])): draw(st.sampled_from([0, None, "a", {}]))}
    elif draw(st.booleans()):
        request = {"instances": rows}
    else:
        request = {"inputs": {key: [row[key] for row in rows if key in row] for key in infos}}
    body = json.dumps({"signature_name": name, **request}, ensure_ascii=draw(st.booleans()))
    return body.encode("utf-8"), mistake is None


def check(server, model, body, must_be_answered):
    status, reply = server.answer("POST", "/v1/models/model:predict", body)
    reply = json.loads(reply.decode("utf-8"))  # which complains of broken UTF-8
    if must_be_answered:
        assert status == 200, reply
    if status != 200:
        assert status == 400, reply
        assert reply["error"]
        return
    signature, inputs, outputs = model.last
    # What is not of one batch is refused: it would be nobody's row.
    assert len({len(array) for array in inputs.values()}) == 1
    num_rows = len(next(iter(inputs.values())))
    definition = model.signatures[signature]
    assert set(outputs) == set(definition.outputs)
    for name, array in outputs.items():
        info = definition.outputs[name]
        sizes = [dimension.size for dimension in info.tensor_shape.dim]
        assert array.ndim == len(sizes)
        assert all(size in (-1, got) for size, got in zip(sizes, array.shape, strict=True))
    assert find_unsound(outputs, num_rows) == []
    if num_rows > 1:
        row = num_rows - 1
        alone = model.model.run(signature, {name: array[row:] for name, array in inputs.items()})
        assert find_row_differences(outputs, alone, row) == []


@pytest.fixture(params=NAMES)
def served(request, exports):
    model = RecordingModel(exports(request.param))
    server = StandInServer()
    server.add("model", {1: model})
    return server, model


def fuzz(served, max_examples):
    server, model = served

    @settings(max_examples=max_examples, **FUZZ)
    @given(make_requests(model.signatures))
    def run(request):
        check(server, model, *request)

    run()


def test_every_export_stands_20_requests(served):
    fuzz(served, 20)


@pytest.mark.slow
def test_every_export_stands_1000_requests(served):
    fuzz(served, 1000)


def make_large(model, kind):
    """Returns the body of a large request to `serving_default`."""
    infos = model.signatures["serving_default"].inputs
    num_rows = 10_000 if kind == "rows" else 2
    columns = {}
    for name, info in infos.items():
        sizes = [dimension.size for dimension in info.tensor_shape.dim][1:]
        if info.dtype == tf.string.as_datatype_enum:
            text = "x y." if kind == "rows" else "long é " * 150_000
            columns[name] = [text, *["a"] * (num_rows - 1)]
        elif sizes:
            steps = 1 if kind == "rows" else 5000
            columns[name] = np.full([num_rows, *(steps if size < 0 else size for size in sizes)], 0.5).tolist()
        else:
            columns[name] = [1] * num_rows
    return json.dumps({"inputs": columns}, ensure_ascii=False).encode()


@pytest.mark.parametrize("kind", ["rows", "a megabyte"])
@pytest.mark.parametrize(
    "name", [name if name in SMALL else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]
)
def test_large_requests(exports, name, kind):
    model = RecordingModel(exports(name))
    server = StandInServer()
    server.add("model", {1: model})
    check(server, model, make_large(model, kind), must_be_answered=True)


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances": ["broken \xff\xfe"]}',
        b'{"instances": ["\\u0000 \\ud83d\\ude00"]}',
        b'\xef\xbb\xbf{"inputs": ["a"]}',
    ],
)
def test_bytes_that_are_no_text_are_answered(exports, body):
    model = RecordingModel(exports("sentiment/mini"))
    server = StandInServer()
    server.add("model", {1: model})
    check(server, model, body, must_be_answered=True)
