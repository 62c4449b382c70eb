"""A model without TensorFlow's help, for what a server does around models."""

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

from tests.serving.stand_in_model import StandInError

INPUTS = {
    "text": (tf.string, [-1]),
    "tokens": (tf.string, [-1, -1]),
    "values": (tf.float32, [-1, -1, 2]),
    "length": (tf.int32, [-1]),
}


def _make_definition(inputs, outputs):
    definition = meta_graph_pb2.SignatureDef(method_name="tensorflow/serving/predict")
    for infos, described in ((definition.inputs, inputs), (definition.outputs, outputs)):
        for name, (dtype, shape) in described.items():
            infos[name].name = f"{name}:0"
            infos[name].dtype = dtype.as_datatype_enum
            for size in shape:
                infos[name].tensor_shape.dim.add(size=size)
    return definition


class EchoModel:
    """`serving_default` gives its text back and how many rows there were; `all` gives all inputs back.

    Attributes:
        num_rows: Of each batch that was run.
    """

    def __init__(self):
        self.num_rows = []
        raw = {"text": INPUTS["text"]}
        self.signatures = {
            "serving_default": _make_definition(raw, {"text_bytes": raw["text"], "rows": (tf.int32, [-1])}),
            "only": _make_definition(raw, {"echo": raw["text"]}),
            "all": _make_definition(INPUTS, INPUTS),
            "__saved_model_init_op": _make_definition({}, {"op": (tf.float32, [])}),
        }

    def run(self, signature, inputs):
        if signature not in self.signatures:
            raise StandInError(tf.errors.FAILED_PRECONDITION, f'Serving signature key "{signature}" not found.')
        size = len(inputs["text"])
        self.num_rows.append(size)
        if signature == "serving_default":
            return {"text_bytes": inputs["text"], "rows": np.full(size, size, np.int32)}
        return {"echo": inputs["text"]} if signature == "only" else inputs
