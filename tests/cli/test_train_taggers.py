"""The commands around two tiny taggers, from training to prediction."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from rnnzoo.cli.main import cli

TINY = [
    'data.train_split="train[:200]"',
    'data.validation_split="validation[:40]"',
    'data.test_split="test[:50]"',
    "model.units=6",
    "train.epochs=1",
    "train.num_buckets=1",
]
OF_WORDS = ["model.embedding_dim=5", "model.character_dim=6", "model.num_layers=1", "text.max_length=24"]
ROWS = {"ner/mini": [*TINY, *OF_WORDS, "model.tag_scheme=BIOES"], "frames/mini": [*TINY, "model.num_layers=1"]}


def invoke(*arguments, input=None):
    return CliRunner().invoke(cli, arguments, input=input, catch_exceptions=False)


def invoke_json(*arguments):
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module", params=["ner/mini", pytest.param("frames/mini", marks=pytest.mark.slow)])
def trained(request, tmp_path_factory, mini_data_dir):
    """A working folder in which a tiny model was trained and exported, with what the command printed."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("work"))
    try:
        options = [part for value in ROWS[request.param] for part in ("--set", value)]
        result = invoke("train", request.param, "--data-dir", str(mini_data_dir), *options)
        yield SimpleNamespace(name=request.param, output=result.output, exit_code=result.exit_code)
    finally:
        os.chdir(before)


of_words = pytest.mark.parametrize("trained", ["ner/mini"], indirect=True)


def test_training_ends_in_a_checked_export(trained):
    assert trained.exit_code == 0, trained.output
    baseline = {"ner/mini": "dictionary span f1", "frames/mini": "single step token accuracy"}[trained.name]
    for words in ("examples 200", "epoch 1/1", baseline, "answers of the export", f"saved_models/{trained.name}/1"):
        assert words in trained.output
    report = invoke_json("export", "--check", f"saved_models/{trained.name}")
    assert report["failures"] == []


def test_run_and_export_score_alike(trained, mini_data_dir):
    run = next((Path("runs") / trained.name).iterdir())
    data = ("--data-dir", str(mini_data_dir))
    of_run, of_export = (
        invoke_json("evaluate", model, *data) for model in (str(run), str(Path("saved_models") / trained.name))
    )
    recorded = json.loads((run / "metrics.json").read_text())
    metric = recorded["headline_metric"]
    assert metric == {"ner/mini": "span_f1", "frames/mini": "token_accuracy"}[trained.name]
    assert of_run[metric] == of_export[metric] == recorded["test"][metric]
    assert of_run["confusion_matrix"] == of_export["confusion_matrix"]
    assert (run / "confusion_matrix.png").stat().st_size > 0


def test_the_card_tells_signatures_tags_and_limits(trained):
    card = Path("saved_models", trained.name, "1", "assets.extra", "card.md").read_text()
    first_tag = {"ner/mini": "`B-PERSON`", "frames/mini": "`rising`"}[trained.name]
    for words in ("`tags` string (batch, time)", "`scores` float32 (batch, time)", first_tag, "past `length`"):
        assert words in card


def test_describing_the_data_counts_tags(trained, mini_data_dir):
    config = str(next((Path("runs") / trained.name).iterdir()))
    report = invoke_json("describe", config, "--data", "--data-dir", str(mini_data_dir))
    train = report["splits"]["train"]
    steps = train["figures"]["tokens" if trained.name == "ner/mini" else "steps"]
    assert sum(train["labels"].values()) == steps > 1000


@of_words
def test_predictions_for_people_and_as_json(trained):
    shown = invoke("predict", "ner/mini", "Anna Lund met us.").stdout.splitlines()
    assert shown[0].split() == ["Anna", "Lund", "met", "us", "."] and len(shown[1].split()) == 5
    answers = invoke("predict", "ner/mini", "--json", "Anna met us.", "").stdout.splitlines()
    first, empty = map(json.loads, answers)
    assert first["tokens"] == ["Anna", "met", "us", "."] and len(first["tags"]) == len(first["scores"]) == 4
    assert empty == {"text": "", "tokens": [], "tags": [], "scores": [], "length": 0}


@of_words
def test_files_of_words_and_of_texts(trained, tmp_path):
    words, texts = tmp_path / "in.conll", tmp_path / "in.txt"
    words.write_text("Anna O\nLund O\n\nHi O\n")
    texts.write_text("Anna Lund\nHi\n")
    results = []
    for source in (words, texts):
        target = tmp_path / f"{source.suffix[1:]}.conll"
        assert invoke("predict", "ner/mini", "--input", str(source), "--output", str(target)).exit_code == 0
        results.append([line.split() for line in target.read_text().splitlines()])
    assert [line[:1] for line in results[0]] == [["Anna"], ["Lund"], [], ["Hi"], []]
    assert [[line[0], line[-1]] for line in results[0] if line] == [line for line in results[1] if line]
