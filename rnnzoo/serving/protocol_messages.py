"""The messages of TensorFlow Serving's gRPC services and of a SavedModel, of which only what is used.

Protocol buffers are compatible by field numbers. So few are needed that they are declared here, in a pool of their own:
the package `tensorflow-serving-api` would bring a TensorFlow of its own, and TensorFlow itself is not needed to ask.
"""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Field = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "string": _Field.TYPE_STRING,
    "bytes": _Field.TYPE_BYTES,
    "bool": _Field.TYPE_BOOL,
    "int32": _Field.TYPE_INT32,
    "uint32": _Field.TYPE_UINT32,
    "int64": _Field.TYPE_INT64,
    "uint64": _Field.TYPE_UINT64,
    "float": _Field.TYPE_FLOAT,
    "double": _Field.TYPE_DOUBLE,
}
_PACKAGE = "rnnzoo.serving"

# Number, name and type of each field; `*` stands for a repeated field, `map` for one by string keys. Enumerations are
# numbers on the wire as well as int32 is.
_MESSAGES = {
    "Dimension": [(1, "size", "int64")],
    "Shape": [(2, "dim", "*Dimension"), (3, "unknown_rank", "bool")],
    "Tensor": [
        (1, "dtype", "int32"),
        (2, "tensor_shape", "Shape"),
        (4, "tensor_content", "bytes"),
        (5, "float_val", "*float"),
        (6, "double_val", "*double"),
        (7, "int_val", "*int32"),
        (8, "string_val", "*bytes"),
        (10, "int64_val", "*int64"),
        (11, "bool_val", "*bool"),
        (13, "half_val", "*int32"),
        (16, "uint32_val", "*uint32"),
        (17, "uint64_val", "*uint64"),
    ],
    "Version": [(1, "value", "int64")],
    "ModelSpec": [
        (1, "name", "string"),
        (2, "version", "Version"),
        (3, "signature_name", "string"),
        (4, "version_label", "string"),
    ],
    "PredictRequest": [(1, "model_spec", "ModelSpec"), (2, "inputs", "map Tensor")],
    "PredictResponse": [(1, "outputs", "map Tensor"), (2, "model_spec", "ModelSpec")],
    "TensorInfo": [(1, "name", "string"), (2, "dtype", "int32"), (3, "tensor_shape", "Shape")],
    "SignatureDef": [
        (1, "inputs", "map TensorInfo"),
        (2, "outputs", "map TensorInfo"),
        (3, "method_name", "string"),
    ],
    "SignatureDefMap": [(1, "signature_def", "map SignatureDef")],
    "MetaGraphDef": [(5, "signature_def", "map SignatureDef")],
    "SavedModel": [(2, "meta_graphs", "*MetaGraphDef")],
    "Any": [(1, "type_url", "string"), (2, "value", "bytes")],
    "GetModelMetadataRequest": [(1, "model_spec", "ModelSpec"), (2, "metadata_field", "*string")],
    "GetModelMetadataResponse": [(1, "model_spec", "ModelSpec"), (2, "metadata", "map Any")],
    "GetModelStatusRequest": [(1, "model_spec", "ModelSpec")],
    "Status": [(1, "error_code", "int32"), (2, "error_message", "string")],
    "ModelVersionStatus": [(1, "version", "int64"), (2, "state", "int32"), (3, "status", "Status")],
    "GetModelStatusResponse": [(1, "model_version_status", "*ModelVersionStatus")],
}
STATES = {0: "UNKNOWN", 10: "START", 20: "LOADING", 30: "AVAILABLE", 40: "UNLOADING", 50: "END"}


def _add_field(message, number: int, name: str, kind: str) -> None:
    field = message.field.add(number=number, name=name, label=_Field.LABEL_OPTIONAL)
    if kind.startswith("map "):
        entry = message.nested_type.add(name=f"{name.title().replace('_', '')}Entry")
        entry.options.map_entry = True
        _add_field(entry, 1, "key", "string")
        _add_field(entry, 2, "value", kind.removeprefix("map "))
        field.label = _Field.LABEL_REPEATED
        field.type = _Field.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{message.name}.{entry.name}"
        return
    if kind.startswith("*"):
        field.label = _Field.LABEL_REPEATED
        kind = kind.removeprefix("*")
    if kind in _TYPES:
        field.type = _TYPES[kind]
    else:
        field.type = _Field.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{kind}"


def _build() -> dict[str, type]:
    file = descriptor_pb2.FileDescriptorProto(name="rnnzoo/serving.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field_name, kind in fields:
            _add_field(message, number, field_name, kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in _MESSAGES
    }


MESSAGES = _build()
