"""Asking TensorFlow Serving by gRPC."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from rnnzoo.config.errors import UserError
from rnnzoo.serving.model_address import ModelAddress
from rnnzoo.serving.predictor import Signature
from rnnzoo.serving.server_errors import UnavailableError, make_refusal, make_timeout
from rnnzoo.serving.server_reports import ModelMetadata, VersionStatus, describe_tensor, keep_callable, sort_versions
from rnnzoo.serving.tensor_types import DTYPE_OF_NUMBER

try:
    import grpc

    from rnnzoo.serving.protocol_messages import MESSAGES, STATES
    from rnnzoo.serving.tensor_messages import fill_tensor, read_tensor
except ImportError as error:
    raise UserError(
        f"asking by gRPC needs a package that is not installed: {error}",
        hint="install the extra: pip install 'rnnzoo[grpc]', or ask by REST: http://host:8501",
    ) from error

_PREDICTION = "/tensorflow.serving.PredictionService/"
_MODEL = "/tensorflow.serving.ModelService/"
_CHANNEL_OPTIONS = (
    # gRPC's own limit of 4 MB is less than a batch of states may have.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # The client itself waits between its tries.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)


class GrpcTransport:
    """One model of a server, by gRPC.

    Args:
        address: The model.
    """

    def __init__(self, address: ModelAddress):
        self._address = address
        self._metadata = [(name.lower(), value) for name, value in address.headers.items()]
        # Not part of the address of a channel: a path.
        self._channel = grpc.insecure_channel(urlsplit(address.url).netloc, options=_CHANNEL_OPTIONS)

    def status(self) -> list[VersionStatus]:
        """Returns the versions, the newest first."""
        request = MESSAGES["GetModelStatusRequest"]()
        self._fill_spec(request.model_spec)
        reply = self._call(_MODEL + "GetModelStatus", request, "GetModelStatusResponse")
        return sort_versions([_read_status(entry) for entry in reply.model_version_status])

    def metadata(self) -> ModelMetadata:
        """Returns what the model takes and returns."""
        request = MESSAGES["GetModelMetadataRequest"](metadata_field=["signature_def"])
        self._fill_spec(request.model_spec)
        reply = self._call(_PREDICTION + "GetModelMetadata", request, "GetModelMetadataResponse")
        definitions = MESSAGES["SignatureDefMap"].FromString(reply.metadata["signature_def"].value).signature_def
        signatures = {
            name: Signature(_read_infos(definition.inputs), _read_infos(definition.outputs))
            for name, definition in definitions.items()
        }
        return ModelMetadata(reply.model_spec.name, reply.model_spec.version.value, keep_callable(signatures))

    def predict(self, name: str, signature: Signature, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns the answer of a signature to one batch."""
        request = MESSAGES["PredictRequest"]()
        self._fill_spec(request.model_spec)
        request.model_spec.signature_name = name
        for input_name, array in inputs.items():
            fill_tensor(request.inputs[input_name], array)
        reply = self._call(_PREDICTION + "Predict", request, "PredictResponse")
        missing = sorted(set(signature.outputs) - set(reply.outputs))
        try:
            if missing:
                raise ValueError(f"lacks {', '.join(missing)}")
            return {output: read_tensor(reply.outputs[output]) for output in signature.outputs}
        except ValueError as error:
            raise UserError(
                f"cannot read the server's reply: it {error}", file=self._address.url, key=self._address.model
            ) from error

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def _fill_spec(self, spec: Any) -> None:
        spec.name = self._address.model
        if self._address.version is not None:
            spec.version.value = self._address.version
        elif self._address.label is not None:
            spec.version_label = self._address.label

    def _call(self, method: str, request: Any, reply: str) -> Any:
        ask = self._channel.unary_unary(
            method, request_serializer=type(request).SerializeToString, response_deserializer=MESSAGES[reply].FromString
        )
        try:
            return ask(request, timeout=self._address.timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            code, message = error.code(), error.details() or ""
            if code is grpc.StatusCode.UNAVAILABLE:
                raise UnavailableError(message) from error
            if code is grpc.StatusCode.DEADLINE_EXCEEDED:
                raise make_timeout(self._address) from error
            raise make_refusal(self._address, code.name, message) from error


def _read_infos(infos: Mapping[str, Any]) -> dict:
    return {
        name: describe_tensor(
            DTYPE_OF_NUMBER.get(infos[name].dtype, str(infos[name].dtype)),
            [dimension.size for dimension in infos[name].tensor_shape.dim],
        )
        for name in sorted(infos)
    }


def _read_status(entry: Any) -> VersionStatus:
    # By name where REST has it by name.
    codes = {code.value[0]: code.name for code in grpc.StatusCode}
    error_code = entry.status.error_code
    return VersionStatus(
        entry.version,
        STATES.get(entry.state, str(entry.state)),
        codes.get(error_code, str(error_code)),
        entry.status.error_message,
    )
