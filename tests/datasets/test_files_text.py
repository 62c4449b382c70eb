"""Any text file, or a folder of them, as running text."""

import pytest

from rnnzoo.config import UserError
from rnnzoo.config.data_sections import DataSection
from rnnzoo.datasets import describe_data, encode_text, iterate_pieces, open_data
from rnnzoo.datasets.files.source import find_source
from rnnzoo.datasets.files.survey import read_split, survey_files
from rnnzoo.datasets.files.text_files import STARTS_DOCUMENT
from tests.datasets.own_files import make_data, write

LINES = "".join(f"{number}. A line of a long text, naïve\r\n" for number in range(4000))


class OwnText(DataSection):
    """The section `[data]` of a task that reads nothing but text."""

    text_feature: str = "text"


def survey(files):
    source = find_source(OwnText(files=files), None)
    result = survey_files(source)
    rows = {split: list(read_split(source, result, split)) for split in result.splits}
    assert {split: len(found) for split, found in rows.items()} == result.splits
    return rows, result.report


def join(rows):
    """The documents that rows are pieces of."""
    documents = []
    for row in rows:
        if row.values[STARTS_DOCUMENT] or not documents:
            documents.append("")
        documents[-1] += row.values["text"]
    return documents


@pytest.mark.parametrize("name", ["book.txt", "book.txt.gz", "book", "README.md"])
def test_a_file_is_cut_by_place_and_nothing_is_lost(tmp_path, name):
    rows, report = survey({"path": write(tmp_path / name, LINES), "test_fraction": 0.2})
    assert join(rows["train"])[0] + join(rows["test"])[0] == LINES
    assert 0.19 < len(join(rows["test"])[0]) / len(LINES) < 0.21
    assert [row.values[STARTS_DOCUMENT] for row in rows["train"] + rows["test"]] == [True] + [False] * (
        len(rows["train"] + rows["test"]) - 1
    )
    assert all(row.values["text"].endswith("\n") for row in rows["train"])
    last = rows["test"][-1]
    assert last.values["text"].startswith(LINES.split("\r\n")[last.line - 1])
    assert report.notes() == []


def test_files_of_a_folder_are_documents_and_stay_whole(tmp_path):
    texts = {f"{number % 3}/{number}.txt": f"{number}\n" + LINES[: 37 * number] for number in range(40)}
    for name, text in texts.items():
        write(tmp_path / "books" / name, text)
    write(tmp_path / "books" / ".hidden", "no")
    write(tmp_path / "books" / "empty.txt", "")
    rows, report = survey({"path": str(tmp_path / "books"), "test_fraction": 0.3})
    train, test = join(rows["train"]), join(rows["test"])
    assert sorted(train + test) == sorted(texts.values())
    assert 5 < len(test) < 20
    assert "empty.txt: empty" in " ".join(report.notes())
    assert survey({"path": str(tmp_path / "books"), "test_fraction": 0.3})[0] == rows


def test_splits_may_be_files_or_folders(tmp_path):
    files = {split: write(tmp_path / f"{split}.txt", f"{split} text") for split in ("train", "test")}
    rows, _ = survey(files)
    assert {split: join(found) for split, found in rows.items()} == {"train": ["train text"], "test": ["test text"]}
    for split in ("train", "test"):
        write(tmp_path / "all" / split / "a.txt", f"{split} a")
        write(tmp_path / "all" / split / "b" / "c.txt", f"{split} c")
    rows, _ = survey({"path": str(tmp_path / "all")})
    assert {split: join(found) for split, found in rows.items()} == {
        "train": ["train a", "train c"],
        "test": ["test a", "test c"],
    }


def test_what_is_prepared_is_what_was_told_and_can_be_encoded(tmp_path):
    data = OwnText(files={"path": write(tmp_path / "book.txt", LINES)})
    before = describe_data(data, tmp_path / "tfds")
    dataset = open_data(data, tmp_path / "tfds")
    assert before == dataset.description == describe_data(data, tmp_path / "tfds")
    assert before.features["text"].is_text and before.features[STARTS_DOCUMENT].dtype == "bool"
    pieces = [
        pair
        for split in ("train", "test")
        for pair in iterate_pieces(dataset.read(split, ["text", STARTS_DOCUMENT]), "text", STARTS_DOCUMENT)
    ]
    assert b"".join(piece for piece, _ in pieces).decode() == LINES
    assert [starts for _, starts in pieces] == [True] + [False] * (len(pieces) - 1)

    from rnnzoo.config.language_sections import LanguageTextSection
    from rnnzoo.text import LanguagePipeline

    pipeline = LanguagePipeline.learn(LanguageTextSection(min_count=1), [piece for piece, _ in pieces])
    text = encode_text(pieces, pipeline)
    assert text.num_documents == 1
    assert pipeline.to_text(text.document(0)[None].astype("int32")).numpy()[0].decode() == LINES


def test_a_csv_is_none(tmp_path):
    rows, _ = survey({"path": write(tmp_path / "a.csv", "text\n" + "".join(f"row {n}\n" for n in range(60)))})
    assert STARTS_DOCUMENT not in rows["train"][0].values
    rows, _ = survey({"path": write(tmp_path / "a.csv", "text\n" * 300), "format": "text"})
    assert join(rows["train"])[0] + join(rows["test"])[0] == "text\n" * 300


def test_a_few_broken_bytes_are_replaced_and_another_encoding_can_be_named(tmp_path):
    path = write(tmp_path / "a.txt", ("ünder " * 400).encode() + b"\xff\xfe" + b" the end\n" * 200)
    rows, _ = survey({"path": path})
    text = join(rows["train"])[0] + join(rows["test"])[0]
    assert text == "ünder " * 400 + "\ufffd\ufffd" + " the end\n" * 200
    path = write(tmp_path / "b.txt", ("ünder " * 400).encode("utf-16"))
    rows, _ = survey({"path": path, "encoding": "utf-16"})
    assert join(rows["train"])[0] + join(rows["test"])[0] == "ünder " * 400


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (bytes(range(256)) * 40, r"not utf-8 text: of .* characters from line 1 on"),
        (b"text\n" * 2000 + b"\x00\x01\x02" * 2000, r"not utf-8 text: .* are NUL"),
        (b"PK\x03\x04" + b"x" * 5000, "zip archive"),
        ("жук ".encode("cp1251") * 4000, r"not utf-8 text: .* cannot be decoded"),
        (b"", "no rows"),
        (b"hello", "too few rows"),
    ],
)
def test_a_file_that_is_not_text_is_one_clear_message(tmp_path, content, says):
    for path in (tmp_path / "a.txt", tmp_path / "folder" / "a.txt"):
        write(path, content)
    with pytest.raises(UserError, match=says):
        survey({"path": str(tmp_path / "a.txt")})
    with pytest.raises(UserError):
        survey({"path": str(tmp_path / "folder")})


def test_running_text_has_no_labels(tmp_path):
    data = make_data({"path": write(tmp_path / "a.txt", "text\n" * 300), "format": "text"})
    with pytest.raises(UserError, match=r"data\.label_feature"):
        find_source(data, None)
    data = make_data({"path": write(tmp_path / "a.txt", "text\n" * 300)})
    with pytest.raises(UserError, match=r"data\.files\.format"):
        find_source(data, None)
