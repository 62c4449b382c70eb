"""Answers as TensorFlow Serving's REST API does, from real sessions on exports. For tests only."""

import contextlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep
from urllib.parse import unquote

import tensorflow as tf
from google.protobuf.json_format import MessageToDict

from tests.serving.stand_in_format import read_request, write_answer
from tests.serving.stand_in_model import StandInError, refuse

_PREDICT = re.compile(
    r"(?i)/v1/models/([^/:]+)(?:(?:/versions/(\d+))|(?:/labels/([^/:]+)))?:(classify|regress|predict)"
)
_STATUS = re.compile(r"(?i)/v1/models(?:/([^/:]+))?(?:(?:/versions/(\d+))|(?:/labels/([^/:]+)))?(?:/(metadata))?")
_HTTP_CODES = {
    tf.errors.INVALID_ARGUMENT: 400,
    tf.errors.FAILED_PRECONDITION: 400,
    tf.errors.OUT_OF_RANGE: 400,
    tf.errors.NOT_FOUND: 404,
    tf.errors.RESOURCE_EXHAUSTED: 429,
    tf.errors.UNIMPLEMENTED: 501,
    tf.errors.UNAVAILABLE: 503,
    tf.errors.DEADLINE_EXCEEDED: 504,
}


class StandInServer:
    """Models by name, each with versions and labels.

    Attributes:
        requests: Method, path and body of what was asked.
        headers: Of the last request.
        faults: Taken from the front, one a request: an HTTP status to answer, "drop" to hang up, a number below 100 of
            seconds to wait.
    """

    def __init__(self):
        self._models = {}
        self._labels = {}
        self.requests = []
        self.headers = {}
        self.faults = []

    def add(self, name, versions, labels=None):
        """Serves versions, models by number; labels are numbers by name."""
        self._models[name] = versions
        self._labels[name] = labels or {}

    def find(self, name, version=None, label=None):
        """Returns the number and the model that a request is for."""
        versions = self._models.get(name, {})
        if label is not None:
            if label not in self._labels.get(name, {}):
                raise refuse(f"Unrecognized servable version label: {label}")
            version = self._labels[name][label]
        if version is not None and version not in versions:
            raise StandInError(tf.errors.NOT_FOUND, f"Servable not found for request: Specific({name}, {version})")
        if not versions:
            raise StandInError(tf.errors.NOT_FOUND, f"Servable not found for request: Latest({name})")
        version = max(versions) if version is None else version
        return version, versions[version]

    def versions(self, name, version=None):
        """Returns the numbers whose status is asked."""
        known = self._models.get(name, {})
        if version is not None and version not in known:
            raise StandInError(tf.errors.NOT_FOUND, f"Could not find version {version} of model {name}")
        if not known:
            raise StandInError(tf.errors.NOT_FOUND, f"Could not find any versions of model {name}")
        return list(known) if version is None else [version]

    def answer(self, method, path, body=b""):
        """Returns HTTP status and body."""
        try:
            return 200, self._answer(method, path, body)
        except StandInError as error:
            reply = json.dumps({"error": error.message}, indent=4)
            return _HTTP_CODES.get(error.code, 500), reply.encode("utf-8", "surrogateescape")

    def _answer(self, method, path, body):
        pattern = {"POST": _PREDICT, "GET": _STATUS}.get(method)
        match = pattern and pattern.fullmatch(path)
        if not match:
            raise refuse(f"Malformed request: {method} {path}")
        name, version, label, verb = match.groups()
        if not name:
            raise refuse("Missing model name in request.")
        name = unquote(name)
        version = int(version) if version else None
        label = unquote(label) if label else None
        if method == "GET" and not verb:
            return _write_status(self.versions(name, version))
        number, model = self.find(name, version, label)
        if verb == "metadata":
            return _write_metadata(name, number, model)
        if verb != "predict":
            raise StandInError(tf.errors.UNIMPLEMENTED, "the stand-in only predicts")

        def find_inputs(signature):
            if signature not in model.signatures:
                raise refuse(f'Serving signature name: "{signature}" not found in signature def')
            if not model.signatures[signature].inputs:
                raise refuse(f"Failed to get input map for signature: {signature}")
            return model.signatures[signature].inputs

        signature, inputs, by_row = read_request(body, find_inputs)
        return write_answer(model.run(signature, inputs), by_row)

    @contextlib.contextmanager
    def listening(self):
        """Yields the address."""
        server = _HttpServer(("127.0.0.1", 0), _Handler)
        server.stand_in = self
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()


def _write_status(numbers):
    versions = [
        {"version": str(number), "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
        for number in numbers
    ]
    return json.dumps({"model_version_status": versions}, indent=1).encode()


def _write_metadata(name, number, model):
    definitions = {
        key: MessageToDict(definition, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
        for key, definition in model.signatures.items()
    }
    spec = {"name": name, "signature_name": "", "version": str(number)}
    return json.dumps({"model_spec": spec, "metadata": {"signature_def": {"signature_def": definitions}}}).encode()


class _HttpServer(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that hung up is no concern of a test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self._serve("GET", b"")

    def do_POST(self):
        self._serve("POST", self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _serve(self, method, body):
        stand_in = self.server.stand_in
        stand_in.requests.append((method, self.path, body))
        stand_in.headers = dict(self.headers)
        fault = stand_in.faults.pop(0) if stand_in.faults else None
        if fault == "drop":
            self.close_connection = True
            self.connection.shutdown(2)
            return
        if isinstance(fault, int) and fault >= 100:
            status, reply = fault, b'{"error": "out of order"}'
        elif not self.path.startswith("/v1/"):
            status, reply = 404, b"<html>Not Found</html>"
        else:
            sleep(fault or 0)
            status, reply = stand_in.answer(method, self.path, body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_):
        """Says nothing."""
