# ruff: noqa: F811 - fixtures are imported
"""`rnnzoo predict --url` prints what `rnnzoo predict` prints."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from rnnzoo.cli.main import cli
from rnnzoo.config.locations import served_name
from tests.serving.stand_in_fixtures import exports, local, stand_in, url  # noqa: F401
from tests.serving.stand_in_grpc import listening_by_grpc

FRAMES = json.dumps({"features": [[0.25, -0.5, 1, 0, 0, 2, 3.5, -1]] * 3})
VECTOR = json.dumps({"features": [0.5] * 24})
QUICK = [
    ("sentiment/mini", ["The soup was very good.", "no [bold]markup[/bold]", ""]),
    ("pos/mini", ["The play was good. They slept.", ""]),
    ("frames/mini", [FRAMES]),
    ("lm/hello", ["h", "", "--temperature", "0.9", "--seed", "4"]),
    ("names/by_gender", ["--label", "F", "--seed", "3", "--max-tokens", "9"]),
    ("names/by_gender", ['{"label": "M", "prompt": "J"}']),
]
SLOW = [
    ("rating/mini", ["The soup was very good."]),
    ("ner/mini", ["Anna Lund met Mr. Hale in Port Sable."]),
    ("clip/mini", [FRAMES]),
    ("caption/mini", [VECTOR, "--max-tokens", "20"]),
    ("lm/shakespeare", ["ROMEO:", "--max-tokens", "40", "--seed", "1"]),
    ("names/gender", ["Olivia"]),
    ("pos/ud_ewt", ["I saw the new film in London yesterday."]),
    ("intent/clinc", ["please wake me up at seven tomorrow"]),
]
CASES = [*QUICK, *(pytest.param(*case, marks=pytest.mark.slow) for case in SLOW)]


@pytest.fixture(autouse=True)
def models(monkeypatch, stand_in, exports, local):
    """Loads every export once here and once behind the server, which serves all of them."""
    monkeypatch.setattr("rnnzoo.serving.load", local)
    for name in {name for name, _ in (*QUICK, *SLOW)}:
        stand_in.add(served_name(name), {1: exports(name)})


def invoke(*arguments, code=0, **settings):
    result = CliRunner().invoke(cli, ["predict", *arguments], catch_exceptions=False, **settings)
    assert result.exit_code == code, result.output
    return result


def read_lines(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=str)
def test_for_people_and_as_json(url, name, arguments):
    for options in ([], ["--json"]):
        here = invoke(name, *arguments, *options).stdout
        assert here
        assert invoke(name, *arguments, *options, "--url", url).stdout == here


def test_stdin_and_files(url, tmp_path):
    texts = "".join(f"The {'very ' * (place % 5)}old play number {place} was good.\n" for place in range(30))
    (tmp_path / "in.txt").write_text(texts)
    outputs = []
    for options in ([], ["--url", url]):
        target = tmp_path / f"{len(options)}.jsonl"
        printed = invoke("pos/mini", "--batch-size", "4", *options, input=texts).stdout
        result = invoke("pos/mini", "--input", str(tmp_path / "in.txt"), "--output", str(target), *options)
        assert "30 lines answered" in result.stderr
        outputs.append((printed, target.read_text()))
    assert outputs[0] == outputs[1]


def test_by_grpc(stand_in):
    with listening_by_grpc(stand_in) as address:
        by_grpc = invoke("sentiment/mini", "The soup was good.", "--json", "--url", address).stdout
    assert by_grpc == invoke("sentiment/mini", "The soup was good.", "--json").stdout


def test_a_model_whose_export_is_elsewhere(url, stand_in, exports):
    stand_in.add("my_tagger", {1: exports("pos/mini")})
    stand_in.add("my_writer", {1: exports("lm/hello")})
    assert "NOUN" in invoke("my/tagger", "The play was good.", "--url", url).stdout
    assert read_lines(invoke("my/writer", "h", "--json", "--url", url).stdout) == [{"prompt": "h", "text": "ello"}]
    told = invoke("my/writer", "h", "--seed", "1", "--url", url, code=2).stderr
    assert "also give --max-tokens, --stop, --temperature, --top-k, --top-p" in told
    given = ["--max-tokens", "2", "--stop", "", "--temperature", "0", "--top-k", "0", "--top-p", "1", "--seed", "1"]
    assert read_lines(invoke("my/writer", "h", "--json", "--url", url, *given).stdout)[0]["text"] == "el"


def test_a_label_that_the_model_does_not_have(url):
    assert "no such class" in invoke("names/by_gender", "--label", "Q", "--url", url, code=2).stderr


def test_mistakes_are_told_in_one_message(url, stand_in, monkeypatch):
    monkeypatch.setattr("rnnzoo.serving.server_errors.sleep", lambda _: None)
    assert "not the address of a server" in invoke("pos/mini", "a", "--url", "localhost:8501", code=2).stderr
    assert "does not answer" in invoke("pos/mini", "a", "--url", "http://127.0.0.1:1", code=2).stderr
    assert "Latest(no_model)" in invoke("no/model", "a", "--url", url, code=2).stderr
    stand_in.faults[:] = [None, 400]
    assert "the server refuses the request (400): out of order" in invoke("pos/mini", "a", "--url", url, code=2).stderr


def test_tensorflow_is_not_needed(url):
    program = (
        "import sys\n"
        "from rnnzoo.cli.main import cli\n"
        "cli(['predict', 'sentiment/mini', '--json', '--url', sys.argv[1], 'good'], standalone_mode=False)\n"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", program, url], capture_output=True, check=False, env=os.environ)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["text"] == "good"
