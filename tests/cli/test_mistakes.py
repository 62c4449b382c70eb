"""A user's mistake: one message on stderr, exit code 2, no traceback, TensorFlow not imported."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from rnnzoo.cli.main import cli


def assert_mistake(result, *words):
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.count("Error: ") == 1
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tran"], ["tran", "nearest:  train"]),
        (["train", "sentiment/mina"], ["sentiment/mina", "nearest:  sentiment/mini"]),
        (["train", "sentiment/mini", "--set", "model.cel=gru"], ["mini.toml", "model.cel", "nearest:  cell"]),
        (["train", "sentiment/mini", "--set", "model.cell=gur"], ["model.cell", "'gur'", "nearest:  gru"]),
        (["train", "sentiment/mini", "--set", "train.epochs=many"], ["train.epochs", "'many'", "an integer"]),
        (["train", "sentiment/mini", "--set", "train.epochs=0"], ["train.epochs", "0"]),
        (["train", "sentiment/mini", "--set", "modl.cell=gru"], ["modl", "nearest:  model"]),
        (["train", "sentiment/mini", "--set", "cell"], ["--set", "section.key=value"]),
        (
            ["train", "sentiment/mini", "--set", "data.test_split=tset"],
            ["mini.toml", "data.test_split", "nearest:  test"],
        ),
        (["train", "sentiment/mini", "--set", "data.test_split=test[:x]"], ["data.test_split", "not a split"]),
        (["train", "sentiment/mini", "--set", "data.text_feature=txt"], ["data.text_feature", "nearest:  text"]),
        (["train", "sentiment/mini", "--set", "data.text_feature=tokens"], ["data.text_feature", "not a text"]),
        (["train", "sentiment/mini", "--set", "data.label_feature=upos"], ["data.label_feature", "rating, sentiment"]),
        (
            ["train", "sentiment/mini", "--set", 'data.labels=["negative","positiv"]'],
            ["data.labels", "'positiv'", "nearest:  positive"],
        ),
        (["train", "sentiment/mini", "--set", "data.dataset=imdb_review"], ["nearest:  imdb_reviews"]),
        (["train", "sentiment/mini", "--set", "data.dataset=rnnzoo_mini/sentence"], ["nearest:  sentences"]),
        (
            ["train", "sentiment/sst2", "--offline", "--data-dir", "/nonexistent"],
            ["glue/sst2", "--offline", "--data-dir"],
        ),
        (["build", "sentiment/mini", "--set", "model.units=-1"], ["model.units", "-1"]),
        (["predict", "sentiment/mina", "text"], ["sentiment/mina"]),
        (["evaluate", "no/such/row"], ["no/such/row"]),
        (["export", "no/such/run"], ["no/such/run"]),
        (["describe", "no/such/row"], ["no/such/row"]),
        (["train", "sentiment/mini", "--resume", "--runs", "/nonexistent"], ["/nonexistent"]),
    ],
)
def test_one_message(arguments, words):
    assert_mistake(CliRunner().invoke(cli, arguments), *words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name = ", ["not valid TOML"]),
        (b"\xff\xfe", ["not UTF-8"]),
        (b"", ["task", "missing"]),
        (b'task = "text_clasification"', ["nearest:  text_classification"]),
        (b'name = "a/b"\ntask = "text_classification"', ["data", "missing"]),
        (b'name = "../b"\ntask = "text_classification"\n[data]\ndataset = "glue/sst2"', ["name", "'../b'"]),
        (b'name = "a"\ntask = "text_classification"\ndata = 3', ["data", "section"]),
    ],
)
def test_one_message_for_a_bad_file(tmp_path, content, words):
    path = tmp_path / "my.toml"
    path.write_bytes(content)
    assert_mistake(CliRunner().invoke(cli, ["train", str(path)]), "my.toml", *words)


def test_quick_commands_do_not_import_tensorflow():
    program = """
import json, sys
from click.testing import CliRunner
from rnnzoo.cli.main import cli
codes = [CliRunner().invoke(cli, arguments).exit_code for arguments in json.loads(sys.argv[1])]
print(json.dumps([codes, sorted({"tensorflow", "keras"} & set(sys.modules))]))
"""
    commands = [
        ["--help"],
        ["train", "--help"],
        ["list"],
        ["describe", "sentiment/mini"],
        ["train", "sentiment/mini", "--set", "model.cell=gur"],
        ["train", "sentiment/mini", "--set", "data.text_feature=txt"],
        ["train", "sentiment/mini", "--set", "data.dataset=imdb_review"],
        ["predict", "no/such/row", "text"],
        ["evaluate", "no/such/row"],
        ["export", "no/such/run"],
        ["train", "sentiment/mini", "--resume", "--runs", "/nonexistent"],
    ]
    done = subprocess.run([sys.executable, "-c", program, json.dumps(commands)], capture_output=True, check=True)
    assert json.loads(done.stdout) == [[0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2], []]


def test_import_of_the_package_is_light():
    program = "import sys, rnnzoo; print(sorted({'tensorflow', 'keras', 'pydantic', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"
