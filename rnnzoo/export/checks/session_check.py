"""Runs an export through the graph session loader, which is what TensorFlow Serving does.

`tf.saved_model.load` is no substitute: it accepts exports whose variables or tables a session never
initialises.

Usage: python -m checks.session_check OPTIONS EXPORT…
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from . import reference_format, wire_format
from .running import print_results

WARM_UP_FILE = "assets.extra/tf_serving_warmup_requests"
MOST_WARM_UP_RECORDS = 1000


class SessionModel:
    """A SavedModel in a graph session.

    Args:
        directory: The version folder.
    """

    def __init__(self, directory: Path):
        self._session = tf.compat.v1.Session(graph=tf.Graph())
        with self._session.graph.as_default():
            meta_graph = tf.compat.v1.saved_model.load(self._session, ["serve"], str(directory))
        self.signatures = meta_graph.signature_def

    def run(self, signature: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns the outputs of a signature by name."""
        definition = self.signatures[signature]
        feed = {definition.inputs[name].name: value for name, value in inputs.items()}
        return self._session.run({name: info.name for name, info in definition.outputs.items()}, feed)


def check_request(model: SessionModel, signature: str, request: dict) -> Iterator[str]:
    """Yields what is wrong with the answer to one reference request, and to each of its rows alone."""
    inputs = request["inputs"]
    num_rows = len(next(iter(inputs.values())))
    answer = model.run(signature, inputs)
    yield from reference_format.find_unsound(answer, num_rows)
    yield from reference_format.find_differences(request["outputs"], answer)
    if num_rows == 1 or any(value.ndim == 0 or len(value) != num_rows for value in answer.values()):
        return
    for row in range(num_rows):
        alone = model.run(signature, {name: value[row : row + 1] for name, value in inputs.items()})
        unsound = reference_format.find_unsound(alone, 1)
        yield from (f"row {row} alone: {problem}" for problem in unsound)
        if not unsound:
            yield from reference_format.find_row_differences(answer, alone, row)


def read_warm_up(path: Path) -> Iterator[tuple[str, str, dict[str, np.ndarray]]]:
    """Yields the model name, the signature and the inputs of every warm-up record."""
    for record in tf.compat.v1.io.tf_record_iterator(str(path)):
        # PredictionLog.predict_log = 6, PredictLog.request = 1
        request = dict(wire_format.read_fields(dict(wire_format.read_fields(record))[6]))[1]
        model = signature = ""
        inputs = {}
        for number, value in wire_format.read_fields(request):
            entry = dict(wire_format.read_fields(value))
            if number == 1:
                model, signature = entry[1].decode(), entry[3].decode()
            elif number == 2:
                tensor = tensor_pb2.TensorProto.FromString(entry[2])
                inputs[entry[1].decode()] = tf.make_ndarray(tensor)
        yield model, signature, inputs


def check_warm_up(model: SessionModel, directory: Path, served_name: str) -> Iterator[str]:
    """Yields what would make TensorFlow Serving refuse the export: a warm-up record that fails fails the load."""
    path = directory / WARM_UP_FILE
    if not path.is_file():
        yield f"{WARM_UP_FILE} is missing"
        return
    warmed = set()
    for index, (name, signature, inputs) in enumerate(read_warm_up(path)):
        warmed.add(signature)
        if index >= MOST_WARM_UP_RECORDS:
            yield f"{WARM_UP_FILE} has more than {MOST_WARM_UP_RECORDS} records"
            return
        if name != served_name:
            yield f"warm-up record {index} is for the model {name!r}, not {served_name!r}"
        try:
            model.run(signature, inputs)
        except Exception as error:
            yield f"warm-up record {index} ({signature}) fails: {error}"
    missing = {name for name in model.signatures if not name.startswith("__")} - warmed
    if missing:
        yield f"no warm-up record for {', '.join(sorted(missing))}"


def check(directory: Path, options: dict | None = None) -> dict:
    """Returns what is wrong with an export when a session runs it."""
    reference = reference_format.load_reference(directory)
    try:
        model = SessionModel(directory)
    except Exception as error:
        return {"failures": [f"a session cannot load it: {error}"]}
    failures = []
    for signature, requests in reference["signatures"].items():
        for index, request in enumerate(requests):
            try:
                problems = list(check_request(model, signature, request))
            except Exception as error:
                problems = [f"{type(error).__name__}: {error}"]
            failures += [f"{signature}, request {index}: {problem}" for problem in problems]
    return {"failures": failures + list(check_warm_up(model, directory, reference["served_name"]))}


if __name__ == "__main__":
    print_results(check)
