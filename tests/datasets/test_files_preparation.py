"""Files become prepared TFDS sets that are named by their content."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow_datasets as tfds

from rnnzoo.config import UserError
from rnnzoo.datasets import default_data_dir, describe_data, open_data
from rnnzoo.datasets.description import list_prepared
from tests.datasets.own_files import make_data, write

ROWS = [(f"text {number}", ("up", "down")[number % 2]) for number in range(60)]
BROKEN = "one field only\n\tup\n"


def as_tsv(rows):
    return "".join(f"{text}\t{label}\n" for text, label in [("text", "label"), *rows])


@pytest.fixture
def data_dir(tmp_path):
    """A data folder with one file, two rows of which are broken."""
    write(tmp_path / "tfds" / "raw" / "own.tsv", as_tsv(ROWS) + BROKEN)
    return tmp_path / "tfds"


DATA = make_data({"path": "raw/own.tsv"})


def read(dataset):
    return {
        split: [
            (example["text"].decode(), example["label"].decode())
            for example in dataset.read(split, ["text", "label"]).as_numpy_iterator()
        ]
        for split in dataset.description.splits
    }


def test_what_is_told_before_is_what_is_prepared(data_dir):
    before = describe_data(DATA, data_dir)
    assert list_prepared(data_dir) == []
    dataset = open_data(DATA, data_dir)
    after = describe_data(DATA, data_dir)
    assert before == after == dataset.description
    assert before.name == "own.tsv"
    assert before.features["text"].is_text and before.features["label"].is_text
    assert before.splits["train"] + before.splits["test"] == 60
    rows = read(dataset)
    assert {split: len(found) for split, found in rows.items()} == before.splits
    assert sorted(rows["train"] + rows["test"]) == sorted(ROWS)


def test_mistakes_and_sizes_are_told_without_tensorflow(data_dir):
    program = """
import sys
from pathlib import Path
from rnnzoo.datasets.opening import describe_data
from tests.datasets.own_files import make_data
description = describe_data(make_data({"path": "raw/own.tsv"}), Path(sys.argv[1]))
print(description.splits, description.notes[0], sorted({"tensorflow", "keras"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program, str(data_dir)], capture_output=True, check=True, text=True)
    assert "'train'" in done.stdout and "1 × ragged row" in done.stdout and done.stdout.strip().endswith("[]")


def test_a_process_without_rnnzoo_reads_the_prepared_set(data_dir):
    rows = read(open_data(DATA, data_dir))
    (name,) = list_prepared(data_dir)
    program = """
import sys
import tensorflow_datasets as tfds
builder = tfds.builder_from_directory(sys.argv[1])
examples = list(builder.as_dataset(split="test").as_numpy_iterator())
print(sorted((example["text"].decode(), example["label"].decode()) for example in examples))
print(builder.info.metadata["broken"]["reasons"])
assert not any(name.startswith("rnnzoo") for name in sys.modules)
"""
    arguments = [sys.executable, "-c", program, str(data_dir / name / "1.0.0")]
    done = subprocess.run(arguments, capture_output=True, check=True, text=True, cwd="/")
    assert done.stdout.splitlines() == [str(sorted(rows["test"])), "{'ragged row': 1, 'empty `text`': 1}"]


def test_preparing_again_gives_the_same_order(data_dir, tmp_path):
    again = tmp_path / "again"
    shutil.copytree(data_dir / "raw", again / "raw")
    assert read(open_data(DATA, data_dir)) == read(open_data(DATA, again))
    assert list_prepared(data_dir) == list_prepared(again)


def test_no_connection_is_opened(data_dir, monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("no connection may be opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert len(read(open_data(DATA, data_dir, offline=True))) == 2


def test_nothing_is_printed_while_preparing(data_dir, capfd):
    open_data(DATA, data_dir)
    assert capfd.readouterr().out == ""


def test_a_prepared_set_is_used_again(data_dir, monkeypatch):
    first = read(open_data(DATA, data_dir))
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", None)
    assert read(open_data(DATA, data_dir)) == first


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_changed_file_is_prepared_anew(data_dir, ending):
    data = make_data({"path": f"raw/own.tsv{ending}"})
    path = data_dir / "raw" / f"own.tsv{ending}"
    write(path, as_tsv(ROWS))
    stat = path.stat()
    before = read(open_data(data, data_dir))
    write(path, as_tsv(ROWS).replace("text 7\tdown", "text 8\tdown"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    after = read(open_data(data, data_dir))
    assert sorted(before["train"] + before["test"]) == sorted(ROWS)
    assert ("text 8", "down") in after["train"] + after["test"]
    assert len(list_prepared(data_dir)) == 2


@pytest.mark.parametrize(
    "other",
    [
        make_data({"path": "raw/own.tsv", "test_fraction": 0.2}),
        make_data({"path": "raw/own.tsv", "max_characters": 30}),
        make_data({"path": "raw/own.tsv", "columns": ["text", "label"]}),
        make_data({"path": "raw/own.tsv", "format": "csv", "delimiter": "\t"}),
    ],
)
def test_other_options_are_prepared_anew(data_dir, other):
    open_data(DATA, data_dir)
    open_data(other, data_dir)
    assert len(list_prepared(data_dir)) == 2


def test_other_features_are_prepared_anew(tmp_path):
    write(tmp_path / "own.csv", "text,label,other\n" + "".join(f"{text},{label},{label * 2}\n" for text, label in ROWS))
    for name in ("label", "other"):
        data = make_data({"path": "own.csv"}, label_feature=name)
        examples = open_data(data, tmp_path).read("train", [name]).as_numpy_iterator()
        assert {example[name].decode() for example in examples} == {
            label * (1 + (name == "other")) for _, label in ROWS
        }


def test_options_that_change_no_example_are_not(data_dir):
    open_data(DATA, data_dir)
    open_data(make_data({"path": "raw/own.tsv", "max_errors": 50}, train_split="train[:50%]"), data_dir)
    assert len(list_prepared(data_dir)) == 1


def test_added_removed_and_renamed_files_of_a_folder_are_prepared_anew(tmp_path):
    for number, (text, label) in enumerate(ROWS):
        write(tmp_path / "raw" / "own" / label / f"{number:02}.txt", text)
    data, folder = make_data({"path": "raw/own"}), tmp_path / "raw" / "own"
    assert sum(describe_data(data, tmp_path).splits.values()) == 60
    open_data(data, tmp_path)
    shutil.copy(folder / "up" / "00.txt", folder / "up" / "99.txt")
    assert sum(open_data(data, tmp_path).description.splits.values()) == 61
    (folder / "up" / "02.txt").unlink()
    assert sum(open_data(data, tmp_path).description.splits.values()) == 60
    (folder / "up" / "04.txt").rename(folder / "down" / "04.txt")
    rows = read(open_data(data, tmp_path))
    assert ("text 4", "down") in rows["train"] + rows["test"]
    write(folder / "up" / ".DS_Store", "")
    assert any(".DS_Store" in note for note in open_data(data, tmp_path).description.notes)


def test_a_preparation_that_was_cut_short_is_never_used(data_dir, monkeypatch):
    from rnnzoo.datasets.files import builder

    def stop_half_way(*arguments):
        yield next(builder_rows(*arguments))
        raise KeyboardInterrupt

    builder_rows = builder.read_split
    monkeypatch.setattr(builder, "read_split", stop_half_way)
    with pytest.raises(KeyboardInterrupt):
        open_data(DATA, data_dir)
    assert list_prepared(data_dir) == []
    monkeypatch.undo()
    assert len(read(open_data(DATA, data_dir))["train"]) > 40
    # What is left after a power cut: TFDS writes beside and renames.
    (name,) = list_prepared(data_dir)
    (data_dir / name / "1.0.0").rename(data_dir / name / "incomplete.ABCDEF_1.0.0")
    assert list_prepared(data_dir) == []
    assert len(read(open_data(DATA, data_dir))["train"]) > 40


def test_a_damaged_set_is_told(data_dir):
    open_data(DATA, data_dir)
    (name,) = list_prepared(data_dir)
    for content in (None, "{", "{}", "[]"):
        path = data_dir / name / "1.0.0" / "metadata.json"
        path.unlink() if content is None else path.write_text(content)
        with pytest.raises(UserError, match="a damaged set") as caught:
            describe_data(DATA, data_dir)
        assert name in str(caught.value)
        path.write_text("{}")


def test_the_report_is_kept_with_the_set_and_shown_again(data_dir):
    notes = open_data(DATA, data_dir).description.notes
    assert notes == (
        "broken rows, left out: 1 × ragged row, 1 × empty `text`",
        "  raw/own.tsv, line 62: ragged row (1 fields for 2 columns)",
        "  raw/own.tsv, line 63: empty `text`",
    )
    assert describe_data(DATA, data_dir).notes == notes
    (name,) = list_prepared(data_dir)
    stored = json.loads((data_dir / name / "1.0.0" / "metadata.json").read_text())
    assert [row["line"] for row in stored["broken"]["first"]] == [62, 63]
    with pytest.raises(UserError, match=r"data\.files\.max_errors: raw/own\.tsv, line 63"):
        open_data(make_data({"path": "raw/own.tsv", "max_errors": 1}), data_dir)


def test_many_broken_rows_are_counted_and_the_first_shown(tmp_path):
    write(tmp_path / "own.tsv", as_tsv(ROWS) + BROKEN * 1000)
    description = describe_data(make_data({"path": "own.tsv", "max_errors": 5000}), tmp_path)
    assert description.notes[0] == "broken rows, left out: 1,000 × ragged row, 1,000 × empty `text`"
    assert len(description.notes) == 7 and description.notes[-1] == "  … and 1,995 more"


def test_features_with_odd_names_are_read_by_path(tmp_path):
    write(tmp_path / "own.csv", "Der Text/größe,Label (en)\n" + "".join(f"{text},{label}\n" for text, label in ROWS))
    names = ["Der Text/größe", "Label (en)"]
    data = make_data({"path": "own.csv"}, text_feature=names[0], label_feature=names[1])
    dataset = open_data(data, tmp_path)
    assert set(dataset.description.features) == set(names) == set(describe_data(data, tmp_path).features)
    examples = list(dataset.read("train+test", names).as_numpy_iterator())
    assert sorted(tuple(example[name].decode() for name in names) for example in examples) == sorted(ROWS)


@pytest.mark.parametrize("place", ["", "tfds"])
def test_files_are_found_in_the_data_folder_and_in_the_one_that_holds_it(tmp_path, place):
    write(tmp_path / place / "raw" / "own.tsv", as_tsv(ROWS))
    assert describe_data(DATA, tmp_path / "tfds").name == "own.tsv"


def test_files_are_found_in_the_current_folder_and_by_absolute_paths(tmp_path, monkeypatch):
    path = write(tmp_path / "here" / "raw" / "own.tsv", as_tsv(ROWS))
    monkeypatch.chdir(tmp_path / "here")
    for data_dir in (None, tmp_path / "absent"):
        assert describe_data(DATA, data_dir).name == "own.tsv"
        assert describe_data(make_data({"path": path}), data_dir).name == "own.tsv"


def test_the_data_folder_comes_first(tmp_path, monkeypatch):
    write(tmp_path / "tfds" / "raw" / "own.tsv", as_tsv(ROWS))
    write(tmp_path / "raw" / "own.tsv", as_tsv(ROWS[:58]))
    write(tmp_path / "here" / "raw" / "own.tsv", as_tsv(ROWS[:56]))
    monkeypatch.chdir(tmp_path / "here")
    assert sum(describe_data(DATA, tmp_path / "tfds").splits.values()) == 60
    assert sum(describe_data(DATA, tmp_path / "other").splits.values()) == 58
    assert sum(describe_data(DATA, tmp_path / "no" / "such").splits.values()) == 56


def test_a_missing_file_is_told_with_all_places(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"data\.files\.path: no such file or folder") as caught:
        describe_data(DATA, tmp_path / "tfds")
    for place in (tmp_path / "tfds" / "raw" / "own.tsv", tmp_path / "raw" / "own.tsv", "raw/own.tsv"):
        assert str(place) in str(caught.value)
    write(tmp_path / "a.txt", "text")
    with pytest.raises(UserError, match=r"data\.files\.test_labels: no such file"):
        files = {"train": "a.txt", "train_labels": "a.txt", "test": "a.txt", "test_labels": "b.txt"}
        describe_data(make_data(files), tmp_path)


def test_a_read_only_data_folder_stays_as_it_is(data_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "own"))
    data_dir.chmod(0o555)
    try:
        before = sorted(data_dir.rglob("*"))
        dataset = open_data(DATA, data_dir)
        assert sorted(data_dir.rglob("*")) == before
        assert describe_data(DATA, data_dir) == dataset.description
    finally:
        data_dir.chmod(0o755)
    assert len(list_prepared(default_data_dir())) == 1


def test_a_preparation_that_another_process_finished_first_is_used(data_dir, tmp_path, monkeypatch):
    other = tmp_path / "other"
    shutil.copytree(data_dir / "raw", other / "raw")
    expected = read(open_data(DATA, other))

    def lose_the_race(builder, *arguments, **options):
        shutil.copytree(other / "rnnzoo_files", data_dir / "rnnzoo_files")
        raise OSError("Directory not empty")

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", lose_the_race)
    assert read(open_data(DATA, data_dir)) == expected


def test_a_preparation_that_fails_is_told_in_one_message(data_dir, monkeypatch):
    def fail(builder, *arguments, **options):
        raise OSError("No space left on device")

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(UserError, match=r"data\.files: .*could not be prepared: OSError: No space left") as caught:
        open_data(DATA, data_dir)
    assert str(data_dir) in str(caught.value)


def test_public_names_are_read(test_data, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    files = {"path": "raw/names_by_nationality/names.tsv", "columns": ["name", "nationality"]}
    data = make_data(files, text_feature="name", label_feature="nationality")
    for data_dir in (test_data, test_data / "tfds"):
        description = describe_data(data, data_dir)
        assert sum(description.splits.values()) == 20_050 and description.notes == ()
        assert 0.08 < description.splits["test"] / 20_050 < 0.12


def test_the_folder_is_named_for_people(data_dir):
    write(data_dir / "raw" / "Ümlaut & Co.final.tsv.gz", as_tsv(ROWS))
    open_data(make_data({"path": "raw/Ümlaut & Co.final.tsv.gz"}), data_dir)
    (name,) = list_prepared(data_dir)
    assert Path(name).parent.name == "rnnzoo_files" and Path(name).name.startswith("mlaut_Co_")
