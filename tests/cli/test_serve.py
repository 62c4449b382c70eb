import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from rnnzoo.cli.main import cli
from rnnzoo.config.locations import find_saved_model
from tests.serving.fake_model_server import copy_export, install_fake_model_server
from tests.serving.test_server_process import free_ports, is_listening

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def folder(tmp_path, monkeypatch):
    copy_export(find_saved_model("sentiment/mini"), tmp_path / "saved_models" / "my" / "text", (1, 2))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_writes_the_files_and_prints_the_docker_line(folder):
    result = CliRunner().invoke(cli, ["serve", "my/text", "lm/hello", "--canary", "my/text=1"], catch_exceptions=False)
    assert result.exit_code == 0
    lines = [line for line in result.output.splitlines() if line.startswith("serve:")]
    assert len(lines) == 1
    assert "docker run " in lines[0]
    assert "model:   sentiment_mini  (stable 2, canary 1)" in result.output
    for name in ("models.config", "batching_parameters.txt", "monitoring.config", "compose.yaml"):
        assert (folder / "serving" / name).is_file()
        assert f"serving/{name}" in result.output


def test_json_and_the_note_on_labels(folder):
    CliRunner().invoke(cli, ["serve", "my/text", "--stable", "1", "--output", "out"])
    result = CliRunner().invoke(cli, ["serve", "my/text", "--output", "out", "--json"], catch_exceptions=False)
    shown = json.loads(result.stdout)
    assert shown["models"] == [
        {"name": "sentiment_mini", "folder": str(folder / "saved_models/my/text"), "labels": {"stable": 2}}
    ]
    assert shown["docker"].startswith("docker run ")
    assert shown["refused_while_running"] == ["stable of sentiment_mini from version 1 to 2"]
    assert "restart it" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["my/txet"], ["nearest:  my/text"]),
        (["my/text", "--stable", "5"], ["--stable", "allowed:  1, 2"]),
        (["my/text", "--rest-port", "8500"], ["share a port"]),
    ],
)
def test_one_message(folder, arguments, words):
    result = CliRunner().invoke(cli, ["serve", *arguments])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("Error: ") == 1
    for word in words:
        assert word in result.stderr
    assert not (folder / "serving").exists()


def run_arguments(*more):
    rest, grpc = free_ports()
    return rest, ["serve", "my/text", "--run", "--rest-port", str(rest), "--grpc-port", str(grpc), *more]


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_run_serves_until_it_is_stopped(folder, monkeypatch, number, exit_code):
    install_fake_model_server(folder / "bin", monkeypatch)
    port, arguments = run_arguments()
    process = subprocess.Popen(
        [sys.executable, "-m", "rnnzoo.cli.main", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        # A shell starts what runs in the background with Ctrl-C ignored, and so would this be.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("serving:"):
            break
    assert is_listening(port)
    process.send_signal(number)
    rest, errors = process.communicate(timeout=120)
    output = "".join(lines) + rest
    assert process.returncode == exit_code, errors
    assert "asked:   sentiment_mini version 2 answers as when it was exported" in output
    assert ("stopped" in output) == (number == signal.SIGINT)
    assert "Traceback" not in errors
    assert not is_listening(port)


@pytest.mark.parametrize(("mode", "word"), [("never", "not available after 0.5 seconds"), ("dies", "exit code 1")])
def test_run_tells_in_one_message_that_the_server_does_not_come_up(folder, monkeypatch, mode, word):
    install_fake_model_server(folder / "bin", monkeypatch, mode)
    _, arguments = run_arguments("--timeout", "0.5" if mode == "never" else "120")
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.stderr
    assert word in result.stderr


def test_does_not_import_tensorflow(folder):
    program = """
import sys
from click.testing import CliRunner
from rnnzoo.cli.main import cli
code = CliRunner().invoke(cli, ["serve", "my/text"]).exit_code
print(code, sorted({"tensorflow", "keras"} & set(sys.modules)))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True, env=environment)
    assert done.stdout.strip() == "0 []"
