"""The serving chapters of the README and the docs, followed line by line against the stand-in server."""

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from rnnzoo.cli.main import cli
from rnnzoo.config import UserError
from rnnzoo.config.locations import find_saved_model, served_name
from rnnzoo.serving import Client
from rnnzoo.serving.server_files import ServerSettings, local_command
from tests.serving.fake_model_server import copy_export
from tests.serving.stand_in_grpc import listening_by_grpc

ROOT = Path(__file__).parent.parent.parent
REST, GRPC = "http://localhost:8501", "grpc://localhost:8500"
TEXTS = ["a gorgeous, witty film", "not nearly as funny as it thinks it is"]
# What no test can start, and what waits for a Ctrl-C: see test_serve.py.
NOT_FOLLOWED = ("docker compose", "tensorflow_model_server", "--run")


def read_blocks(document, language):
    text = (ROOT / document).read_text(encoding="utf-8")
    if document == "README.md":
        text = text[text.index("## In TensorFlow Serving") :].split("\n## ")[0]
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [content.replace("\\\n", "") for found, content in blocks if found == language]


def read_commands(document):
    lines = "\n".join(read_blocks(document, "sh")).splitlines()
    words = [shlex.split(line, comments=True) for line in lines]
    return [line for line in words if line and not any(part in " ".join(line) for part in NOT_FOLLOWED)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "reviews.txt").write_text("".join(f"{text}\n" for text in TEXTS))
    (tmp_path / "reviews.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def addresses(stand_in, url, exports):
    for name in ("sentiment/sst2", "pos/ud_ewt", "lm/hello"):
        stand_in.add(served_name(name), {1: exports(name)})
    with listening_by_grpc(stand_in) as by_grpc:
        yield {REST: url, GRPC: by_grpc}


def follow(command, addresses, stand_in):
    program, *arguments = [
        addresses.get(word, word.replace(REST, addresses[REST]) if word.startswith(REST) else word) for word in command
    ]
    if program == "curl":
        flag, body, address = arguments
        status, reply = stand_in.answer("POST", address.removeprefix(addresses[REST]), body.encode())
        assert (flag, status) == ("-d", 200), reply
        return reply.decode()
    assert program == "rnnzoo"
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("document", ["README.md", "docs/serving.md"])
def test_commands(document, folder, addresses, stand_in, local, monkeypatch):
    monkeypatch.setattr("rnnzoo.serving.load", local)
    expected = [answer["label"] for answer in local("sentiment/sst2").predict(TEXTS)]
    commands = read_commands(document)
    assert len(commands) >= 2
    for command in commands:
        shown = follow(command, addresses, stand_in)
        if "--output" in command:
            lines = (folder / "answers.jsonl").read_text().splitlines()
            assert [json.loads(line)["label"] for line in lines] == expected
        elif command[1] == "serve":
            assert "docker run " in shown
        else:
            assert expected[0] in shown
    assert sum(method == "POST" for method, _, _ in stand_in.requests) >= 1


def test_python(folder, addresses, capsys):
    clients, text_that_grows = read_blocks("docs/serving.md", "python")
    for mentioned, address in addresses.items():
        clients, text_that_grows = (program.replace(mentioned, address) for program in (clients, text_that_grows))
    names = {}
    exec(compile(clients, "docs/serving.md", "exec"), names)
    assert isinstance(names["model"], Client)
    exec(compile(text_that_grows, "docs/serving.md", "exec"), {"export": find_saved_model("lm/hello")})
    assert capsys.readouterr().out == "ello\n"


def test_the_error_that_is_shown(stand_in, url):
    (shown,) = read_blocks("docs/serving.md", "")
    with pytest.raises(UserError) as caught:
        Client(url, "pos/ud_ewt").predict(["a"])
    assert str(caught.value).replace(url, REST) == shown.strip()


def test_versions_go_live_as_it_is_told(folder):
    copy_export(find_saved_model("sentiment/mini"), folder / "saved_models" / "sentiment" / "sst2", (1, 2))
    commands = read_commands("docs/server_files.md")
    assert [command[1] for command in commands] == ["serve"] * len(commands)
    for command in commands[-2:]:
        result = CliRunner().invoke(cli, command[1:], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        assert "will not move" not in result.output
    assert "versions: 1" not in (folder / "serving" / "models.config").read_text()


def test_the_flags_of_a_server_without_docker():
    (block,) = (block for block in read_blocks("docs/server_files.md", "sh") if "tensorflow_model_server" in block)
    words = shlex.split(block.replace("$PWD", str(Path.cwd())))
    assert sorted(words) == sorted(local_command("tensorflow_model_server", Path("serving"), ServerSettings()))
