"""Answers as TensorFlow Serving's gRPC services do. For tests only.

The envelopes are the client's own declarations; tensors and signatures go through TensorFlow's own messages.
"""

import contextlib
from concurrent import futures

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from rnnzoo.serving.protocol_messages import MESSAGES
from tests.serving.stand_in_model import StandInError, refuse

_CODES = {code.value[0]: code for code in grpc.StatusCode}


@contextlib.contextmanager
def listening_by_grpc(stand_in):
    """Yields the address at which the models of a `StandInServer` are served."""
    server = grpc.server(futures.ThreadPoolExecutor(8))
    services = {
        "PredictionService": {"Predict": _predict, "GetModelMetadata": _get_metadata},
        "ModelService": {"GetModelStatus": _get_status},
    }
    for service, methods in services.items():
        handlers = {name: _make_handler(stand_in, name, answer) for name, answer in methods.items()}
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(f"tensorflow.serving.{service}", handlers)]
        )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"grpc://127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


def _make_handler(stand_in, name, answer):
    def serve(request, context):
        stand_in.headers = dict(context.invocation_metadata())
        fault = stand_in.faults.pop(0) if stand_in.faults else None
        if fault:
            context.abort(fault, "out of order")
        try:
            return answer(stand_in, request)
        except StandInError as error:
            context.abort(_CODES[error.code], error.message)

    return grpc.unary_unary_rpc_method_handler(
        serve,
        request_deserializer=MESSAGES[f"{name}Request"].FromString,
        response_serializer=lambda reply: reply.SerializeToString(),
    )


def _find(stand_in, spec):
    version = spec.version.value if spec.HasField("version") else None
    return stand_in.find(spec.name, version, spec.version_label or None)


def _predict(stand_in, request):
    number, model = _find(stand_in, request.model_spec)
    inputs = {}
    for name, message in request.inputs.items():
        try:
            inputs[name] = tf.make_ndarray(tensor_pb2.TensorProto.FromString(message.SerializeToString()))
        except ValueError as error:
            raise refuse(f"tensor parsing error: {name}") from error
    reply = MESSAGES["PredictResponse"]()
    for name, array in model.run(request.model_spec.signature_name or "serving_default", inputs).items():
        reply.outputs[name].ParseFromString(_as_proto_field(array).SerializeToString())
    reply.model_spec.name = request.model_spec.name
    reply.model_spec.version.value = number
    return reply


def _as_proto_field(array):
    """As `Tensor::AsProtoField` writes it: each value by itself."""
    dtype = tf.string if array.dtype == object else tf.as_dtype(array.dtype)
    proto = tensor_pb2.TensorProto(dtype=dtype.as_datatype_enum, tensor_shape=tf.TensorShape(array.shape).as_proto())
    fields = {"float32": "float_val", "string": "string_val", "int64": "int64_val", "bool": "bool_val"}
    getattr(proto, fields.get(dtype.name, "int_val")).extend(np.ravel(array).tolist())
    return proto


def _get_metadata(stand_in, request):
    number, model = _find(stand_in, request.model_spec)
    if list(request.metadata_field) != ["signature_def"]:
        raise refuse("Metadata field is not supported")
    definitions = MESSAGES["SignatureDefMap"]()
    for name, definition in model.signatures.items():
        definitions.signature_def[name].ParseFromString(definition.SerializeToString())
    reply = MESSAGES["GetModelMetadataResponse"]()
    reply.model_spec.name = request.model_spec.name
    reply.model_spec.version.value = number
    reply.metadata["signature_def"].type_url = "type.googleapis.com/tensorflow.serving.SignatureDefMap"
    reply.metadata["signature_def"].value = definitions.SerializeToString()
    return reply


def _get_status(stand_in, request):
    spec = request.model_spec
    reply = MESSAGES["GetModelStatusResponse"]()
    for number in stand_in.versions(spec.name, spec.version.value if spec.HasField("version") else None):
        entry = reply.model_version_status.add(version=number, state=30)
        entry.status.SetInParent()
    return reply
