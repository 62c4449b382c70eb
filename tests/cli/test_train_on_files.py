"""A file of the user's own goes through every command as a TFDS set does."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from rnnzoo.cli.main import cli
from rnnzoo.config import load_config

CONFIG = """
name = "own/notes"
task = "text_classification"
[data]
text_feature = "note"
label_feature = "kind"
[data.files]
path = "notes.tsv"
test_fraction = 0.2
[text]
min_count = 1
[model]
units = 6
embedding_dim = 5
[train]
epochs = 2
num_buckets = 1
"""
ROWS = [(f"buy {number} loaves", "to do") for number in range(60)] + [
    (f"{number} was paid", "done") for number in range(60)
]


def write_notes(path, rows=ROWS, header="note\tkind"):
    path.write_text("\n".join([header, *(f"{text}\t{label}" for text, label in rows), "broken", ""]))


def invoke(*arguments):
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


def invoke_json(*arguments):
    result = invoke(*arguments, "--data-dir", "tfds", "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A working folder in which a tiny model was trained on a file and exported, with what the command printed."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("work"))
    try:
        write_notes(Path("notes.tsv"))
        Path("own.toml").write_text(CONFIG)
        result = invoke("train", "own.toml", "--data-dir", "tfds")
        yield SimpleNamespace(result=result, run=next(Path("runs/own/notes").iterdir(), None))
    finally:
        os.chdir(before)


def test_training_ends_in_a_checked_export_and_says_what_was_left_out(trained):
    assert trained.result.exit_code == 0, trained.result.output
    assert "saved_models/own/notes/1" in trained.result.stdout
    told = "data:   notes.tsv, line 122: ragged row (1 fields for 2 columns)"
    assert trained.result.stderr.count(told) == 1
    assert told in (trained.run / "log.txt").read_text()


def test_run_and_export_are_scored_on_the_rows_that_were_cut_off(trained):
    recorded = json.loads((trained.run / "metrics.json").read_text())["test"]
    assert 10 < recorded["num_examples"] < 40
    for model in (str(trained.run), "saved_models/own/notes"):
        scores = invoke_json("evaluate", model)
        assert scores["accuracy"] == recorded["accuracy"] and scores["num_examples"] == recorded["num_examples"]


def test_the_run_is_resumed_from_its_resolved_config(trained):
    assert load_config(str(trained.run)).data.files.path == "notes.tsv"
    before = json.loads((trained.run / "metrics.json").read_text())
    result = invoke("train", str(trained.run), "--resume", "--no-export", "--data-dir", "tfds")
    assert result.exit_code == 0, result.output
    assert json.loads((trained.run / "metrics.json").read_text())["test"] == before["test"]


def test_the_card_and_the_list_name_the_file(trained):
    card = Path("saved_models/own/notes/1/assets.extra/card.md").read_text()
    assert "of `notes.tsv` (" in card and "Files: `notes.tsv`" in card and "TFDS" not in card
    rows = {row["name"]: row for row in json.loads(invoke("list", "--json").stdout)}
    assert rows["own/notes"]["data"] == "notes.tsv"


def test_build_reads_the_file(trained):
    assert invoke_json("build", "own.toml")["parameters"] > 0


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["data.files.path=note.tsv"], ["own.toml: data.files.path: no such file"]),
        (["data.text_feature=notes"], ["notes.tsv: data.text_feature: no such column", "nearest:  note"]),
        (["data.files.max_errors=0"], ["own.toml: data.files.max_errors: notes.tsv, line 122: ragged row"]),
        (["data.test_split=tset"], ["own.toml: data.test_split", "nearest:  test"]),
        (["data.train_split=train[:500]"], ["no slice of `train`"]),
        (["data.validation_split=validation"], ["`notes.tsv` has no such split"]),
        (["data.dataset=glue/sst2"], ["own.toml: data: impossible value"]),
    ],
)
def test_mistakes_are_told_in_one_message_before_a_run_begins(trained, overrides, words):
    arguments = [part for override in overrides for part in ("--set", override)]
    result = invoke("train", "own.toml", "--data-dir", "tfds", "--runs", "other_runs", *arguments)
    assert result.exit_code == 2 and result.stdout == "" and result.stderr.count("Error: ") == 1
    for word in words:
        assert word in result.stderr
    assert not Path("other_runs").exists()
