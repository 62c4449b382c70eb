"""A model exported as SavedModel and run by a graph session, as TensorFlow Serving runs it."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf


class _Served(tf.Module):
    def __init__(self, model: keras.Model, signature: tf.TensorSpec):
        super().__init__()
        self.model = model
        self.serve = tf.function(lambda inputs: {"logits": model(inputs, training=False)}, input_signature=[signature])


class ExportedSession:
    """Exports signatures and loads them into a session.

    Args:
        module: Holds what the signatures need: model and tables.
        signatures: A `tf.function` with an `input_signature` by name; each returns a dictionary.
        threads: Number of threads of the session.
    """

    def __init__(self, module: tf.Module, signatures: Mapping[str, Any], threads: int):
        config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
        archive = keras.export.ExportArchive()
        archive.track(module)
        for name, function in signatures.items():
            function.get_concrete_function()
            archive.add_endpoint(name, function)
        # As rnnzoo's exporter writes it.
        options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
        with tempfile.TemporaryDirectory() as folder:
            archive.write_out(folder, options=options, verbose=False)
            with tf.Graph().as_default() as graph:
                self._session = tf.compat.v1.Session(graph=graph, config=config)
                self._loaded = tf.compat.v1.saved_model.load(self._session, ["serve"], folder)

    def make_callable(
        self, signature: str, inputs: Sequence[str], outputs: Sequence[str]
    ) -> Callable[..., list[np.ndarray]]:
        """Returns a function from the arrays of some inputs to those of some outputs."""
        endpoint = self._loaded.signature_def[signature]
        return self._session.make_callable(
            [endpoint.outputs[name].name for name in outputs],
            feed_list=[endpoint.inputs[name].name for name in inputs],
        )


class SessionModel:
    """Exports a model, loads it into a session and calls it there.

    Args:
        model: A model with one input and one output.
        signature: Its input; the first dimension is the batch.
        threads: Number of threads of the session.
    """

    def __init__(self, model: keras.Model, signature: tf.TensorSpec, threads: int):
        served = _Served(model, signature)
        session = ExportedSession(served, {"serving_default": served.serve}, threads)
        self._call = session.make_callable("serving_default", [signature.name], ["logits"])

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """Runs a batch."""
        return self._call(inputs)[0]
