"""The commands around two tiny language models of files, from training to text."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from rnnzoo.cli.main import cli

SHARED = """
[model]
units = 8
embedding_dim = 6
[train]
epochs = 2
window_length = 16
batch_size = 8
[decode]
max_tokens = 12
max_tokens_limit = 40
[evaluate]
num_samples = 20
"""
CONFIGS = {
    "own/story": """
name = "own/story"
task = "language_modeling"
[data.files]
path = "story.txt"
""",
    "own/names": """
name = "own/names"
task = "language_modeling"
[data]
text_feature = "name"
documents = true
condition_feature = "kind"
[data.files]
path = "names.tsv"
""",
}


def write_data():
    Path("story.txt").write_text("".join(f"{number} sheep jumped over the fence. Ähem!\n" for number in range(200)))
    rows = [f"{first}{last}\t{kind}" for first in "BDKLMNRT" for kind, last in (("cat", "iri"), ("dog", "uffo"))]
    rows += [f"{first}{last}\t{kind}" for first in "BDKLMNRT" for kind, last in (("cat", "ani"), ("dog", "ox"))]
    Path("names.tsv").write_text("\n".join(["name\tkind", *rows, ""]))


def invoke(*arguments, input=None):
    return CliRunner().invoke(cli, arguments, input=input, catch_exceptions=False)


def invoke_json(*arguments):
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="module", params=["own/names", pytest.param("own/story", marks=pytest.mark.slow)])
def trained(request, tmp_path_factory):
    """A working folder in which a tiny model was trained and exported, with what the command printed."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("work"))
    try:
        write_data()
        Path("own.toml").write_text(CONFIGS[request.param] + SHARED)
        result = invoke("train", "own.toml", "--data-dir", "tfds")
        yield SimpleNamespace(name=request.param, output=result.output, exit_code=result.exit_code)
    finally:
        os.chdir(before)


of_classes = pytest.mark.parametrize("trained", ["own/names"], indirect=True)
of_a_stream = pytest.mark.parametrize("trained", [pytest.param("own/story", marks=pytest.mark.slow)], indirect=True)


def test_training_ends_in_a_checked_export_and_in_text(trained):
    assert trained.exit_code == 0, trained.output
    for words in ("epoch 2/2", "nats per character", "5 gram", f"saved_models/{trained.name}/1"):
        assert words in trained.output
    assert "answers of the export" in trained.output
    metrics = json.loads(next((Path("runs") / trained.name).glob("*/metrics.json")).read_text())
    assert metrics["headline_metric"] == "nats_per_character"
    scores = {"nats_per_character", "bits_per_character", "perplexity", "num_characters", "5_gram_nats_per_character"}
    assert scores < metrics["test"].keys()
    assert ("samples_new" in metrics["test"]) == (trained.name == "own/names")
    card = Path("saved_models", trained.name, "1", "assets.extra", "card.md").read_text()
    for words in ("`generate`", "`step`", "`score`", "gets that many", "NFC"):
        assert words in card


def test_run_and_export_score_alike(trained):
    run = next((Path("runs") / trained.name).iterdir())
    of_run, of_export = (
        json.loads(invoke("evaluate", str(model), "--data-dir", "tfds", "--json").stdout)
        for model in (run, Path("saved_models") / trained.name)
    )
    assert of_run["nats_per_character"] == pytest.approx(of_export["nats_per_character"], rel=1e-4)


@of_a_stream
def test_what_is_written_is_that_of_the_settings(trained):
    settings = ("--temperature", "0.7", "--top-k", "9", "--top-p", "0.9", "--max-tokens", "25", "--seed", "4")
    shown = invoke("predict", trained.name, "7 sheep", *settings)
    (answer,) = invoke_json("predict", trained.name, "7 sheep", *settings)
    assert shown.exit_code == 0 and answer["prompt"] == "7 sheep"
    assert shown.stdout == f"7 sheep{answer['text']}\n"
    assert len(answer["text"]) == 25
    (other,) = invoke_json("predict", trained.name, "7 sheep", *settings[:-1], "5")
    assert other != answer
    (stopped,) = invoke_json("predict", trained.name, "7 sheep", *settings, "--stop", answer["text"][3:5])
    assert stopped["text"] == answer["text"][: answer["text"].index(answer["text"][3:5])]


@of_a_stream
@pytest.mark.parametrize(
    ("prompt", "settings", "num_characters"),
    [
        ("", ["--max-tokens", "0"], 0),
        ("", ["--max-tokens", "1000000"], 40),
        ("日本", ["--top-k", "1000000"], 12),
        ("7", ["--temperature", "nan"], 12),
        ("\udcff", ["--temperature", "0"], 12),
    ],
)
def test_odd_requests_are_answered(trained, prompt, settings, num_characters):
    shown = invoke("predict", trained.name, prompt, *settings)
    assert shown.exit_code == 0
    (answer,) = invoke_json("predict", trained.name, prompt, *settings)
    assert len(answer["text"]) == num_characters


@of_a_stream
def test_lines_and_files_of_prompts_are_answered(trained, tmp_path):
    answers = [json.loads(line) for line in invoke("predict", trained.name, input="1 sheep\n\n").stdout.splitlines()]
    assert [answer["prompt"] for answer in answers] == ["1 sheep", ""]
    (tmp_path / "prompts.txt").write_text("1 sheep\n\n")
    target = tmp_path / "answers.jsonl"
    result = invoke("predict", trained.name, "--input", str(tmp_path / "prompts.txt"), "--output", str(target))
    assert result.exit_code == 0, result.output
    assert [json.loads(line) for line in target.read_text().splitlines()] == answers


@of_classes
def test_a_class_is_asked_for_by_its_name(trained):
    (named,) = invoke_json("predict", trained.name, "--label", "dog")
    (with_prompt,) = invoke_json("predict", trained.name, "--label", "dog", "B")
    assert set(named) == set(with_prompt) == {"prompt", "text"} and with_prompt["prompt"] == "B"
    (row,) = invoke_json("predict", trained.name, '{"label": "dog", "prompt": "B"}')
    assert row["text"] == with_prompt["text"]
    shown = invoke("predict", trained.name, "--label", "dog", "B").stdout
    assert "dog" in shown and f"B{with_prompt['text']}" in shown


@of_classes
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--label", "dig"], ["--label", "'dig'", "cat, dog", "nearest:  dog"]),
        (["B"], ["--label", "cat, dog"]),
        (["--temperature", "-1", "--label", "dog"], ["--temperature"]),
        (["--top-p", "0", "--label", "dog"], ["--top-p"]),
        (["--max-tokens", "-3", "--label", "dog"], ["--max-tokens"]),
    ],
)
def test_mistakes_are_one_message(trained, arguments, words):
    result = invoke("predict", trained.name, *arguments)
    assert result.exit_code == 2 and result.stdout == ""
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr


@of_a_stream
def test_a_class_for_a_model_of_none_is_one_message(trained):
    result = invoke("predict", trained.name, "--label", "dog", "B")
    assert result.exit_code == 2 and "--label is for language models of classes" in result.stderr


def test_settings_of_a_language_model_are_refused_by_a_classifier(trained):
    classifier = Path(__file__).parents[2] / "saved_models" / "sentiment" / "mini"
    for option, value in (("--temperature", "0.5"), ("--label", "dog"), ("--max-tokens", "3")):
        result = invoke("predict", str(classifier), "good", option, value)
        assert result.exit_code == 2 and f"{option} is for language models" in result.stderr


def test_a_file_that_is_no_text_is_one_message(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("story.txt").write_bytes(bytes(range(256)) * 40)
    Path("own.toml").write_text(CONFIGS["own/story"] + SHARED)
    result = invoke("train", "own.toml", "--data-dir", "tfds")
    assert result.exit_code == 2 and result.stderr.count("Error: ") == 1
    assert "story.txt" in result.stderr and "Traceback" not in result.output
