import json
import re
import subprocess
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2

from rnnzoo.config import UserError
from rnnzoo.config.locations import exported_row_names, find_saved_model, saved_models_folders
from rnnzoo.serving.input_shapes import read_input_shapes
from rnnzoo.serving.reference_requests import load_reference_json
from rnnzoo.serving.served_models import ServedModel, find_served_models
from rnnzoo.serving.server_files import (
    ServerSettings,
    docker_command,
    docker_line,
    find_refused_labels,
    format_message,
    make_compose_file,
    make_models_config,
    write_server_files,
)
from tests.serving.fake_model_server import copy_export

_NUMBERS = descriptor_pb2.FieldDescriptorProto


def _add_message(parent, message_name, /, **fields):
    """Adds a message; a field is (number, type) or (number, message name), with True behind it where it is repeated."""
    message = parent.add()
    message.name = message_name
    for field_name, (number, kind, *repeated) in fields.items():
        label = _NUMBERS.LABEL_REPEATED if repeated else _NUMBERS.LABEL_OPTIONAL
        field = message.field.add(name=field_name, number=number, label=label)
        if isinstance(kind, str):
            field.type, field.type_name = _NUMBERS.TYPE_MESSAGE, kind
        else:
            field.type = kind
    return message


@pytest.fixture(scope="module")
def protos():
    """The messages of TensorFlow Serving's .proto files that the files are made of, with their numbers."""
    text, whole, flag = _NUMBERS.TYPE_STRING, _NUMBERS.TYPE_INT64, _NUMBERS.TYPE_BOOL
    serving = ".tensorflow.serving."
    file = descriptor_pb2.FileDescriptorProto(name="serving.proto", package="tensorflow.serving", syntax="proto3")
    file.dependency.append("google/protobuf/wrappers.proto")
    wrapped = ".google.protobuf.Int64Value"
    source = _add_message(file.message_type, "FileSystemStoragePathSourceConfig")
    policy_name = f"{serving}FileSystemStoragePathSourceConfig.ServableVersionPolicy"
    policy = _add_message(
        source.nested_type,
        "ServableVersionPolicy",
        latest=(100, f"{policy_name}.Latest"),
        all=(101, f"{policy_name}.All"),
        specific=(102, f"{policy_name}.Specific"),
    )
    policy.oneof_decl.add(name="policy_choice")
    for field in policy.field:
        field.oneof_index = 0
    _add_message(policy.nested_type, "Latest", num_versions=(1, _NUMBERS.TYPE_UINT32))
    _add_message(policy.nested_type, "All")
    _add_message(policy.nested_type, "Specific", versions=(1, whole, True))
    config = _add_message(
        file.message_type,
        "ModelConfig",
        name=(1, text),
        base_path=(2, text),
        model_platform=(4, text),
        model_version_policy=(7, policy_name),
        version_labels=(8, f"{serving}ModelConfig.VersionLabelsEntry", True),
    )
    _add_message(config.nested_type, "VersionLabelsEntry", key=(1, text), value=(2, whole)).options.map_entry = True
    _add_message(file.message_type, "ModelConfigList", config=(1, f"{serving}ModelConfig", True))
    _add_message(file.message_type, "ModelServerConfig", model_config_list=(1, f"{serving}ModelConfigList"))
    _add_message(
        file.message_type,
        "BatchingParameters",
        max_batch_size=(1, wrapped),
        batch_timeout_micros=(2, wrapped),
        max_enqueued_batches=(3, wrapped),
        num_batch_threads=(4, wrapped),
        thread_pool_name=(5, ".google.protobuf.StringValue"),
        allowed_batch_sizes=(6, whole, True),
        pad_variable_length_inputs=(7, flag),
    )
    _add_message(file.message_type, "PrometheusConfig", enable=(1, flag), path=(2, text))
    _add_message(file.message_type, "MonitoringConfig", prometheus_config=(1, f"{serving}PrometheusConfig"))
    pool = descriptor_pool.DescriptorPool()
    wrappers = descriptor_pb2.FileDescriptorProto()
    wrappers_pb2.DESCRIPTOR.CopyToProto(wrappers)
    pool.Add(wrappers)
    pool.Add(file)

    def parse(name, written):
        message = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tensorflow.serving.{name}"))()
        return text_format.Parse(written, message)

    return parse


@pytest.fixture
def two_versions(tmp_path, monkeypatch):
    """A working folder with `saved_models/my/text`, versions 1 and 2, and `saved_models/my/clips`, version 7."""
    text, clips = find_saved_model("sentiment/mini"), find_saved_model("clip/mini")
    copy_export(text, tmp_path / "saved_models" / "my" / "text", (1, 2))
    copy_export(clips, tmp_path / "saved_models" / "my" / "clips", (7,))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(models, **settings):
    files = write_server_files(models, Path("serving"), ServerSettings(**settings))
    return {file.name: file.read_text(encoding="utf-8") for file in files}


def test_models_config_is_what_the_server_parses(two_versions, protos):
    models = find_served_models(["my/text", "my/clips"], ["my/text=1"], ["my/text=2"])
    written = write(models)
    configs = protos("ModelServerConfig", written["models.config"]).model_config_list.config
    assert [config.name for config in configs] == ["sentiment_mini", "clip_mini"]
    assert [config.base_path for config in configs] == ["/models/sentiment_mini", "/models/clip_mini"]
    assert {config.model_platform for config in configs} == {"tensorflow"}
    assert list(configs[0].model_version_policy.specific.versions) == [1, 2]
    assert dict(configs[0].version_labels) == {"stable": 1, "canary": 2}
    assert list(configs[1].model_version_policy.specific.versions) == [7]
    assert dict(configs[1].version_labels) == {"stable": 7}
    local = protos("ModelServerConfig", written["models.local.config"]).model_config_list.config
    assert [config.base_path for config in local] == [
        str(two_versions / "saved_models" / "my" / name) for name in ("text", "clips")
    ]
    assert dict(local[0].version_labels) == {"stable": 1, "canary": 2}


def test_the_other_files_are_what_the_server_parses(two_versions, protos):
    written = write(find_served_models(["my/text"]), max_batch_size=32)
    parameters = protos("BatchingParameters", written["batching_parameters.txt"])
    assert parameters.max_batch_size.value == 32
    assert parameters.HasField("batch_timeout_micros")
    assert parameters.batch_timeout_micros.value == 0
    assert not parameters.pad_variable_length_inputs
    # As many threads as the server has processors, which is its default.
    assert not parameters.HasField("num_batch_threads")
    monitoring = protos("MonitoringConfig", written["monitoring.config"])
    assert monitoring.prometheus_config.enable
    assert monitoring.prometheus_config.path == "/monitoring/prometheus/metrics"


@pytest.mark.parametrize(
    ("names", "padded"),
    [
        (["sentiment/sst2"], False),
        (["lm/hello"], False),  # the state of `step` has always the same size
        (["pos/mini"], True),  # tag_tokens
        (["clip/mini"], True),  # features
        (["sentiment/sst2", "frames/mini"], True),
    ],
)
def test_inputs_are_padded_where_a_signature_needs_it(tmp_path, monkeypatch, protos, names, padded):
    monkeypatch.chdir(tmp_path)
    written = write(find_served_models(names))
    assert protos("BatchingParameters", written["batching_parameters.txt"]).pad_variable_length_inputs is padded


def test_every_export_can_be_served(tmp_path, monkeypatch, protos):
    names = sorted(exported_row_names(saved_models_folders()[1]))
    monkeypatch.chdir(tmp_path)
    config = protos("ModelServerConfig", write(find_served_models(names))["models.config"])
    assert [model.name for model in config.model_config_list.config] == [name.replace("/", "_") for name in names]
    for name in names:
        export = find_saved_model(name)
        requests = load_reference_json(export)["signatures"]
        shapes = read_input_shapes(export)
        assert shapes.keys() == requests.keys()
        for signature, inputs in shapes.items():
            stored = requests[signature][0]["inputs"]
            assert inputs.keys() == stored.keys()
            for key, shape in inputs.items():
                assert shape[0] is None
                assert len(shape) == len(stored[key]["shape"])
                assert all(size in (None, real) for size, real in zip(shape, stored[key]["shape"], strict=True))


def test_odd_strings_survive_the_text_format(protos):
    for odd in ('a"b', "a\\b", "tab\tline\n", "Wörter/日本", "'", "\x001"):
        written = format_message([("name", odd), ("base_path", "/x")])
        assert written.isascii()
        assert protos("ModelConfig", written).name == odd


def test_versions_and_labels(two_versions):
    def labels(*names, **options):
        return {model.name: model.labels for model in find_served_models(names, **options)}

    assert labels("my/text") == {"sentiment_mini": {"stable": 2}}
    assert labels("my/text", stable=["1"]) == {"sentiment_mini": {"stable": 1}}
    assert labels("saved_models/my/text") == {"sentiment_mini": {"stable": 2}}
    assert labels("saved_models/my/text/1") == {"sentiment_mini": {"stable": 1}}
    assert labels("my/text", stable=["2"], canary=["2"]) == {"sentiment_mini": {"stable": 2, "canary": 2}}
    assert labels("my/text", "my/clips", canary=["my/text=1"]) == {
        "sentiment_mini": {"stable": 2, "canary": 1},
        "clip_mini": {"stable": 7},
    }


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (["my/txet"], {}, ["my/txet", "nearest:  my/text"]),
        (["my/text"], {"stable": ["3"]}, ["--stable", "got:      3", "allowed:  1, 2"]),
        (["my/text"], {"canary": ["x"]}, ["--canary", "'x'"]),
        (["my/text"], {"stable": ["my/txet=1"]}, ["--stable", "nearest:  my/text"]),
        (["my/text", "my/clips"], {"stable": ["1"]}, ["--stable", "my/text=1"]),
        (["my/text", "my/text"], {}, ["served as sentiment_mini"]),
    ],
)
def test_mistakes(two_versions, names, options, words):
    with pytest.raises(UserError) as mistake:
        find_served_models(names, **options)
    for word in words:
        assert word in str(mistake.value)


def test_not_an_export_of_ours(two_versions):
    export = two_versions / "saved_models" / "my" / "text"
    (export / "2" / "assets.extra" / "reference.json").unlink()
    with pytest.raises(UserError, match=r"reference\.json"):
        find_served_models(["my/text"])
    (export / "1" / "saved_model.pb").write_bytes(b"\x0a\xff")
    with pytest.raises(UserError, match=r"not a SavedModel"):
        write(find_served_models(["my/text"], ["1"]))
    (export / "2").rename(two_versions / "best")
    copy_export(find_saved_model("sentiment/mini"), two_versions / "other", ("final",))
    with pytest.raises(UserError, match="number for a name"):
        find_served_models(["other/final"])


def test_docker_line(two_versions):
    models = find_served_models(["my/text"])
    line = docker_line(models, Path("my serving"), ServerSettings(rest_port=9501, image="mine:1"))
    assert "\n" not in line
    assert f"'type=bind,src={two_versions}/my serving,dst=/config,readonly'" in line
    assert f"type=bind,src={two_versions}/saved_models/my/text,dst=/models/sentiment_mini,readonly" in line
    assert " -p 9501:8501 " in line
    # Flags are the server's, so they stand behind the image.
    options, flags = line.split(" mine:1 ")
    assert options.startswith("docker run ")
    assert flags.split()[0] == "--model_config_file=/config/models.config"
    assert "--allow_version_labels_for_unavailable_models=true" in flags
    # What a shell makes of the line is the command.
    shown = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True, text=True).stdout
    expected = docker_command(models, Path("my serving"), ServerSettings(rest_port=9501, image="mine:1"))
    assert shown.split("\0")[:-1] == expected


def test_compose_file(two_versions):
    folder = two_versions / "a $b"
    models = [*find_served_models(["my/text"]), ServedModel("far", folder, 1)]
    (two_versions / "elsewhere").mkdir()
    compose = make_compose(models, two_versions / "serving")
    # Near folders are named relatively to the file.
    assert '        source: "."\n        target: "/config"\n' in compose
    assert '        source: "../saved_models/my/text"\n        target: "/models/sentiment_mini"\n' in compose
    assert '        source: "../a $$b"\n        target: "/models/far"\n' in compose
    compose = make_compose(models[:1], two_versions / "elsewhere" / "serving")
    assert f'        source: "{two_versions}/saved_models/my/text"\n' in compose
    assert compose.count("read_only: true") == 2
    quoted = re.findall(r'"(?:[^"\\]|\\.)*"', compose)
    assert all(isinstance(json.loads(string), str) for string in quoted)
    flags = [json.loads(line.strip()[2:]) for line in compose.splitlines() if line.startswith('      - "--')]
    assert flags == docker_command(models[:1], two_versions, ServerSettings())[-len(flags) :]


def make_compose(models, output):
    output.parent.mkdir(exist_ok=True)
    text = make_compose_file(models, output, ServerSettings())
    assert "\t" not in text
    return text


def test_settings():
    with pytest.raises(UserError, match="share a port"):
        ServerSettings(rest_port=1, grpc_port=1)
    with pytest.raises(UserError, match="absolute"):
        ServerSettings(models_root="models")
    model = ServedModel("a", find_saved_model("lm/hello").parent, 1)
    assert 'base_path: "/srv/a"' in make_models_config([model], "/srv/")


def test_labels_that_a_running_server_would_refuse(two_versions):
    output = Path("serving")
    first = find_served_models(["my/text"], ["1"])
    assert find_refused_labels(output, first) == []
    write(first)
    # A new label may name what is not loaded; one in use may not move there.
    assert find_refused_labels(output, find_served_models(["my/text"], ["1"], ["2"])) == []
    moved = find_served_models(["my/text"], ["2"])
    assert find_refused_labels(output, moved) == ["stable of sentiment_mini from version 1 to 2"]
    write(find_served_models(["my/text"], ["1"], ["2"]))
    assert find_refused_labels(output, moved) == []


def test_files_are_replaced_whole(two_versions):
    write(find_served_models(["my/text"]))
    write(find_served_models(["my/text"], ["1"]))
    names = {path.name for path in (two_versions / "serving").iterdir()}
    assert names == {
        "models.config", "models.local.config", "batching_parameters.txt", "monitoring.config", "compose.yaml"
    }  # fmt: skip
    (two_versions / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        write_server_files(find_served_models(["my/text"]), two_versions / "file", ServerSettings())
