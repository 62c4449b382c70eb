"""The commands around a tiny translator of parallel files, from training to a picture of where it looks."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from rnnzoo.cli.main import cli

# The parts are tested each by itself; this is all of them, from files to a picture.
pytestmark = pytest.mark.slow

CONFIG = """
name = "own/pairs"
task = "translation"
[data]
source_feature = "de"
target_feature = "en"
validation_split = "val"
[data.files]
path = "pairs"
max_errors = 5
[text]
vocabulary_size = 90
max_length = 12
[model]
units = 8
embedding_dim = 6
encoder_layers = 1
decoder_layers = 1
[train]
epochs = 2
batch_size = 16
num_buckets = 1
[decode]
beam_width = 2
[export]
examples = ["ein Hund schläft", "zwei Kinder <laufen>"]
"""
WORDS = {
    "ein": "a",
    "kein": "no",
    "Hund": "dog",
    "Mann": "man",
    "Kind": "child",
    "schläft": "sleeps",
    "lacht": "laughs",
}


def write_data():
    Path("pairs").mkdir()
    rows = [
        [first, second, third]
        for first in ("ein", "kein")
        for second in ("Hund", "Mann", "Kind")
        for third in ("schläft", "lacht")
    ]
    lines = {"de": [" ".join(row) for row in rows], "en": [" ".join(WORDS[word] for word in row) for row in rows]}
    for split, copies in (("train", 5), ("val", 1), ("test", 1)):
        for language, texts in lines.items():
            long, empty = (["ein " * 20], [{"de": "ein Hund", "en": ""}[language]]) if split == "train" else ([], [])
            Path(f"pairs/{language}.{split}.txt").write_text("\n".join([*texts * copies, *long, *empty, ""]))


def invoke(*arguments, input=None):
    return CliRunner().invoke(cli, arguments, input=input, catch_exceptions=False)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A working folder in which a tiny model was trained and exported, with what the command printed."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("work"))
    try:
        write_data()
        Path("own.toml").write_text(CONFIG)
        result = invoke("train", "own.toml", "--data-dir", "tfds")
        yield SimpleNamespace(name="own/pairs", output=result.output, exit_code=result.exit_code)
    finally:
        os.chdir(before)


def test_training_ends_in_a_checked_export_and_in_outputs(trained):
    assert trained.exit_code == 0, trained.output
    for words in ("epoch 2/2", "pairs left out too long 1", "bleu lowercase", "retrieval bleu", "greedy bleu"):
        assert words in trained.output
    assert "saved_models/own/pairs/1" in trained.output
    shown = trained.output.partition("answers of the export")[2]
    assert "ein Hund schläft" in shown and "zwei Kinder <laufen>" in shown
    metrics = json.loads(next(Path("runs/own/pairs").glob("*/metrics.json")).read_text())
    assert metrics["headline_metric"] == "bleu"
    scores = {"bleu", "bleu_lowercase", "chrf", "exact_match", "character_error_rate", "perplexity", "greedy_bleu"}
    assert scores < metrics["test"].keys() and metrics["test"]["num_examples"] == 12
    # What is in train is found there.
    assert metrics["test"]["retrieval_exact_match"] == 1.0
    evaluation = json.loads(next(Path("runs/own/pairs").glob("*/evaluation.json")).read_text())
    assert "tok:13a" in evaluation["bleu_signature"]
    assert {"source", "reference", "hypothesis"} < evaluation["worst"][0].keys()
    card = Path("saved_models/own/pairs/1/assets.extra/card.md").read_text()
    for words in ("`serving_default`", "`n_best`", "`score_pair`", "`attention`", "is cut after 12 subwords", "NFC"):
        assert words in card


def test_run_and_export_score_alike(trained):
    run = next(Path("runs/own/pairs").iterdir())
    of_run, of_export = (
        json.loads(invoke("evaluate", str(model), "--data-dir", "tfds", "--json").stdout)
        for model in (run, Path("saved_models/own/pairs"))
    )
    assert of_run["num_examples"] == of_export["num_examples"] == 12
    for name in ("bleu", "chrf", "exact_match", "character_error_rate"):
        assert of_run[name] == pytest.approx(of_export[name], abs=1e-6)


def test_texts_and_what_they_become_are_printed(trained):
    result = invoke("predict", "own/pairs", "ein  Hund", "kein\x1b Mann " * 30)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    answers = [
        json.loads(line) for line in invoke("predict", "own/pairs", "ein  Hund", "", "--json").stdout.splitlines()
    ]
    assert [list(answer) for answer in answers] == [["text", "output", "score"]] * 2
    assert lines[:2] == ["ein Hund", f"{answers[0]['output']}  {answers[0]['score']:.4f}"]
    assert len(lines[2]) == 100 and lines[2].endswith("…") and "\x1b" not in result.stdout


def test_lines_and_files_are_answered(trained, tmp_path):
    answers = [json.loads(line) for line in invoke("predict", "own/pairs", input="ein Hund\n\n").stdout.splitlines()]
    assert [answer["text"] for answer in answers] == ["ein Hund", ""]
    (tmp_path / "texts.txt").write_text("ein Hund\n\n")
    target = tmp_path / "answers.jsonl"
    result = invoke("predict", "own/pairs", "--input", str(tmp_path / "texts.txt"), "--output", str(target))
    assert result.exit_code == 0, result.output
    assert [json.loads(line) for line in target.read_text().splitlines()] == answers


@pytest.mark.parametrize("ending", ["png", "html"])
def test_where_it_looked_is_drawn(trained, tmp_path, ending):
    picture = tmp_path / "new" / f"out.{ending}"
    result = invoke("predict", "own/pairs", "ein <b>Hund</b>", "--attention", str(picture))
    assert result.exit_code == 0, result.output
    assert "ein <b>Hund</b>" in result.stdout and str(picture) in result.output
    assert picture.stat().st_size > 1000 and len(list(picture.parent.iterdir())) == 1
    if ending == "html":
        page = picture.read_text()
        assert "▁ein" in page and "&lt;eos&gt;" in page and "<b>" not in page


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["own/pairs", "a", "--attention", "out.jpg"], ["--attention", ".png, .html"]),
        (["own/pairs", "a", "b", "--attention", "out.png"], ["--attention", "one text"]),
        (["own/pairs", "--attention", "out.png"], ["--attention", "one text"]),
        (["own/pairs", "a", "--temperature", "1"], ["--temperature is for language models"]),
    ],
)
def test_mistakes_are_one_message(trained, arguments, words):
    result = invoke("predict", *arguments)
    assert result.exit_code == 2 and "Traceback" not in result.output and not Path("out.png").exists()
    for word in words:
        assert word in result.stderr


def test_a_model_that_looks_nowhere_is_told(trained):
    classifier = Path(__file__).parents[2] / "saved_models" / "sentiment" / "mini"
    result = invoke("predict", str(classifier), "good", "--attention", "out.png")
    assert result.exit_code == 2 and "--attention" in result.stderr and not Path("out.png").exists()


def test_the_data_are_described(trained):
    result = invoke("describe", "own.toml", "--data", "--data-dir", "tfds", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    figures = report["splits"]["train"]["figures"]
    # One pair is long; the line with an empty side is not among those that were prepared.
    assert (figures["examples"], figures["pairs_left_out_too_long"], figures["pairs_left_out_empty"]) == (60, 1, 0)
    assert report["vocabularies"].keys() == {"source subwords", "target subwords"}
    assert any("en.train.txt" in note for note in report["notes"])
    shown = invoke("describe", "own.toml", "--data", "--data-dir", "tfds")
    assert shown.exit_code == 0 and "pairs left out too long" in shown.output


def test_hidden_units_are_of_other_models_but_gradients_are_drawn(trained, tmp_path):
    result = invoke("describe", "own.toml", "--activations", "ein Hund")
    assert result.exit_code == 2 and "--attention" in result.stderr
    result = invoke("describe", "own.toml", "--gradient-flow", "--output", str(tmp_path / "x.html"))
    assert result.exit_code == 0, result.output
    assert "untrained layers alone" in result.output and "trained:" not in (tmp_path / "x.html").read_text()
