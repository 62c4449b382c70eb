"""Every format gives the same rows; what is broken is told by line and reason."""

import json
import random

import pytest

from rnnzoo.config import UserError
from tests.datasets.own_files import make_data, read_both, survey, write

# Enough that a hash cuts both splits; in the order in which they come out sorted.
ROWS = sorted((f"text {number}, said “{number}”", "even" if number % 2 == 0 else "odd") for number in range(40))


def as_csv(rows, separator=","):
    quoted = ((f'"{text}"', label) for text, label in rows)
    return "".join(separator.join(row) + "\n" for row in [("text", "label"), *quoted])


def as_tsv(rows):
    return "".join(f"{text}\t{label}\n" for text, label in [("text", "label"), *rows])


def as_jsonl(rows):
    return "".join(json.dumps({"label": label, "other": [1], "text": text}) + "\n" for text, label in rows)


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", as_csv(ROWS)),
        ("a.tsv", as_tsv(ROWS)),
        ("a.jsonl", as_jsonl(ROWS)),
        ("a.ndjson", as_jsonl(ROWS)),
        ("A.CSV", as_csv(ROWS)),
    ],
)
def test_tables_are_read_by_the_ending_of_their_names(tmp_path, name, content, ending):
    assert read_both({"path": write(tmp_path / f"{name}{ending}", content)}) == (ROWS, [])


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_lines_with_a_file_of_labels(tmp_path, ending):
    texts = write(tmp_path / f"texts.txt{ending}", "".join(f"{text}\n" for text, _ in ROWS))
    labels = write(tmp_path / f"labels.txt{ending}", "".join(f"{label}\n" for _, label in ROWS))
    assert read_both({"path": texts, "labels": labels}) == (ROWS, [])


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_folder_for_each_class(tmp_path, ending):
    for number, (text, label) in enumerate(ROWS):
        write(tmp_path / "data" / label / f"{number}.txt{ending}", text + "\n")
    assert read_both({"path": str(tmp_path / "data")}) == (ROWS, [])


@pytest.mark.parametrize(
    "content", [as_csv(ROWS).replace("\n", "\r\n"), as_csv(ROWS).rstrip("\n"), "\n" + as_csv(ROWS)]
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_are_no_matter(tmp_path, content, mark):
    assert read_both({"path": write(tmp_path / "a.csv", mark + content.encode())}) == (ROWS, [])
    texts = write(tmp_path / "a.txt", mark + "".join(f"{text}\r\n" for text, _ in ROWS).encode())
    labels = write(tmp_path / "b.txt", mark + "\n".join(label for _, label in ROWS).encode())
    assert read_both({"path": texts, "labels": labels}) == (ROWS, [])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "gb18030"])
def test_other_encodings(tmp_path, encoding):
    path = write(tmp_path / "a.csv", as_csv(ROWS).encode(encoding))
    assert read_both({"path": path, "encoding": encoding}) == (ROWS, [])


def test_columns_without_a_header_line(tmp_path):
    path = write(
        tmp_path / "a.tsv", "".join(f"{number}\t{label}\t{text}\n" for number, (text, label) in enumerate(ROWS))
    )
    assert read_both({"path": path, "columns": ["id", "label", "text"]}) == (ROWS, [])


def test_a_header_line_is_no_row_though_the_config_names_the_columns(tmp_path):
    assert read_both({"path": write(tmp_path / "a.tsv", as_tsv(ROWS)), "columns": ["text", "label"]}) == (ROWS, [])


def test_features_name_the_columns(tmp_path):
    content = "".join(f"{text}\t{label}\n" for text, label in [("the text/body", " class "), *ROWS])
    path = write(tmp_path / "a.tsv", content)
    assert read_both({"path": path}, text_feature="the text/body", label_feature="class") == (ROWS, [])


def test_numbers_stay_as_they_are_written(tmp_path):
    path = write(tmp_path / "a.csv", "text,label\n" + "".join(f"text {number},0{number % 2}\n" for number in range(80)))
    rows, _ = read_both({"path": path})
    assert {label for _, label in rows} == {"00", "01"}


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters(tmp_path, delimiter):
    path = write(tmp_path / "a.csv", as_csv(ROWS, delimiter))
    assert read_both({"path": path, "delimiter": delimiter}) == (ROWS, [])
    with pytest.raises(UserError, match=r"data\.text_feature: no such column") as caught:
        survey({"path": path})
    assert f"{delimiter!r}" in str(caught.value) and "data.files.delimiter" in str(caught.value)


def test_quotes_in_csv_hold_commas_quotes_and_line_breaks(tmp_path):
    content = 'text,label\n"a ""b"", c\r\nd\n\ne",x\n,x\n' + as_csv(ROWS).partition("\n")[2]
    rows, broken = read_both({"path": write(tmp_path / "a.csv", content)})
    assert rows == sorted([*ROWS, ('a "b", c\r\nd\n\ne', "x")])
    assert broken == [(6, "empty `text`", "")]


def test_quotes_in_tsv_are_text(tmp_path):
    path = write(tmp_path / "a.tsv", as_tsv([('"a', "x"), ('b" c', "x"), ('"d"', "x"), *ROWS]))
    assert read_both({"path": path}) == (sorted([('"a', "x"), ('b" c', "x"), ('"d"', "x"), *ROWS]), [])


def test_quotes_in_tsv_quote_where_it_is_read_as_csv(tmp_path):
    path = write(tmp_path / "a.tsv", as_tsv([('"a\tb"', "x"), *ROWS]))
    assert read_both({"path": path, "format": "csv", "delimiter": "\t"})[0] == sorted([("a\tb", "x"), *ROWS])


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path):
    rows = [f"{text.replace(',', '')},{label}\n" for text, label in ROWS]
    content = "text,label\n" + "".join([*rows[:3], '"never closed,odd\n', *rows[3:]])
    for extra in ("", '"quoted, later",odd\n'):
        found, broken = read_both({"path": write(tmp_path / "a.csv", content + extra)})
        assert len(found) == 40 + bool(extra)
        assert [(line, reason) for line, reason, _ in broken] == [(5, "malformed csv")]


def test_nested_json_is_named_by_path(tmp_path):
    lines = [json.dumps({"meta": {"kind": label}, "body": {"text": text}}) for text, label in ROWS]
    path = write(tmp_path / "a.jsonl", "\n\n".join(lines))
    assert read_both({"path": path}, text_feature="body/text", label_feature="meta/kind") == (ROWS, [])
    with pytest.raises(UserError, match="no such column") as caught:
        survey({"path": path}, text_feature="body/txt", label_feature="meta/kind")
    assert "allowed:  meta/kind, body/text" in str(caught.value) and "nearest:  body/text" in str(caught.value)


def test_json_numbers_are_labels_as_they_are_written(tmp_path):
    labels = [1, 2.5, True, "1 "]
    path = write(
        tmp_path / "a.jsonl",
        "".join(json.dumps({"text": f"text {n}", "label": labels[n % 4]}) + "\n" for n in range(80)),
    )
    rows, _ = read_both({"path": path})
    assert {label for _, label in rows} == {"1", "2.5", "true"}


# Broken rows


def test_broken_rows_of_a_table_are_told_by_line_and_reason(tmp_path):
    good = as_tsv(ROWS).encode()
    bad = [b"no label", b"three\tfields\there", b"\todd", b"  \todd", b"text\t ", b"caf\xe9\todd", b"x" * 1001]
    path = write(tmp_path / "a.tsv", good + b"\n".join(bad) + b"\n")
    rows, broken = read_both({"path": path, "max_characters": 1000})
    assert rows == ROWS
    assert broken == [
        (42, "ragged row", "1 fields for 2 columns"),
        (43, "ragged row", "3 fields for 2 columns"),
        (44, "empty `text`", ""),
        (45, "empty `text`", ""),
        (46, "empty `label`", ""),
        (47, "not utf-8 text", "byte 0xe9 in `text`"),
        (48, "too long", "over 1,000 characters"),
    ]


def test_broken_rows_of_json_are_told_by_line_and_reason(tmp_path):
    bad = [
        "{",
        "[]",
        '"text"',
        "[" * 100_000,
        '{"text": "x"}',
        '{"text": null, "label": "odd"}',
        '{"text": "", "label": "odd"}',
        '{"text": ["x"], "label": "odd"}',
        '{"text": "\\ud83d", "label": "odd"}',
        '{"text": "' + "x" * 200_000 + '", "label": "odd"}',
        "9" * 5000,
    ]
    path = write(tmp_path / "a.jsonl", as_jsonl(ROWS) + "\n".join(bad))
    rows, broken = read_both({"path": path, "max_characters": 150_000})
    assert rows == ROWS
    assert [(line, reason) for line, reason, _ in broken] == [
        (41, "not JSON"),
        (42, "not a JSON object"),
        (43, "not a JSON object"),
        (44, "not JSON"),
        (45, "no `label`"),
        (46, "no `text`"),
        (47, "empty `text`"),
        (48, "`text` is no string"),
        (49, "not utf-8 text"),
        (50, "too long"),
        (51, "not JSON"),
    ]


def test_broken_lines_keep_texts_and_labels_together(tmp_path):
    texts = [text.encode() for text, _ in ROWS]
    labels = [label.encode() for _, label in ROWS]
    texts[3:3] = [b"", b"x" * 2000, b"\xff", b"x"]
    labels[3:3] = [b"odd", b"odd", b"odd", b""]
    files = {
        "path": write(tmp_path / "a.txt", b"\n".join(texts)),
        "labels": write(tmp_path / "b.txt", b"\n".join(labels)),
    }
    rows, broken = read_both({**files, "max_characters": 1000})
    assert rows == ROWS
    assert [(line, reason) for line, reason, _ in broken] == [
        (4, "empty `text`"),
        (5, "too long"),
        (6, "not utf-8 text"),
        (7, "empty `label`"),
    ]


def test_texts_and_labels_must_be_as_many(tmp_path):
    texts = write(tmp_path / "texts.txt", "".join(f"{text}\n" for text, _ in ROWS))
    fewer = write(tmp_path / "fewer.txt", "odd\n" * 39)
    with pytest.raises(UserError, match=r"fewer\.txt: 39 lines, but .*texts\.txt has more"):
        survey({"path": texts, "labels": fewer})
    with pytest.raises(UserError, match=r"texts\.txt: 40 lines, but .*more\.txt has more"):
        survey({"path": texts, "labels": write(tmp_path / "more.txt", "odd\neven\n" * 21)})
    blank_at_the_end = write(tmp_path / "blank.txt", "odd\neven\n" * 20 + "\n \n")
    assert len(read_both({"path": texts, "labels": blank_at_the_end})[0]) == 40


def test_stray_files_are_skipped_and_told(tmp_path):
    folder = tmp_path / "data"
    for number, (text, label) in enumerate(ROWS):
        write(folder / label / f"{number}.txt", text)
    for stray in ("README", "odd/.DS_Store", "odd/.hidden.txt", "odd/a.html", "odd/deeper/a.txt", ".git/a.txt"):
        write(folder / stray, "stray")
    write(folder / "odd" / "empty.txt", "\n")
    rows, report = survey({"path": str(folder)})
    assert sorted(rows["train"] + rows["test"]) == ROWS
    strays = {(defect.file.removeprefix(f"{folder}/"), defect.reason) for defect in report.strays.first}
    assert strays == {
        ("README", "not in the folder of a class"),
        (".git", "not the folder of a class"),
        ("odd/.DS_Store", "not a .txt file"),
        ("odd/.hidden.txt", "not a .txt file"),
        ("odd/a.html", "not a .txt file"),
        ("odd/deeper", "a folder in the folder of a class"),
    }
    assert [(defect.file, defect.reason) for defect in report.broken.first] == [
        (f"{folder}/odd/empty.txt", "empty `text`")
    ]
    assert any("3 × not a .txt file" in note for note in report.notes())


def test_ten_megabytes_in_one_line_are_one_broken_row(tmp_path):
    long = "x" * 10_000_000
    for name, content in (
        ("a.csv", as_csv([(long, "odd"), *ROWS])),
        ("b.csv", as_csv(ROWS) + '"' + "never closed\n" * 800_000),
        ("a.tsv", as_tsv([(long, "odd"), *ROWS])),
        ("a.jsonl", as_jsonl([(long, "odd"), *ROWS])),
        ("a.tsv.gz", as_tsv([(long, "odd"), *ROWS])),
    ):
        files = {"path": write(tmp_path / name, content)}
        if name == "b.csv":  # each line below the quote is a row of one field
            with pytest.raises(UserError, match=r"line 142: ragged row .*one broken row too many"):
                survey(files)
        else:
            rows, broken = read_both(files)
            assert rows == ROWS and [reason for _, reason, _ in broken] == ["too long"]


def test_a_long_quoted_field_is_read(tmp_path):
    """The csv module's own limit is 131,072 characters."""
    text = "word " * 100_000
    assert (text, "odd") in read_both({"path": write(tmp_path / "a.csv", as_csv([(text, "odd"), *ROWS]))})[0]


_PIECES = (
    b'"',
    b",",
    b"\t",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff",
    b"text",
    b"{",
    b'{"text": 1}',
    b"a\tb\n",
    b"\xed\xa0\x80",
    b"x" * 90,
)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("name", ["a.tsv", "a.jsonl", "a.jsonl.gz"])
def test_every_line_is_a_row_or_a_broken_row(tmp_path, name, seed):
    rubbish = b"".join(random.Random(seed).choices(_PIECES, k=80)) + b"\n"
    good = as_tsv(ROWS) if name == "a.tsv" else as_jsonl(ROWS)
    content = good.encode() + rubbish + good.encode()
    rows, broken = read_both({"path": write(tmp_path / name, content), "max_characters": 80})
    lines = [line for line in content.split(b"\n") if line.strip(b"\r" if name == "a.tsv" else None)]
    # The second header line of the table is a row like any other.
    assert len(rows) + len(broken) + (name == "a.tsv") * lines.count(b"text\tlabel") == len(lines)
    assert all(rows.count(row) >= 2 for row in ROWS)


def test_max_errors_stops_at_the_row_that_is_one_too_many(tmp_path):
    path = write(tmp_path / "a.tsv", as_tsv([*ROWS, ("", "odd"), ("x", ""), ("", "odd")]))
    assert len(read_both({"path": path, "max_errors": 3})[1]) == 3
    with pytest.raises(UserError, match=r"data\.files\.max_errors: .*a\.tsv, line 44: empty `text`") as caught:
        survey({"path": path, "max_errors": 2})
    assert "2 × empty `text`, 1 × empty `label`" in str(caught.value)
    with pytest.raises(UserError, match="line 42: "):
        survey({"path": path, "max_errors": 0})


# Files that cannot be read at all


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"\n\n", "the file is empty"),
        ("a.csv", b"text,label\n", "no rows"),
        ("a.tsv", b"text\tlabel\r\n\r\n", "no rows"),
        ("a.jsonl", b"", "no rows"),
        ("a.jsonl", b"text,label\nx,odd\n", "no good rows: 2 × not JSON"),
        ("a.csv", b'"text,label\nx,odd\n', "the header line cannot be read"),
        ("a.csv", b"text,text,label\nx,y,odd\n", r"data\.text_feature: more than one column of that name"),
        ("a.csv", b"txet,label\nx,odd\n", r"data\.text_feature: no such column(.|\n)*nearest:  txet"),
        ("a.csv", b"text,lable\nx,odd\n", r"data\.label_feature: no such column(.|\n)*nearest:  lable"),
        ("a.csv", b"hello,odd\nyou,even\n", r"no such column(.|\n)*data\.files\.columns"),
        ("a.csv", as_csv(ROWS).encode("utf-16"), r"data\.files\.encoding: not utf-8 text(.|\n)*allowed:  utf-16"),
        ("a.csv", as_csv(ROWS).encode("utf-32"), r"data\.files\.encoding: not utf-8 text(.|\n)*allowed:  utf-32"),
        ("a.csv", as_csv(ROWS).encode("utf-16-le"), r"data\.files\.encoding: not utf-8 text(.|\n)*are zero"),
        ("a.csv", bytes(range(256)) * 4 + bytes(2000), r"are zero(.|\n)*binary"),
        ("a.csv", b"PK\x03\x04" + bytes(100), "a zip archive or a spreadsheet"),
        ("a.csv", b"\x1f\x8b" + bytes(100), r"its name must end in \.gz"),
        (
            "a.csv",
            as_csv([("é", "odd")] * 200).encode("cp1252"),
            r"one broken row too many(.|\n)*data\.files\.encoding",
        ),
        ("a.csv", "größe,text,label\n1,x,odd\n".encode("cp1252"), r"the header line is not utf-8 text(.|\n)*cp1252"),
    ],
)
def test_files_that_are_evidently_wrong_are_told_by_name(tmp_path, name, content, problem):
    path = write(tmp_path / name, content)
    with pytest.raises(UserError, match=problem) as caught:
        survey({"path": path})
    assert path in str(caught.value)


def test_damaged_archives_and_odd_endings_are_told(tmp_path):
    whole = write(tmp_path / "a.csv.gz", as_csv(ROWS * 100))
    content = (tmp_path / "a.csv.gz").read_bytes()
    for damaged in (content[: len(content) // 2], b"text,label\n", content[:20] + b"\0" * 50 + content[70:], b""):
        (tmp_path / "a.csv.gz").write_bytes(damaged)
        with pytest.raises(UserError, match=r"not a whole gzip file|the file is empty") as caught:
            survey({"path": whole})
        assert whole in str(caught.value)
    with pytest.raises(UserError, match=r"data\.files\.format: the name does not tell the format"):
        survey({"path": write(tmp_path / "a.txt", as_csv(ROWS))})
    odd = write(tmp_path / "odd.csv", as_csv(ROWS).encode("utf-16") + b"x")
    with pytest.raises(UserError, match=r"odd\.csv: data\.files\.encoding: cannot be decoded"):
        survey({"path": odd, "encoding": "utf-16"})


def test_files_and_folders_are_not_taken_for_each_other(tmp_path):
    path = write(tmp_path / "data" / "a.csv", as_csv(ROWS))
    with pytest.raises(UserError, match='a folder, which is not what format = "csv" reads'):
        survey({"path": str(tmp_path / "data"), "format": "csv"})
    with pytest.raises(UserError, match='a file, which is not what format = "folders" reads'):
        survey({"path": path, "format": "folders"})
    with pytest.raises(UserError, match=r"no rows\n  hint:     skipped: .*a\.csv: not in the folder of a class"):
        survey({"path": str(tmp_path / "data")})


def test_the_title_is_the_name_of_the_file():
    assert make_data({"path": "raw/names/names.tsv"}).title == "names.tsv"
    assert make_data({"train": "a/train.csv", "test": "a/test.csv"}).title == "train.csv"
