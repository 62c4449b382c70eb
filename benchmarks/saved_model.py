"""A model exported as SavedModel and run by a graph session, as TensorFlow Serving runs it."""

import tempfile

import keras
import numpy as np
import tensorflow as tf


class _Served(tf.Module):
    def __init__(self, model: keras.Model, signature: tf.TensorSpec):
        super().__init__()
        self.model = model
        self.serve = tf.function(lambda inputs: {"logits": model(inputs, training=False)}, input_signature=[signature])
        self.serve.get_concrete_function()


class SessionModel:
    """Exports a model, loads it into a session and calls it there.

    Args:
        model: A model with one input and one output.
        signature: Its input; the first dimension is the batch.
        threads: Number of threads of the session.
    """

    def __init__(self, model: keras.Model, signature: tf.TensorSpec, threads: int):
        config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
        served = _Served(model, signature)
        archive = keras.export.ExportArchive()
        archive.track(served)
        archive.add_endpoint("serving_default", served.serve)
        with tempfile.TemporaryDirectory() as folder:
            archive.write_out(folder, verbose=False)
            with tf.Graph().as_default() as graph:
                self._session = tf.compat.v1.Session(graph=graph, config=config)
                loaded = tf.compat.v1.saved_model.load(self._session, ["serve"], folder)
        endpoint = loaded.signature_def["serving_default"]
        self._call = self._session.make_callable(
            endpoint.outputs["logits"].name, feed_list=[endpoint.inputs[signature.name].name]
        )

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """Runs a batch."""
        return self._call(inputs)
