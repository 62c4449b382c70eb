"""The client against the stand-in server: addresses, formats, faults. What models answer is in other files."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.serving import Client, Signature, TensorInfo, VersionStatus
from tests.serving.echo_model import EchoModel
from tests.serving.stand_in_grpc import listening_by_grpc

STRINGS = [b"good", b"", b"\xff\xfe", 'é😀\u0000"\\'.encode(), b'{"b64": "/w=="}']


@pytest.fixture
def echo(stand_in):
    model = EchoModel()
    stand_in.add("an_echo", {1: EchoModel(), 3: model}, {"stable": 1})
    return model


@pytest.fixture(params=["column", "row", "grpc"])
def make_client(request, stand_in, url, echo):
    if request.param == "grpc":
        with listening_by_grpc(stand_in) as address:
            yield lambda model="an/echo", *versions, **settings: Client(address, model, *versions, **settings)
    else:
        yield lambda model="an/echo", *versions, **settings: Client(
            url, model, *versions, request_format=request.param, **settings
        )


@pytest.fixture(autouse=True)
def quick_pauses(monkeypatch):
    pauses = []
    monkeypatch.setattr("rnnzoo.serving.server_errors.sleep", pauses.append)
    return pauses


def test_signatures_come_from_the_server(make_client):
    client = make_client()
    assert set(client.signatures()) == {"serving_default", "only", "all"}
    text = {"text": TensorInfo("string", (None,))}
    assert client.signature("only") == Signature(text, {"echo": TensorInfo("string", (None,))})
    assert client.signature("all").inputs["values"] == TensorInfo("float32", (None, None, 2))
    assert list(client.signature("all").inputs) == ["length", "text", "tokens", "values"]


def test_arrays_arrive_and_come_back_as_they_were(make_client):
    given = {
        "text": np.array(STRINGS, object),
        "tokens": np.array([STRINGS[:3]] * 5, object),
        "values": np.random.default_rng(0).normal(size=(5, 4, 2)).astype(np.float32) ** 9,
        "length": np.array([0, -1, 2**31 - 1, -(2**31), 7], np.int32),
    }
    given["values"][0, 0] = [np.nan, -np.inf]
    answer = make_client()._run("all", given)
    for name, array in given.items():
        assert answer[name].dtype == array.dtype
        np.testing.assert_array_equal(answer[name], array)


def test_names_of_only_outputs_and_bytes_are_put_back(make_client):
    client = make_client()
    assert client.predict(["a", b"\xc3\xa9"], "only") == [{"echo": "a"}, {"echo": "é"}]
    assert client.predict(["b"]) == [{"rows": 1, "text_bytes": "b"}]


def test_sequences_without_a_step(make_client):
    rows = [{"text": "a", "tokens": [], "values": [], "length": 0}] * 2
    for row in make_client().predict(rows, "all"):
        assert row == {"length": 0, "text": "a", "tokens": [], "values": []}


def test_no_rows_are_no_request(make_client, echo):
    answer = make_client().call("all", text=[], tokens=np.zeros((0, 0)), values=np.zeros((0, 0, 2)), length=[])
    assert {name: array.shape for name, array in answer.items()} == {
        "length": (0,), "text": (0,), "tokens": (0, 0), "values": (0, 0, 2)
    }  # fmt: skip
    assert echo.num_rows == []


def test_batches_are_split_to_the_servers_limit_and_put_together(make_client, echo):
    texts = [f"{place}" * (1 + 5 * place % 7) for place in range(50)]
    answers = make_client(max_batch_size=8).predict(texts, batch_size=20)
    assert [answer["text_bytes"] for answer in answers] == texts
    assert sorted(echo.num_rows) == [2, 4, 4, 8, 8, 8, 8, 8]
    rows = [{"text": "", "tokens": ["x"] * size, "values": np.ones((size, 2))} for size in (1, 5, 2, 0, 3)]
    answers = make_client(max_batch_size=2).predict(rows, "all", batch_size=5)
    assert [len(answer["tokens"]) for answer in answers] == [1, 5, 2, 0, 3]


def test_an_answer_too_wide_for_its_part_is_padded(make_client):
    client = make_client(max_batch_size=1)
    answer = client.call(
        "all", text=["", ""], tokens=[["a", "b"], ["c", ""]], values=np.zeros((2, 1, 2)), length=[2, 1]
    )
    assert answer["tokens"].tolist() == [["a", "b"], ["c", ""]]


def test_versions_and_labels(make_client, echo):
    client = make_client()
    assert client.metadata().version == 3
    assert client.metadata().name == "an_echo"
    assert client.status() == [VersionStatus(3, "AVAILABLE"), VersionStatus(1, "AVAILABLE")]
    assert make_client("an_echo", 1).status() == [VersionStatus(1, "AVAILABLE")]
    assert make_client("an_echo", label="stable").metadata().version == 1
    make_client("an_echo", label="stable").predict(["a"])
    make_client("an_echo", version=1).predict(["a"])
    assert echo.num_rows == []
    make_client("an_echo", 3).predict(["a"])
    assert echo.num_rows == [1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("no/model",), "Servable not found for request: Latest(no_model)"),
        (("an/echo", 7), "Servable not found for request: Specific(an_echo, 7)"),
        (("an/echo", None, "canary"), "Unrecognized servable version label: canary"),
    ],
)
def test_what_is_not_served_is_told_in_the_servers_words(make_client, arguments, told):
    with pytest.raises(UserError) as caught:
        make_client(*arguments).predict(["a"])
    assert told in str(caught.value) and "hint" in str(caught.value)


def test_status_of_what_is_not_served(make_client):
    with pytest.raises(UserError, match="Could not find any versions of model no_model"):
        make_client("no/model").status()
    with pytest.raises(UserError, match="no such model or version"):
        make_client("an/echo", 7).status()


def test_a_refusal_is_told_and_what_is_served_is_asked_anew(make_client, echo, stand_in, quick_pauses):
    client = make_client()
    client.signatures()
    del echo.signatures["only"]
    with pytest.raises(UserError, match=r"the server refuses the request .*only"):
        client.predict(["a"], "only")
    with pytest.raises(UserError, match="no such signature"):
        client.predict(["a"], "only")
    assert quick_pauses == []


def test_headers_are_sent(make_client, stand_in):
    make_client(headers={"Authorization": "Bearer x"}).status()
    assert {name.lower(): value for name, value in stand_in.headers.items()}["authorization"] == "Bearer x"


@pytest.mark.parametrize("faults", [[503, 503], ["drop", 503, "drop"]], ids=str)
def test_unavailable_and_dropped_connections_are_tried_again(url, echo, stand_in, faults, quick_pauses):
    client = Client(url, "an/echo", retries=3)
    client.signatures()
    stand_in.faults[:] = faults
    assert client.predict(["a"], "only") == [{"echo": "a"}]
    assert len(quick_pauses) == len(faults)
    assert all(0.05 * 2**place <= pause <= 0.1 * 2**place for place, pause in enumerate(quick_pauses))


@pytest.mark.parametrize("status", [400, 404, 429, 500, 501, 504])
def test_nothing_else_is_tried_again(url, echo, stand_in, status, quick_pauses):
    client = Client(url, "an/echo")
    client.signatures()
    stand_in.faults[:] = [status]
    with pytest.raises(UserError, match=rf"{status}\): out of order"):
        client.predict(["a"])
    assert quick_pauses == []


def test_tries_come_to_an_end(url, echo, stand_in, quick_pauses):
    stand_in.faults[:] = [503] * 9
    with pytest.raises(UserError, match=r"tried 3 times: 503: out of order"):
        Client(url, "an/echo", retries=2).status()
    with pytest.raises(UserError, match=r"tried once"):
        Client(url, "an/echo", retries=0).status()
    assert (len(stand_in.faults), len(quick_pauses)) == (5, 2)


def test_by_grpc_unavailable_is_tried_again_and_nothing_else(stand_in, echo, quick_pauses):
    import grpc

    with listening_by_grpc(stand_in) as address, Client(address, "an/echo", retries=2) as client:
        stand_in.faults[:] = [grpc.StatusCode.UNAVAILABLE] * 2
        assert client.predict(["a"], "only") == [{"echo": "a"}]
        assert len(quick_pauses) == 2
        stand_in.faults[:] = [grpc.StatusCode.INTERNAL]
        with pytest.raises(UserError, match=r"the server failed \(INTERNAL\): out of order"):
            client.predict(["a"])
        assert len(quick_pauses) == 2


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_nobody_there(scheme, quick_pauses):
    with pytest.raises(UserError, match="the server does not answer, tried 2 times"):
        Client(f"{scheme}://127.0.0.1:1", "an/echo", retries=1).signatures()
    assert len(quick_pauses) == 1


def test_an_answer_that_takes_too_long_is_given_up(url, echo, stand_in, monkeypatch):
    released = threading.Event()
    monkeypatch.setattr("tests.serving.stand_in_server.sleep", lambda seconds: seconds and released.wait(seconds))
    client = Client(url, "an/echo", timeout=0.2)
    client.signatures()
    stand_in.faults[:] = [20]
    with pytest.raises(UserError, match=r"no answer within 0\.2 seconds"):
        client.predict(["a"])
    released.set()


def test_by_grpc_too(stand_in, echo, monkeypatch):
    released = threading.Event()
    with listening_by_grpc(stand_in) as address, Client(address, "an/echo", timeout=5) as client:
        client.signatures()
        monkeypatch.setattr(echo, "run", lambda *_: released.wait(20))
        client._transport._address = replace(client._transport._address, timeout=0.2)
        with pytest.raises(UserError, match=r"no answer within 0\.2 seconds"):
            client.predict(["a"])
        released.set()


def test_waiting_for_a_model(url, stand_in, monkeypatch):
    client = Client(url, "an/echo", retries=0)
    monkeypatch.setattr("rnnzoo.serving.client.sleep", lambda _: stand_in.add("an_echo", {1: EchoModel()}))
    client.wait_until_available(5)
    with pytest.raises(UserError, match="no such model"):
        Client(url, "no/model", retries=0).wait_until_available(0)


def test_something_else_at_the_address(url, echo, monkeypatch):
    with pytest.raises(UserError, match="this is not TensorFlow Serving's REST API"):
        Client(url + "/prefix", "an/echo").signatures()


def test_a_reply_without_an_output_is_told(url, echo, monkeypatch):
    client = Client(url, "an/echo")
    client.signatures()
    monkeypatch.setattr(echo, "run", lambda *_: {"other": np.zeros(1, np.float32), "rows": np.zeros(1, np.int32)})
    with pytest.raises(UserError, match="cannot read the server's reply"):
        client.predict(["a"])


@pytest.mark.parametrize(
    "address",
    ["localhost:8501", "ftp://host", "http://", "http://host:port", "http://h:1/v1/models/x", "", "http://h?a"],
)
def test_what_is_no_address_is_told(address):
    with pytest.raises(UserError, match=r"http://host:8501"):
        Client(address, "an/echo")


@pytest.mark.parametrize(
    "settings", [{"version": 1, "label": "stable"}, {"max_batch_size": 0}, {"request_format": "rows"}], ids=str
)
def test_settings_that_make_no_sense_are_told(settings):
    with pytest.raises(UserError):
        Client("http://localhost:8501", "an/echo", **settings)


def test_a_client_may_be_shared_by_threads(url, echo):
    client = Client(url, "an/echo")
    answers = {}

    def ask(place):
        answers[place] = client.predict([f"{place} {row}" for row in range(3)], "only")

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {place: [{"echo": f"{place} {row}"} for row in range(3)] for place in range(16)}


def test_large_messages_go_by_grpc(stand_in, echo):
    with listening_by_grpc(stand_in) as address, Client(address, "an/echo") as client:
        text = "x" * 3_000_000
        assert client.predict([text], "only") == [{"echo": text}]


def test_requests_by_grpc_are_what_the_warm_up_records_hold():
    """Those records were checked against TensorFlow Serving's own encoder."""
    from rnnzoo.config.locations import find_saved_model
    from rnnzoo.export.checks import wire_format
    from rnnzoo.export.checks.session_check import WARM_UP_FILE, read_warm_up
    from rnnzoo.serving.protocol_messages import MESSAGES
    from rnnzoo.serving.tensor_messages import fill_tensor, read_tensor

    path = find_saved_model("lm/hello") / WARM_UP_FILE
    records = tf.compat.v1.io.tf_record_iterator(str(path))
    for record, (model, signature, inputs) in zip(records, read_warm_up(path), strict=True):
        raw = dict(wire_format.read_fields(dict(wire_format.read_fields(record))[6]))[1]
        request = MESSAGES["PredictRequest"].FromString(raw)
        assert (request.model_spec.name, request.model_spec.signature_name) == (model, signature)
        assert set(request.inputs) == set(inputs)
        for name, array in inputs.items():
            np.testing.assert_array_equal(read_tensor(request.inputs[name]), array)
            message = MESSAGES["Tensor"]()
            fill_tensor(message, array)
            assert message.dtype == request.inputs[name].dtype
            np.testing.assert_array_equal(tf.make_ndarray(_to_tensorflow(message)), array)


@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "uint8", "int16", "uint16", "int64", "uint32", "bool"])
def test_tensors_of_other_types_by_grpc(dtype):
    from rnnzoo.serving.protocol_messages import MESSAGES
    from rnnzoo.serving.tensor_messages import read_tensor

    array = np.arange(6).reshape(2, 3).astype(dtype)
    for given in (array, np.ones_like(array), array[:0]):
        proto = tf.make_tensor_proto(given)
        message = MESSAGES["Tensor"].FromString(proto.SerializeToString())
        np.testing.assert_array_equal(read_tensor(message), given)
        assert read_tensor(message).dtype == dtype


def _to_tensorflow(message):
    from tensorflow.core.framework import tensor_pb2

    return tensor_pb2.TensorProto.FromString(message.SerializeToString())
