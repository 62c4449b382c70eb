"""`rnnzoo describe --data` on sets whose every figure is known."""

import json

import pytest
from click.testing import CliRunner

from rnnzoo.cli.main import cli

SPLITS = {
    "train": [
        ("good film", "good"),
        ("Good  film", "good"),
        ("bad film", "bad"),
        ("bad, bad film", "bad"),
        ("a b c d e f", "good"),
    ],
    "validation": [("good film", "good"), ("new film", "bad")],
    "test": [("bad film", "bad"), ("bad film", "bad"), ("unseen words", "good")],
}
CONFIG = """
name = "own/{name}"
task = "text_classification"
[data]
dataset = "{name}"
validation_split = "validation"
[text]
min_count = 1
max_length = 5
[train]
batch_size = 2
num_buckets = 1
"""


def store(folder, name, splits):
    """Writes a TFDS set with strings for labels, and a config for it; returns the arguments that describe it."""
    import tensorflow_datasets as tfds

    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        features=tfds.features.FeaturesDict({"text": tfds.features.Text(), "label": tfds.features.Text()}),
        split_datasets={
            split: [(place, {"text": text, "label": label}) for place, (text, label) in enumerate(examples)]
            for split, examples in splits.items()
        },
        data_dir=folder,
    )
    config = folder / f"{name}.toml"
    config.write_text(CONFIG.format(name=name))
    return ["describe", str(config), "--data", "--data-dir", str(folder), "--offline"]


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    return store(tmp_path_factory.mktemp("films"), "films", SPLITS)


def test_the_facts_are_those_of_the_set(films):
    result = CliRunner().invoke(cli, [*films, "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    train, validation, test = (report["splits"][name] for name in ("train", "validation", "test"))
    assert [split["figures"]["examples"] for split in (train, validation, test)] == [5, 2, 3]
    assert train["lengths"] == {"shortest": 2, "median": 2, "percentile_95": 6, "longest": 6}
    assert (train["figures"]["texts_cut"], train["figures"]["tokens_cut"]) == (1, 1)
    assert (test["figures"]["texts_cut"], test["figures"]["tokens"]) == (0, 6)
    assert [split["labels"] for split in (train, validation, test)] == [
        {"bad": 2, "good": 3},
        {"bad": 1, "good": 1},
        {"bad": 2, "good": 1},
    ]
    assert [split["coverage"] for split in (train, validation, test)] == [1.0, 0.75, 0.6667]
    assert report["vocabularies"] == {"tokens": 4 + len(["film", "good", "bad", ",", *"abcdef"])}
    assert train["shapes"] == [{"rows": 2, "width": 5, "num_batches": 3}]
    assert train["padding_share"] == 0.5  # 15 tokens in 3 batches of 2 × 5


def test_duplicates_are_found_within_and_across_splits(films):
    report = json.loads(CliRunner().invoke(cli, [*films, "--json"], catch_exceptions=False).stdout)
    assert report["duplicates"] == {
        "repeated": {"train": 1, "validation": 0, "test": 1},
        "shared": [
            {"splits": ["train", "validation"], "num_texts": 1, "num_examples": 1, "examples": ["good film"]},
            {"splits": ["train", "test"], "num_texts": 1, "num_examples": 2, "examples": ["bad film"]},
            {"splits": ["validation", "test"], "num_texts": 0, "num_examples": 0, "examples": []},
        ],
    }


def test_people_are_shown_the_same(films):
    result = CliRunner().invoke(cli, films, catch_exceptions=False)
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    for line in (
        "train validation test",
        "examples 5 2 3",
        "longest 6 2 2",
        "known tokens 100.0% 75.0% 66.7%",
        "2 labels train validation test",
        "good 3 60.0% 1 50.0% 1 33.3%",
        "inputs in both train and test: 1 (2 examples of test), such as:",
        "batches of an epoch: 3 of 2 × 5",
    ):
        assert line in lines
    assert lines[-1].startswith("next: rnnzoo train ")


def test_of_many_labels_the_most_and_the_least_frequent_are_shown(tmp_path):
    train = [(f"text {label} {copy}", f"label{label:02}") for label in range(40) for copy in range(1 + (label == 7))]
    arguments = store(tmp_path, "topics", {"train": train, "validation": train[:3], "test": train[-2:]})
    lines = CliRunner().invoke(cli, arguments, catch_exceptions=False).output.splitlines()
    table = lines[next(place for place, line in enumerate(lines) if line.startswith("40 labels")) :]
    assert table[1].split()[:3] == ["label07", "2", "4.9%"]
    assert table[11].strip() == "… 20 more"
    assert table[21].split()[0] == "label39"
