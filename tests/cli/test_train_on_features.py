"""The commands around one tiny run on float sequences, from training to prediction."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from rnnzoo.cli.main import cli

TINY = [
    'data.train_split="train[:200]"',
    'data.validation_split="validation[:50]"',
    'data.test_split="test[:60]"',
    "model.units=6",
    "train.epochs=1",
    "train.num_buckets=1",
]
CLIP = {"features": [[0, 0, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0, 1, 0]]}


# Whole runs by the command line are in the default tests for texts, words and languages.
pytestmark = pytest.mark.slow


def invoke(*arguments, input=None):
    return CliRunner().invoke(cli, arguments, input=input, catch_exceptions=False)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    before = Path.cwd()
    os.chdir(folder)
    try:
        options = [part for value in TINY for part in ("--set", value)]
        yield invoke("train", "clip/mini", "--data-dir", "data", *options)
    finally:
        os.chdir(before)


def test_training_shows_scores_answers_and_what_to_type_next(trained):
    assert trained.exit_code == 0, trained.output
    for words in ("steps", "step statistics accuracy", "answers of the export", "rows.jsonl", "rnnzoo serve"):
        assert words in trained.output


def test_the_card_tells_the_signature_and_the_rules(trained):
    card = Path("saved_models/clip/mini/1/assets.extra/card.md").read_text()
    assert "`features` float32 (batch, time, 8), `length` int32 (batch)" in card
    assert "NaN counts as the mean of train" in card
    command = next(line for line in card.splitlines() if line.startswith("rnnzoo predict"))
    request = command.partition("clip/mini ")[2].strip("'")
    assert set(json.loads(request)) == {"features", "length"}
    asked = invoke("predict", "clip/mini", "--json", request)
    assert set(json.loads(asked.stdout)) == {"label", "score", "probabilities"}


def test_run_and_export_score_alike(trained):
    scores = []
    for model in ("clip/mini", "saved_models/clip/mini"):
        result = invoke("evaluate", model, "--data-dir", "data", "--json")
        assert result.exit_code == 0, result.output
        scores.append(json.loads(result.stdout))
    assert scores[0]["accuracy"] == scores[1]["accuracy"]
    assert scores[0]["loss"] == pytest.approx(scores[1]["loss"], abs=1e-6)


def test_predictions_from_arguments_stdin_and_files(trained, tmp_path):
    line = json.dumps(CLIP)
    shown = invoke("predict", "clip/mini", line)
    assert shown.exit_code == 0 and "label" in shown.output and '{"features"' in shown.output
    from_stdin = invoke("predict", "clip/mini", input=f"{line}\n{line}\n")
    source, target = tmp_path / "clips.jsonl", tmp_path / "answers.jsonl"
    source.write_text(f"{line}\n" + json.dumps({**CLIP, "length": 3}) + "\n")
    from_file = invoke("predict", "clip/mini", "--input", str(source), "--output", str(target))
    assert from_file.exit_code == 0, from_file.output
    answers = [json.loads(answer) for answer in target.read_text().splitlines()]
    assert answers[0] == answers[1]
    assert [json.loads(answer) for answer in from_stdin.stdout.splitlines()] == answers


def test_a_text_is_a_mistake(trained):
    result = invoke("predict", "clip/mini", "The soup was good.")
    assert result.exit_code == 2
    assert "line 1 is not JSON" in result.stderr and "features, length" in result.stderr


@pytest.mark.slow
def test_the_export_passes_its_checks_again(trained):
    report = json.loads(invoke("export", "--check", "saved_models/clip/mini", "--json").stdout)
    assert report["failures"] == []


def test_the_data_is_described(trained):
    result = invoke("describe", "clip/mini", "--data", "--data-dir", "data")
    assert result.exit_code == 0, result.output
    for words in ("steps", "rises and falls", "batches of an epoch"):
        assert words in result.output
