"""The stand-in keeps the rules of TensorFlow Serving's JSON converter: what it takes, and what it says else."""

import json

import pytest

from tests.serving.echo_model import EchoModel

ALL = {"text": "a", "tokens": ["b"], "values": [[1, 2.5]], "length": 1}


@pytest.fixture
def ask(stand_in):
    stand_in.add("echo", {1: EchoModel()})

    def post(body, path="/v1/models/echo:predict"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, reply = stand_in.answer("POST", path, body)
        return status, json.loads(reply.decode("utf-8", "surrogateescape"))

    return post


def test_rows_and_columns(ask):
    assert ask({"signature_name": "all", "instances": [ALL, ALL]}) == (200, {"predictions": [ALL, ALL]})
    columns = {name: [value] for name, value in ALL.items()}
    assert ask({"signature_name": "all", "inputs": columns}) == (200, {"outputs": columns})


def test_the_name_of_an_only_output_is_dropped(ask):
    assert ask({"signature_name": "only", "instances": ["a", {"b64": "Yg=="}]}) == (200, {"predictions": ["a", "b"]})
    assert ask({"signature_name": "only", "instances": [{"text": "a"}]}) == (200, {"predictions": ["a"]})
    assert ask({"signature_name": "only", "inputs": ["a"]}) == (200, {"outputs": ["a"]})
    assert ask({"signature_name": "only", "inputs": {"text": ["a"]}}) == (200, {"outputs": ["a"]})


def test_names_that_end_in_bytes_are_base64(ask):
    assert ask({"inputs": ["hi"]})[1] == {"outputs": {"rows": [1], "text_bytes": [{"b64": "aGk="}]}}


def test_bytes_that_are_no_text_pass(ask):
    status, reply = ask(b'{"signature_name": "only", "instances": ["\xff\\u0000"]}')
    assert (status, reply["predictions"][0].encode("utf-8", "surrogateescape")) == (200, b"\xff\x00")


def test_numbers_that_are_none(ask):
    body = json.dumps({"signature_name": "all", "instances": [ALL]}).replace("2.5", "NaN").replace("[1,", "[-Infinity,")
    status, reply = ask(body.encode())
    assert status == 200
    assert str(reply["predictions"][0]["values"]) == "[[-inf, nan]]"


def change(**values):
    return {"signature_name": "all", "instances": [{**ALL, **values}]}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "The document is empty"),
        (b"{", "JSON Parse error"),
        (b"[" * 100_000, "JSON Parse error"),
        (b'{"instances": ["\\ud800"]}', "surrogate pair"),
        ([], "Is not object"),
        ({}, "Missing 'inputs' or 'instances' key"),
        ({"instances": ["a"], "inputs": ["a"]}, "expecting only one of"),
        ({"instances": []}, "No values in 'instances' array"),
        ({"instances": "a"}, "to be an list/array"),
        ({"instances": ["a"], "signature_name": 3}, "must be a string value"),
        ({"instances": ["a"], "signature_name": "non"}, 'Serving signature name: "non" not found in signature def'),
        ({"instances": ["a"], "signature_name": "all"}, "instances is a plain list"),
        ({"inputs": ["a"], "signature_name": "all"}, "inputs is a plain value/list"),
        ({"inputs": {"text": ["a"]}, "signature_name": "all"}, "Missing named input: "),
        ({"instances": [{"text": "a"}], "signature_name": "all"}, "keys must be equal to: length,text,tokens,values"),
        ({"instances": [{"txt": "a"}]}, "does not have named input: txt"),
        ({"instances": ["a", {"text": "a"}]}, "Expecting value/list but got object at item 1"),
        ({"instances": [{"text": "a"}, "a"]}, "Expecting object but got list at item 1"),
        ({"instances": ["a", ["b"]]}, "Expecting shape [] but got: [1]"),
        ({"instances": [3]}, "is not of expected type: string"),
        ({"instances": [None]}, "Type: Null is not of expected type: string"),
        ({"instances": [{"b64": "%"}]}, "Unable to base64 decode"),
        (change(tokens=["a", ["b"]]), "Encountered list at unexpected level: 1 expected < 1"),
        (change(values=[[1, 2], [3]]), "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
        (change(values=[[1, 2], 3]), "found at incorrect level: 2 in the JSON DOM. Expected at level: 2"),
        (change(values=[["1", 2]]), "is not of expected type: float"),
        (change(values=[[2**24, 2]]), "to float without loss of precision"),
        (change(values=[[1e39, 2]]), "to float without loss of precision"),
        (change(length=1.0), "is not of expected type: int32"),
        (change(length=2**31), "is not of expected type: int32"),
        (change(length=True), "is not of expected type: int32"),
        (change(text={"b64": 3}), "not formatted correctly for base64 data"),
    ],
)
def test_refusals(ask, body, told):
    status, reply = ask(body)
    assert (status, told in reply["error"]) == (400, True), reply


@pytest.mark.parametrize(
    ("method", "path", "status", "told"),
    [
        ("POST", "/v1/models/echo/versions/2:predict", 404, "Specific(echo, 2)"),
        ("POST", "/v1/models/none:predict", 404, "Latest(none)"),
        ("POST", "/v1/models/echo/labels/new:predict", 400, "Unrecognized servable version label: new"),
        ("POST", "/v1/models/pos/mini:predict", 400, "Malformed request: POST /v1/models/pos/mini:predict"),
        ("GET", "/v1/models/echo:predict", 400, "Malformed request"),
        ("GET", "/v1/models/none", 404, "Could not find any versions of model none"),
        ("GET", "/v1/models/echo/versions/2", 404, "Could not find version 2 of model echo"),
        ("PUT", "/v1/models/echo:predict", 400, "Malformed request"),
    ],
)
def test_addresses(stand_in, method, path, status, told):
    stand_in.add("echo", {1: EchoModel()})
    got, reply = stand_in.answer(method, path, b'{"instances": ["a"]}')
    assert (got, told in json.loads(reply)["error"]) == (status, True)
