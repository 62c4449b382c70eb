"""A version of a model as TensorFlow Serving holds it: a graph session, and batches made of several requests."""

import threading
from concurrent.futures import Future
from pathlib import Path
from time import sleep

import numpy as np
import tensorflow as tf

from rnnzoo.export.checks.session_check import SessionModel


class StandInError(Exception):
    """What the server answers instead: a code of `tf.errors`, and a message."""

    def __init__(self, code, message):
        self.code = code
        self.message = message
        super().__init__(message)


def refuse(message):
    return StandInError(tf.errors.INVALID_ARGUMENT, message)


class StandInModel:
    """A session on an export; loaded when it is first asked."""

    def __init__(self, directory: Path):
        self._directory = directory
        self._lock = threading.Lock()
        self._loaded = None

    @property
    def _model(self) -> SessionModel:
        with self._lock:
            if self._loaded is None:
                self._loaded = SessionModel(self._directory)
        return self._loaded

    @property
    def signatures(self):
        """`SignatureDef` by name."""
        return self._model.signatures

    def run(self, signature, inputs):
        definition = self.signatures.get(signature)
        if definition is None:
            message = f'Serving signature key "{signature}" not found.'
            raise StandInError(tf.errors.FAILED_PRECONDITION, message)
        if set(inputs) != set(definition.inputs):
            wanted, given = sorted(definition.inputs), sorted(inputs)
            raise refuse(
                f"input size does not match signature: {len(given)}!={len(wanted)} len({{{','.join(given)}}}) != "
                f"len({{{','.join(wanted)}}}). Sent extra: {{{','.join(sorted(set(given) - set(wanted)))}}}. "
                f"Missing but required: {{{','.join(sorted(set(wanted) - set(given)))}}}."
            )
        for name, array in inputs.items():
            wanted = tf.as_dtype(definition.inputs[name].dtype)
            if tf.as_dtype(array.dtype if array.dtype != object else tf.string) != wanted:
                raise refuse(f"Expects arg[0] to be {wanted.name} but {array.dtype} is provided")
        try:
            return self._model.run(signature, inputs)
        except tf.errors.OpError as error:
            raise StandInError(error.error_code, error.message) from error
        except ValueError as error:  # a feed of the wrong shape, which Python finds before the session does
            raise refuse(str(error)) from error


class _Batch:
    def __init__(self):
        self.tasks = []
        self.num_rows = 0


class BatchingModel:
    """Requests to one model put together as `--enable_batching` with `pad_variable_length_inputs` does.

    Requests are concatenated; narrower tensors are padded with their own first element; the batch is filled up to an
    allowed size with its first row; the answer is cut into the requests' rows, with the width of the whole batch.
    """

    def __init__(self, model, max_batch_size=32, allowed_batch_sizes=(3, 8, 20, 32), timeout=0.02):
        self._model = model
        self._max_batch_size = max_batch_size
        self._allowed_batch_sizes = allowed_batch_sizes
        self._timeout = timeout
        self._lock = threading.Lock()
        self._open = {}
        self.sizes = []

    @property
    def signatures(self):
        return self._model.signatures

    def run(self, signature, inputs):
        num_rows = {len(array) if array.ndim else 0 for array in inputs.values()}
        if len(num_rows) != 1:
            raise refuse("Batching Run() input tensors must have equal 0th-dimension size")
        (num_rows,) = num_rows
        if num_rows > self._max_batch_size:
            raise refuse(f"Task size {num_rows} is larger than maximum input batch size {self._max_batch_size}")
        future = Future()
        with self._lock:
            batch = self._open.get(signature)
            leads = batch is None or batch.num_rows + num_rows > self._max_batch_size
            if leads:
                batch = self._open[signature] = _Batch()
            batch.tasks.append((inputs, num_rows, future))
            batch.num_rows += num_rows
        if leads:
            sleep(self._timeout)
            with self._lock:
                if self._open.get(signature) is batch:
                    del self._open[signature]
            self._answer(signature, batch)
        return future.result(timeout=120)

    def _answer(self, signature, batch):
        try:
            inputs = {
                name: self._merge([task[name] for task, _, _ in batch.tasks], batch.num_rows)
                for name in batch.tasks[0][0]
            }
            self.sizes.append(len(batch.tasks))
            answer = self._model.run(signature, inputs)
        except Exception as error:
            for _, _, future in batch.tasks:
                future.set_exception(error)
            return
        start = 0
        for _, num_rows, future in batch.tasks:
            future.set_result({name: array[start : start + num_rows] for name, array in answer.items()})
            start += num_rows

    def _merge(self, arrays, num_rows):
        widths = np.max([array.shape[1:] for array in arrays], axis=0)
        parts = [_pad_with_first_element(array, widths) for array in arrays]
        size = next(size for size in self._allowed_batch_sizes if size >= num_rows)
        return np.concatenate([*parts, *[parts[0][:1]] * (size - num_rows)])


def _pad_with_first_element(array, widths):
    missing = [(0, 0), *((0, int(width) - size) for size, width in zip(array.shape[1:], widths, strict=True))]
    if not any(width for _, width in missing):
        return array
    empty = b"" if array.dtype == object else 0
    padded = np.full([size + more for size, (_, more) in zip(array.shape, missing, strict=True)], empty, array.dtype)
    padded[...] = array.flat[0] if array.size else empty
    padded[tuple(map(slice, array.shape))] = array
    return padded
