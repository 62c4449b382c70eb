"""An export asked as a server asks it: by a graph session, and by TensorFlow's C library, without Python's."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.serving_exports import Question
from rnnzoo.export.checks import c_api, reference_format

# So many requests of each signature are in the warm-up file of an export.
_WARM_UP_REQUESTS = 2
_DTYPES = {1: np.float32, 3: np.int32, 7: object}
_STRING = 7


def start_threads(threads: int) -> None:
    """Sets the numbers of threads of the sessions of this process; only before TensorFlow is loaded."""
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = str(threads)


class ExportedAnswerer:
    """Answers rows; made of an export, whose loading is timed.

    Args:
        export: The version folder.
        by_c_api: Whether by the C library instead of Python's session.

    Attributes:
        seconds: `library`, until TensorFlow is there, and `load`, until the export is.
    """

    def __init__(self, export: str, by_c_api: bool):
        before = time.perf_counter()
        open_model = _load_c_library() if by_c_api else _import_tensorflow()
        loaded = time.perf_counter()
        self._run, self._dtypes = open_model(Path(export))
        self.seconds = {"library": loaded - before, "load": time.perf_counter() - loaded}

    def answer(self, question: Question, batch: int) -> Callable[[], list]:
        """Returns a function that asks a batch, from Python's values to Python's values."""
        rows = question.take(batch)
        dtypes = self._dtypes[question.signature]

        def ask() -> list:
            inputs = {name: make_array(values, dtypes[name]) for name, values in rows.items()}
            return read_answers(self._run(question.signature, inputs), question.outputs)

        return ask

    def warm_up(self, export: str) -> float:
        """Runs the warm-up requests of an export as a server does before it answers; returns the seconds it took."""
        signatures = reference_format.load_reference(Path(export))["signatures"]
        before = time.perf_counter()
        for signature, requests in signatures.items():
            for request in requests[:_WARM_UP_REQUESTS]:
                self._run(signature, request["inputs"])
        return time.perf_counter() - before


def make_array(values: list, dtype: int) -> np.ndarray:
    """Returns the array of an input; strings as an object array of bytes."""
    if dtype != _STRING:
        return np.array(values, _DTYPES[dtype])
    strings = [value.encode() if isinstance(value, str) else value for value in values]
    return np.array(strings, object)


def read_answers(answer: dict[str, np.ndarray], outputs: list[str]) -> list[list]:
    """Returns some outputs as Python values, a list of them for each row; sequences are cut to their length."""
    columns = []
    for name in outputs:
        rows = answer[name].tolist()
        if name == "tags":
            rows = [row[:length] for row, length in zip(rows, answer["length"].tolist(), strict=True)]
        columns.append([_decode(row) for row in rows])
    return [list(row) for row in zip(*columns, strict=True)]


def _decode(value: bytes | float | list) -> str | float | list:
    if isinstance(value, list):
        return [_decode(item) for item in value]
    return value.decode() if isinstance(value, bytes) else value


def _import_tensorflow() -> Callable[[Path], tuple]:
    import tensorflow as tf

    def open_model(export: Path) -> tuple[Callable, dict[str, dict[str, int]]]:
        session = tf.compat.v1.Session(graph=tf.Graph())
        with session.graph.as_default():
            signatures = tf.compat.v1.saved_model.load(session, ["serve"], str(export)).signature_def
        callables = {}

        def run(signature: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            infos, names = signatures[signature], tuple(inputs)
            if (signature, names) not in callables:
                callables[signature, names] = session.make_callable(
                    {name: info.name for name, info in infos.outputs.items()},
                    feed_list=[infos.inputs[name].name for name in names],
                )
            return callables[signature, names](*inputs.values())

        dtypes = {
            name: {key: info.dtype for key, info in signature.inputs.items()} for name, signature in signatures.items()
        }
        return run, dtypes

    return open_model


def _load_c_library() -> Callable[[Path], tuple]:
    library = c_api.load_library()

    def open_model(export: Path) -> tuple[Callable, dict[str, dict[str, int]]]:
        model = c_api.CModel(library, export)
        dtypes = {
            name: {key: dtype for key, (_, dtype) in inputs.items()} for name, (inputs, _) in model.signatures.items()
        }
        return model.run, dtypes

    return open_model
