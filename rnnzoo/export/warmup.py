"""Warm-up requests, which TensorFlow Serving runs before it declares a version ready."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rnnzoo.export.checks.wire_format import encode_field

WARM_UP_FILE = "tf_serving_warmup_requests"
_RECORDS_PER_SIGNATURE = 2
_MOST_RECORDS = 1000  # the server refuses a version with more


def encode_prediction_log(model: str, signature: str, inputs: dict[str, np.ndarray]) -> bytes:
    """Returns a serialised `tensorflow.serving.PredictionLog` of one Predict request.

    Args:
        model: The name under which the model is served.
        signature: The signature's name.
        inputs: An array for each input; strings as object arrays of bytes.
    """
    import tensorflow as tf

    model_spec = encode_field(1, model.encode()) + encode_field(3, signature.encode())
    request = encode_field(1, model_spec)
    for name, value in sorted(inputs.items()):
        tensor = tf.make_tensor_proto(value).SerializeToString(deterministic=True)
        request += encode_field(2, encode_field(1, name.encode()) + encode_field(2, tensor))
    return encode_field(6, encode_field(1, request))  # PredictionLog.predict_log, PredictLog.request


def write_warm_up(folder: Path, model: str, requests: dict[str, Sequence[dict[str, np.ndarray]]]) -> None:
    """Writes the warm-up file of an export: the first two requests of every signature.

    Args:
        folder: The export's `assets.extra`.
        model: The name under which the model is served.
        requests: For each signature, the inputs of its requests.
    """
    import tensorflow as tf

    records = [
        encode_prediction_log(model, signature, inputs)
        for signature, of_signature in requests.items()
        for inputs in of_signature[:_RECORDS_PER_SIGNATURE]
    ]
    with tf.io.TFRecordWriter(str(folder / WARM_UP_FILE)) as writer:
        for record in records[:_MOST_RECORDS]:
            writer.write(record)
