"""Damaged and odd data: one clear message, or figures in the report, for every kind of task."""

import json
import shutil

import pytest

from rnnzoo.config import UserError
from rnnzoo.datasets import iterate_values, open_dataset
from tests.datasets.written_set import shard_path, write_set
from tests.tasks.made_examples import FEATURES, KINDS, NAME, QUICK_KINDS, make_config, make_example, read_all

SIZE, NUM_SHARDS = 120, 2


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    examples = [make_example(number) for number in range(SIZE)]
    splits = {"train": examples, "test": examples[:20], "none": []}
    return write_set(tmp_path_factory.mktemp("whole"), NAME, FEATURES, splits, NUM_SHARDS)


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / NAME / whole.name)


def write_odd(tmp_path, split="train", **changed):
    """Writes a set whose example 30 of a split is odd."""
    examples = {name: [make_example(number) for number in range(SIZE)] for name in ("train", "test")}
    examples[split][30] |= changed
    write_set(tmp_path, NAME, FEATURES, examples)


def complain(kind, data_dir, **data):
    with pytest.raises(UserError) as caught:
        read_all(make_config(kind, **data), data_dir)
    return str(caught.value)


@pytest.mark.parametrize("kind", QUICK_KINDS)
def test_whole_data_are_read(whole, kind):
    _, train, validation, test = read_all(make_config(kind), whole.parents[1])
    sizes = [part.text.num_documents if kind == "language_modeling" else part.num_examples for part in (train, test)]
    assert sizes[0] > SIZE // 2 and sizes[1] == 20
    assert len(train.read_inputs()) + len(validation.read_inputs()) == SIZE
    assert not any(name.endswith("_empty") and figure for name, figure in test.report.items())


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        *(("text_classification", damage) for damage in ("cut", "cut between examples", "gone", "empty")),
        # Found only when it is read, which each does in its own way.
        *(pytest.param(kind, "flipped", marks=marks) for (kind,), marks, _ in QUICK_KINDS),
    ],
)
def test_a_damaged_file_is_named(folder, kind, damage):
    path = shard_path(folder, "train", 1, NUM_SHARDS)
    content = path.read_bytes()
    first_length = 16 + int.from_bytes(content[:8], "little")
    if damage == "gone":
        path.unlink()
    elif damage == "flipped":
        path.write_bytes(content[:1500] + bytes([content[1500] ^ 255]) + content[1501:])
    else:
        path.write_bytes(content[: {"cut": 1000, "cut between examples": first_length, "empty": 0}[damage]])
    told = complain(kind, folder.parents[1])
    assert str(path) in told and "split `train`" in told and str(folder) in told.partition("hint:")[2]
    assert {
        "cut": "whole examples of the split `train`, not 60",
        "cut between examples": "holds 1 whole examples",
        "gone": "missing",
        "flipped": "of the file is damaged",
        "empty": "holds 0 whole examples",
    }[damage] in told


def test_a_flipped_bit_is_found_in_the_example_it_is_in(folder):
    path = shard_path(folder, "train", 1, NUM_SHARDS)
    content, end = bytearray(path.read_bytes()), 0
    for _ in range(17):
        end += 16 + int.from_bytes(content[end : end + 8], "little")
    content[end + 20] ^= 1
    path.write_bytes(bytes(content))
    assert "example 17 of the file is damaged" in complain("text_classification", folder.parents[1])


def test_a_file_that_goes_while_it_is_read_is_named(folder):
    examples = open_dataset(NAME, folder.parents[1], offline=True).read("train", ["text"])
    path = shard_path(folder, "train", 0, NUM_SHARDS)
    path.unlink()
    with pytest.raises(UserError, match="missing") as caught:
        list(iterate_values(examples, "text"))
    assert str(path) in str(caught.value)


def test_examples_that_are_not_what_the_features_say_are_named(folder):
    info = json.loads((folder / "features.json").read_text())
    text = info["featuresDict"]["features"].pop("text")
    info["featuresDict"]["features"]["words"] = text
    (folder / "features.json").write_text(json.dumps(info))
    told = complain("text_classification", folder.parents[1], text_feature="words")
    assert "example 0 of the split `train`" in told and "words" in told


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        *(pytest.param(kind, "train_split", marks=marks) for (kind,), marks, _ in QUICK_KINDS),
        *(("text_classification", key) for key in ("validation_split", "test_split")),
    ],
)
def test_an_empty_split_is_named(folder, kind, key):
    config = make_config(kind, **{"validation_split": "train[:9]", key: "none"})
    with pytest.raises(UserError, match="the split `none` has no examples"):
        task, *_ = read_all(config, folder.parents[1])
        task.load_split(open_dataset(NAME, folder.parents[1], offline=True), config.data.test_split)


@pytest.mark.parametrize("kind", ["text_classification", "sequence_tagging"])
@pytest.mark.parametrize("number", [7, 2**40, -1])
def test_labels_out_of_range_are_named(tmp_path, kind, number):
    target = KINDS[kind][1]
    write_odd(tmp_path, **{target: number if target == "label" else [0, number]})
    told = complain(kind, tmp_path, validation_split="test[:9]")
    assert "example 30" in told and "`train" in told and f"{number}" in told
    assert ("hidden" in told) == (number == -1)


def test_classes_out_of_range_are_refused_though_the_config_names_those_it_wants(tmp_path):
    write_odd(tmp_path, split="test", label=3)
    told = complain("text_classification", tmp_path, labels=["good", "bad"])
    assert "example 30 of the split `test`" in told and "[3]" in told


def test_classes_of_a_language_model_out_of_range_are_named(tmp_path):
    write_odd(tmp_path, label=3)
    told = complain("language_modeling", tmp_path, condition_feature="label", validation_split="test[:9]")
    assert "example 30 has a class" in told and "'3'" in told


@pytest.mark.parametrize(
    ("kind", "odd", "figure"),
    [
        ("text_classification", {"text": ""}, "texts_empty"),
        ("sequence_tagging", {"tokens": [], "tags": []}, "sentences_empty"),
        ("feature_classification", {"frames": []}, "sequences_empty"),
        ("feature_tagging", {"frames": [], "tags": []}, "sequences_empty"),
        ("language_modeling", {"text": ""}, "documents_empty"),
        ("translation", {"text": " \n"}, "pairs_left_out_empty"),
        ("translation", {"reply": ""}, "pairs_left_out_empty"),
    ],
)
def test_examples_without_a_text_are_counted(tmp_path, kind, odd, figure):
    write_odd(tmp_path, split="test", **odd)
    task, *_, test = read_all(make_config(kind, validation_split="train[:9]"), tmp_path)
    assert test.report[figure] == 1
    batches = list(task.make_batches(test, shuffle=False).epoch())
    assert batches


def test_a_text_is_empty_for_all_its_boundary_tokens(tmp_path):
    write_odd(tmp_path, split="test", text="\n")
    *_, test = read_all(make_config("text_classification", {"boundary_tokens": True}), tmp_path)
    assert test.report["texts_empty"] == 1


@pytest.mark.parametrize("kind", ["text_classification", "translation", "sequence_tagging"])
def test_bytes_that_are_no_text_are_read(tmp_path, kind):
    write_odd(tmp_path, text=b"\xff\xfe broken", reply=b"\xc3", tokens=[b"\xff", b""], tags=[0, 1])
    _, train, *_ = read_all(make_config(kind, validation_split="test[:9]"), tmp_path)
    assert train.num_examples == SIZE


def test_steps_without_tags_are_named_by_their_example(tmp_path):
    write_odd(tmp_path, split="test", tags=[0])
    assert "example 30 of the split `test` has not as many tags" in complain("sequence_tagging", tmp_path)


def test_the_command_ends_with_a_message_and_exit_code_2(folder, tmp_path):
    from click.testing import CliRunner

    from rnnzoo.cli.main import cli

    path = shard_path(folder, "train", 1, NUM_SHARDS)
    path.write_bytes(path.read_bytes()[:1000])
    config = tmp_path / "made.toml"
    config.write_text(f'name = "made/set"\ntask = "text_classification"\n[data]\ndataset = "{NAME}"\n')
    result = CliRunner().invoke(
        cli, ["describe", str(config), "--data", "--data-dir", str(folder.parents[1]), "--offline"]
    )
    assert result.exit_code == 2 and "whole examples" in result.output and "Traceback" not in result.output
