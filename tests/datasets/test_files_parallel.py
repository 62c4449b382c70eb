"""Pairs of texts in files: a file for each language and split, and tables."""

import re

import pytest

from rnnzoo.config import UserError
from rnnzoo.config.data_sections import DataSection
from rnnzoo.datasets import describe_data, open_data
from rnnzoo.datasets.description import list_prepared
from tests.datasets.own_files import make_data, survey, write
from tests.datasets.own_pairs import OwnPairs, survey_pairs, write_pairs

ROWS = [(f"{number} kleine Hunde, naïv", f"{number} small dogs") for number in range(30)]
SPLITS = {"train": ROWS, "val": ROWS[:4], "test_2016_flickr": ROWS[4:9]}


@pytest.fixture
def folder(tmp_path):
    for split, rows in SPLITS.items():
        write_pairs(tmp_path / "pairs", split, rows)
    return tmp_path / "pairs"


@pytest.mark.parametrize("file_format", ["auto", "parallel"])
def test_the_names_of_the_files_are_the_splits(folder, file_format):
    rows, report = survey_pairs({"path": str(folder), "format": file_format})
    assert rows == SPLITS
    assert report.notes() == []
    swapped, _ = survey_pairs({"path": f"{folder}/"}, source_feature="en", target_feature="de")
    assert swapped == {split: [row[::-1] for row in found] for split, found in SPLITS.items()}


def test_what_is_prepared_is_what_was_told_and_splits_are_read_by_their_names(folder, tmp_path):
    write(folder / "de.train.txt", (folder / "de.train.txt").read_text().replace("3 kleine Hunde, naïv\n", " \n", 1))
    data = OwnPairs(
        files={"path": str(folder)}, train_split="train[:50%]", validation_split="val", test_split="test_2016_flickr"
    )
    before = describe_data(data, tmp_path / "tfds")
    assert list_prepared(tmp_path / "tfds") == []
    dataset = open_data(data, tmp_path / "tfds", offline=True)
    assert before == dataset.description == describe_data(data, tmp_path / "tfds")
    assert before.splits == {"train": 29, "val": 4, "test_2016_flickr": 5}
    assert all(before.features[language].is_text for language in ("de", "en"))
    assert before.notes[1].endswith("pairs/de.train.txt, line 4: empty `de`")
    for key in ("train_split", "validation_split", "test_split"):
        before.check_split(getattr(data, key), f"data.{key}")
    for split, rows in SPLITS.items():
        read = dataset.read(split, ["de", "en"]).as_numpy_iterator()
        # TFDS writes examples in an order of its own.
        pairs = {(example["de"].decode(), example["en"].decode()) for example in read}
        assert pairs == {row for row in rows if split != "train" or row != ROWS[3]}


def test_gzip_windows_line_ends_and_blank_lines_at_the_end(tmp_path):
    write_pairs(tmp_path / "pairs", "train", ROWS, ".gz")
    write(tmp_path / "pairs" / "de.test.txt", "\ufeffa\r\nb\u2028c\r\n\r\n \n")
    write(tmp_path / "pairs" / "en.test.txt", "A\nB")
    rows, report = survey_pairs({"path": str(tmp_path / "pairs")})
    assert rows == {"train": ROWS, "test": [("a", "A"), ("b\u2028c", "B")]}
    assert report.notes() == []


@pytest.mark.parametrize(("language", "other"), [("de", "en"), ("en", "de")])
def test_unequal_line_counts_are_told_with_both_files(folder, language, other):
    with (folder / f"{language}.train.txt").open("a") as file:
        file.write("one\n\ntwo\n")
    with pytest.raises(UserError) as caught:
        survey_pairs({"path": str(folder)})
    assert str(caught.value).startswith(
        f"{folder}/{other}.train.txt: 30 lines, but {folder}/{language}.train.txt has 33"
    )


def test_broken_lines_are_left_out_and_told_with_their_files(folder):
    write(
        folder / "de.val.txt",
        b"gut\n  \t\nb\n" + b"\xe4rger\n" + b"lang " * 99 + b"\n" + b"ende\n",
    )
    write(folder / "en.val.txt", "good\na\n\nanger\nlong\nend\n")
    files = {"path": str(folder), "max_characters": 300}
    rows, report = survey_pairs(files)
    assert rows["val"] == [("gut", "good"), ("ende", "end")]
    assert [str(defect).removeprefix(f"{folder}/") for defect in report.broken.first] == [
        "de.val.txt, line 2: empty `de`",
        "en.val.txt, line 3: empty `en`",
        "de.val.txt, line 4: not utf-8 text (byte 0xe4 in `de`)",
        "de.val.txt, line 5: too long (over 300 characters)",
    ]
    with pytest.raises(UserError, match=r"val\.txt, line 4: not utf-8 text .*one broken row too many"):
        survey_pairs({**files, "max_errors": 2})


def test_pairs_of_absurd_lengths_are_left_out_and_are_no_errors(folder):
    odd = [("ja", "y" * 19), ("j" * 19, "ye"), ("ja", "y" * 18), ("  ja ", f" {'y' * 18} ")]
    write_pairs(folder, "train", [*ROWS, *odd])
    files = {"path": str(folder), "max_errors": 0}
    assert survey_pairs(files)[0]["train"] == [*ROWS, *odd]
    rows, report = survey_pairs({**files, "max_length_ratio": 9.0})
    assert rows["train"] == [*ROWS, *odd[2:]]
    assert report.broken.total == 0
    assert report.notes() == [
        "pairs left out for their lengths: 2 × over 9 times as long",
        f"  {folder}/*.train.txt, line 31: over 9 times as long (19 : 2 characters)",
        f"  {folder}/*.train.txt, line 32: over 9 times as long (19 : 2 characters)",
    ]
    for ratio in (0.5, -1.0):
        with pytest.raises(ValueError, match="max_length_ratio"):
            OwnPairs(files={"path": str(folder), "max_length_ratio": ratio})


def test_pairs_that_were_left_out_are_told_again_of_a_prepared_set(folder, tmp_path):
    write_pairs(folder, "train", [*ROWS, ("ja", "y" * 19)])
    plain = OwnPairs(files={"path": str(folder)})
    data = OwnPairs(files={"path": str(folder), "max_length_ratio": 9.0})
    notes = describe_data(data, tmp_path / "tfds").notes
    assert open_data(plain, tmp_path / "tfds").description.splits["train"] == 31
    assert open_data(data, tmp_path / "tfds").description.splits["train"] == 30
    assert describe_data(data, tmp_path / "tfds").notes == notes != ()


def test_what_is_no_data_is_told(folder):
    for name in ("README.md", "de.all.txt", "en.all.txt", "en.train.txt.gz", "en.extra.txt", "fr.other.txt"):
        write(folder / name, "x\n")
    write(folder / ".hidden", "x")
    (folder / "de.folder.txt").mkdir()
    rows, report = survey_pairs({"path": str(folder)})
    assert rows == SPLITS
    assert [str(defect).removeprefix(f"{folder}/") for defect in report.strays.first] == [
        "README.md: not a file named LANGUAGE.SPLIT.txt",
        "de.all.txt: no split can be called `all`",
        "de.folder.txt: not a file named LANGUAGE.SPLIT.txt",
        "en.all.txt: no split can be called `all`",
        "en.train.txt.gz: en.train.txt is read instead",
        "en.extra.txt: no de.extra.txt beside it",
    ]


def test_languages_that_are_not_read_may_be_anything(folder):
    write(folder / "fr.train.txt", b"\xff\xfe\n")
    assert survey_pairs({"path": str(folder)})[0] == SPLITS


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"source_feature": "ed"}, r"pairs: data\.source_feature: no file of this language.*allowed: +de, en, fr"),
        ({"target_feature": "fr"}, r"pairs: data\.files\.path: no split has both a file of `de` and `fr`"),
    ],
)
def test_languages_that_are_not_there_are_told(folder, data, message):
    write(folder / "fr.extra.txt", "x\n")
    with pytest.raises(UserError, match=re.compile(message, re.DOTALL)):
        survey_pairs({"path": str(folder)}, **data)


def test_other_folders_and_files_are_told(folder, tmp_path):
    write(tmp_path / "other" / "notes.txt", "x")
    with pytest.raises(UserError, match=r"other: data\.files\.path: no file in it is named LANGUAGE\.SPLIT\.txt"):
        survey_pairs({"path": str(tmp_path / "other")})
    with pytest.raises(UserError, match='a file, which is not what format = "parallel" reads'):
        survey_pairs({"path": str(folder / "de.train.txt"), "format": "parallel"})
    with pytest.raises(ValueError, match="one folder for"):
        OwnPairs(files={"train": str(folder), "test": str(folder), "format": "parallel"})
    with pytest.raises(UserError, match=r"data\.target_feature: running text") as caught:
        survey_pairs({"path": str(folder), "format": "text"})
    assert 'format = "parallel"' in str(caught.value)
    write(folder / "de.val.txt", "\n")
    write(folder / "en.val.txt", "\n")
    with pytest.raises(UserError, match=r"de\.val\.txt: no good rows: 1 × empty `de`"):
        survey_pairs({"path": str(folder)})


def test_one_language_is_text_and_two_are_text_and_label(folder):
    class OwnText(DataSection):
        text_feature: str = "en"

    description = describe_data(OwnText(files={"path": str(folder), "format": "parallel"}))
    assert list(description.features) == ["en"] and description.splits["train"] == 30
    rows, _ = survey({"path": str(folder)}, text_feature="de", label_feature="en", test_split="test_2016_flickr")
    assert rows == SPLITS
    with pytest.raises(UserError, match=r"data\.files\.max_length_ratio: only pairs"):
        describe_data(make_data({"path": str(folder), "max_length_ratio": 3.0}))


def test_tables_of_pairs(tmp_path):
    lines = [f"{de}\t{en}\n" for de, en in ROWS]
    broken = ["\tno source\n", "nothing\t  \n", "alone\n", f"ja\t{'y' * 40}\n"]
    path = write(tmp_path / "pairs.tsv", "".join([*lines, *broken]))
    files = {"path": path, "columns": ["de", "en"], "max_length_ratio": 9.0, "test_fraction": 0.3}
    rows, report = survey_pairs(files)
    assert sorted(rows["train"] + rows["test"]) == sorted(ROWS) and rows["test"]
    assert [(defect.line, defect.reason) for defect in report.broken.first] == [
        (31, "empty `de`"),
        (32, "empty `en`"),
        (33, "ragged row"),
    ]
    assert [defect.line for defect in report.unlike.first] == [34]


def test_equal_sources_of_a_table_stay_on_one_side(tmp_path):
    lines = [f"frage {number // 3}\tanswer {number}\n" for number in range(120)]
    path = write(tmp_path / "pairs.tsv", "".join(lines))
    rows, _ = survey_pairs({"path": path, "columns": ["de", "en"], "test_fraction": 0.4})
    train, test = ({source for source, _ in rows[split]} for split in ("train", "test"))
    assert train and test and not train & test
