"""The files that TensorFlow Serving reads, and the command lines that start it with them."""

import json
import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rnnzoo.config.atomic_files import write_atomically
from rnnzoo.config.errors import UserError
from rnnzoo.serving.served_models import ServedModel

MODELS_CONFIG = "models.config"
LOCAL_MODELS_CONFIG = "models.local.config"
BATCHING_PARAMETERS = "batching_parameters.txt"
MONITORING_CONFIG = "monitoring.config"
COMPOSE_FILE = "compose.yaml"

_METRICS_PATH = "/monitoring/prometheus/metrics"
_CONFIG_FOLDER = "/config"  # in the container
_CONTAINER_PORTS = {"grpc": 8500, "rest": 8501}  # fixed by the image
_POLL_SECONDS = 60
_HEADER = "# Written by `rnnzoo serve`.\n"

# A message is a list of fields; a field's value is a number, a string, a bool or a message.
Message = list[tuple[str, "int | str | bool | Message"]]


@dataclass(frozen=True)
class ServerSettings:
    """How a server is started.

    Attributes:
        rest_port: Port of the REST API, and of the metrics.
        grpc_port: Port of the gRPC API.
        image: Docker image.
        models_root: The folder in which the server sees the models, each by its served name.
        max_batch_size: The most rows that are run together; a larger request is refused.
    """

    rest_port: int = 8501
    grpc_port: int = 8500
    image: str = "tensorflow/serving"
    models_root: str = "/models"
    max_batch_size: int = 128

    def __post_init__(self):
        if self.rest_port == self.grpc_port:
            raise UserError("REST and gRPC cannot share a port", key="--rest-port", got=self.rest_port)
        if not self.models_root.startswith("/"):
            raise UserError("must be an absolute path", key="--models-root", got=self.models_root)


def format_message(fields: Message, indent: str = "") -> str:
    """Returns a protocol buffer in text format.

    Example:

    >>> print(format_message([("name", "a"), ("value", [("versions", 1)])]), end="")
    name: "a"
    value {
      versions: 1
    }
    """
    lines = []
    for name, value in fields:
        if isinstance(value, list):
            lines.append(f"{indent}{name} {{\n{format_message(value, indent + '  ')}{indent}}}\n")
        elif isinstance(value, bool):
            lines.append(f"{indent}{name}: {'true' if value else 'false'}\n")
        else:
            lines.append(f"{indent}{name}: {_quote_bytes(value) if isinstance(value, str) else value}\n")
    return "".join(lines)


def _quote_bytes(text: str) -> str:
    # The server's files are ASCII: everything else is written as octal escapes of its UTF-8 bytes.
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}" for byte in text.encode())
    return f'"{"".join(plain)}"'


def make_models_config(models: Sequence[ServedModel], models_root: str | None = "/models") -> str:
    """Returns the text of `models.config`.

    Args:
        models: What is served.
        models_root: The folder in which the server sees the models; None for where they are on this machine.
    """
    configs: Message = []
    for model in models:
        base_path = str(model.folder) if models_root is None else f"{models_root.rstrip('/')}/{model.name}"
        # Labels may only name versions that are loaded, so the versions are said, instead of "the newest".
        versions: Message = [("versions", version) for version in model.versions]
        config: Message = [
            ("name", model.name),
            ("base_path", base_path),
            ("model_platform", "tensorflow"),
            ("model_version_policy", [("specific", versions)]),
        ]
        for label, version in model.labels.items():
            config.append(("version_labels", [("key", label), ("value", version)]))
        configs.append(("config", config))
    return _HEADER + format_message([("model_config_list", configs)])


def make_batching_parameters(models: Sequence[ServedModel], max_batch_size: int) -> str:
    """Returns the text of `batching_parameters.txt`.

    A request is run at once while a thread is free; batches form only of what waits. There are as many threads as
    processors, the server's default.
    """
    fields: Message = [
        ("max_batch_size", [("value", max_batch_size)]),
        ("batch_timeout_micros", [("value", 0)]),
        ("max_enqueued_batches", [("value", 100)]),
    ]
    if any(model.needs_padding for model in models):
        fields.append(("pad_variable_length_inputs", True))
    return _HEADER + format_message(fields)


def make_monitoring_config() -> str:
    """Returns the text of `monitoring.config`: metrics for Prometheus at the REST port."""
    return _HEADER + format_message([("prometheus_config", [("enable", True), ("path", _METRICS_PATH)])])


def server_flags(folder: str, models_config: str = MODELS_CONFIG) -> list[str]:
    """Returns the flags of `tensorflow_model_server` that name the files.

    Args:
        folder: The folder of the files, as the server sees it.
        models_config: Which of the two configs of models.
    """
    return [
        f"--model_config_file={folder}/{models_config}",
        f"--model_config_file_poll_wait_seconds={_POLL_SECONDS}",
        # Without it a server refuses labels when it starts, as nothing is loaded yet.
        "--allow_version_labels_for_unavailable_models=true",
        "--enable_batching=true",
        f"--batching_parameters_file={folder}/{BATCHING_PARAMETERS}",
        f"--monitoring_config_file={folder}/{MONITORING_CONFIG}",
    ]


def _mounts(models: Sequence[ServedModel], output: Path, models_root: str) -> list[tuple[Path, str]]:
    # The folder of the files is mounted, not each file: a mounted file would stay the old one after a rename.
    targets = [(model.folder, f"{models_root.rstrip('/')}/{model.name}") for model in models]
    return [(output.resolve(), _CONFIG_FOLDER), *targets]


def docker_command(
    models: Sequence[ServedModel], output: Path, settings: ServerSettings, container: str | None = None
) -> list[str]:
    """Returns the arguments of the docker command that serves the models.

    Args:
        models: What is served.
        output: The folder of the files.
        settings: Ports and image.
        container: A name for the container.
    """
    command = ["docker", "run", "--rm", "--init"]
    if container:
        command += ["--name", container]
    command += ["-p", f"{settings.rest_port}:{_CONTAINER_PORTS['rest']}"]
    command += ["-p", f"{settings.grpc_port}:{_CONTAINER_PORTS['grpc']}"]
    for source, target in _mounts(models, output, settings.models_root):
        if "," in str(source):
            raise UserError("docker cannot mount a folder whose name has a comma", file=source)
        command += ["--mount", f"type=bind,src={source},dst={target},readonly"]
    return [*command, settings.image, *server_flags(_CONFIG_FOLDER)]


def docker_line(models: Sequence[ServedModel], output: Path, settings: ServerSettings) -> str:
    """Returns the docker command as one line to type."""
    return shlex.join(docker_command(models, output, settings))


def local_command(program: str, output: Path, settings: ServerSettings) -> list[str]:
    """Returns the arguments that start a `tensorflow_model_server` of this machine."""
    ports = [f"--rest_api_port={settings.rest_port}", f"--port={settings.grpc_port}"]
    return [program, *ports, *server_flags(str(output.resolve()), LOCAL_MODELS_CONFIG)]


def make_compose_file(models: Sequence[ServedModel], output: Path, settings: ServerSettings) -> str:
    """Returns the text of `compose.yaml`. Folders near it are named relatively, so that all can be moved together."""

    def quote(text: str) -> str:
        # A JSON string is a YAML string; a dollar sign would be a variable of compose.
        return json.dumps(text, ensure_ascii=False).replace("$", "$$")

    near = output.resolve().parent
    lines = [
        _HEADER + "# Start it with `docker compose up`; there is no authentication, so mind who reaches the ports.",
        "services:",
        "  tensorflow_serving:",
        f"    image: {quote(settings.image)}",
        "    init: true",
        "    restart: unless-stopped",
        "    command:",
        *(f"      - {quote(flag)}" for flag in server_flags(_CONFIG_FOLDER)),
        "    ports:",
        f'      - "{settings.rest_port}:{_CONTAINER_PORTS["rest"]}"  # REST and metrics',
        f'      - "{settings.grpc_port}:{_CONTAINER_PORTS["grpc"]}"  # gRPC',
        "    volumes:",
    ]
    for source, target in _mounts(models, output, settings.models_root):
        shown = os.path.relpath(source, output.resolve()) if source.is_relative_to(near) else str(source)
        shown = shown if shown.startswith((".", "/")) else f"./{shown}"
        lines += [
            "      - type: bind",
            f"        source: {quote(shown)}",
            f"        target: {quote(target)}",
            "        read_only: true",
        ]
    # The server opens its ports when all models are loaded. The image has no curl.
    probe = f"exec 3<>/dev/tcp/127.0.0.1/{_CONTAINER_PORTS['rest']}"
    lines += [
        "    healthcheck:",
        f'      test: ["CMD", "bash", "-c", {quote(probe)}]',
        "      interval: 10s",
        "      start_period: 60s",
    ]
    return "\n".join(lines) + "\n"


def write_server_files(models: Sequence[ServedModel], output: Path, settings: ServerSettings) -> list[Path]:
    """Writes the files of a server, each beside its place and then renamed, so that a server never reads half of one.

    Args:
        models: What is served.
        output: Their folder, which is made where there is none.
        settings: How the server is started.

    Returns:
        The files.

    Raises:
        UserError: The folder cannot be written.
    """
    texts = {
        MODELS_CONFIG: make_models_config(models, settings.models_root),
        # For a server on this machine itself, which sees the models where they are.
        LOCAL_MODELS_CONFIG: make_models_config(models, None),
        BATCHING_PARAMETERS: make_batching_parameters(models, settings.max_batch_size),
        MONITORING_CONFIG: make_monitoring_config(),
        COMPOSE_FILE: make_compose_file(models, output, settings),
    }
    for name, text in texts.items():
        write_atomically(output / name, text)
    return [output / name for name in texts]


def find_refused_labels(output: Path, models: Sequence[ServedModel]) -> list[str]:
    """Returns what a server that runs on the files as they are now would refuse of the new ones.

    It refuses to move a label that is in use to a version that it has not loaded, and then keeps all as it was.

    Args:
        output: The folder of the files, before they are written anew.
        models: What is to be served.
    """
    try:
        text = (output / MODELS_CONFIG).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    before = {}
    for block in re.split(r"^  config \{$", text, flags=re.MULTILINE)[1:]:
        name = re.search(r'^    name: "(.*)"$', block, re.MULTILINE)
        labels = re.findall(r'key: "(\w+)"\s+value: (\d+)', block)
        if name:
            loaded = {int(version) for version in re.findall(r"versions: (\d+)", block)}
            before[name[1]] = loaded, {label: int(version) for label, version in labels}
    refused = []
    for model in models:
        loaded, labels = before.get(model.name, (set(), {}))
        for label, version in model.labels.items():
            if labels.get(label, version) != version and version not in loaded:
                refused.append(f"{label} of {model.name} from version {labels[label]} to {version}")
    return refused
