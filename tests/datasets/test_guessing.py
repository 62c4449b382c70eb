"""What is seen in files that nobody described."""

import json

import pytest

from rnnzoo.config import UserError
from rnnzoo.datasets.column_roles import choose_roles
from rnnzoo.datasets.guessing import guess_layout
from rnnzoo.datasets.profiling import profile_columns
from tests.datasets.own_files import write

ROWS = [
    (f"The {noun} was {word}, I think", label)
    for noun in ["film", "play", "song"]
    for word, label in [("good", "positive"), ("bad", "negative"), ("fine", "positive"), ("poor", "negative")]
]


def table(delimiter="\t", header=None, line_end="\n"):
    return line_end.join(delimiter.join(row) for row in ([header] if header else []) + ROWS) + line_end


def quoted(delimiter=","):
    return "".join(f'"{text}"{delimiter}{label}\n' for text, label in ROWS)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.tsv", table(), ("tsv", "", "utf-8")),
        ("a.tsv.gz", table(), ("tsv", "", "utf-8")),
        ("a.txt", table(), ("tsv", "", "utf-8")),
        ("a", table(line_end="\r\n"), ("tsv", "", "utf-8")),
        ("a.tsv", quoted("\t"), ("csv", "\t", "utf-8")),
        ("a.csv", quoted(), ("csv", "", "utf-8")),
        ("a.csv", quoted(";"), ("csv", ";", "utf-8")),
        # The commas of the texts part nothing.
        ("a.csv", table(";"), ("csv", ";", "utf-8")),
        ("a.txt", table("|"), ("csv", "|", "utf-8")),
        ("a.csv", table("\t"), ("tsv", "", "utf-8")),
        ("a.csv", "\ufeff" + quoted(), ("csv", "", "utf-8")),
        ("a.tsv", table().replace("think", "think é 日本").encode(), ("tsv", "", "utf-8")),
        ("a.tsv", table().replace("think", "pensé").encode("cp1252"), ("tsv", "", "cp1252")),
        ("a.tsv", table().encode("utf-16"), ("tsv", "", "utf-16")),
        ("a.tsv", table().encode("utf-16-be"), ("tsv", "", "utf-16-be")),
        # One broken byte among good ones is a broken row, not another encoding.
        ("a.tsv", table().replace("think", "pensé").encode() + b"na\xefve\tnegative\n", ("tsv", "", "utf-8")),
        ("a.jsonl", "".join(json.dumps({"text": t, "label": y}) + "\n" for t, y in ROWS), ("jsonl", "", "utf-8")),
        ("a.txt", "".join(json.dumps({"text": t, "label": y}) + "\n" for t, y in ROWS), ("jsonl", "", "utf-8")),
        ("a.txt", "[laughs] yes\tpositive\n" * 3, ("tsv", "", "utf-8")),
        # A row of 2 MB first; a few ragged rows.
        ("a.tsv", "x" * 2_000_000 + "\n" + table(), ("tsv", "", "utf-8")),
        ("a.tsv", table() + "one\ttwo\tthree\n", ("tsv", "", "utf-8")),
    ],
)
def test_format_delimiter_and_encoding_of_a_file(tmp_path, name, content, expected):
    write(tmp_path / name, content)
    layout = guess_layout(tmp_path / name)
    assert (layout.format, layout.delimiter, layout.encoding) == expected
    assert layout.files == {"": tmp_path / name}
    assert layout.num_fields == (0 if layout.format == "jsonl" else 2)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.csv", b"", "empty"),
        ("a.tsv", b"\n \n", "empty"),
        ("a.csv", bytes(range(256)) * 50, "not a text file"),
        ("a.csv", b"PK\x03\x04" + b"\x00" * 100, "spreadsheet"),
        ("a.json", json.dumps([{"text": "a", "label": "b"}], indent=1), "no line is a JSON object"),
        ("a.txt", "only, prose\nand, more of it\n", "one column only"),
        ("a.tsv", "x" * 2_000_000, "no line of at most"),
        ("train/notes.md", "nothing", "without data"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, name, content, word):
    write(tmp_path / name, content)
    with pytest.raises(UserError, match=word):
        guess_layout((tmp_path / name) if "/" not in name else tmp_path)


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (["names.tsv", "README.txt"], {"": "names.tsv"}),
        (["train.tsv"], {"": "train.tsv"}),
        (["train.tsv", "dev.tsv", "test.tsv"], {"train": "train.tsv", "validation": "dev.tsv", "test": "test.tsv"}),
        (["my_train.tsv.gz", "my-valid.tsv.gz"], {"train": "my_train.tsv.gz", "validation": "my-valid.tsv.gz"}),
        (["Training.tsv", "Test.tsv", "extra.tsv"], {"train": "Training.tsv", "test": "Test.tsv"}),
    ],
)
def test_files_of_a_folder_are_splits_by_their_names(tmp_path, names, splits):
    for name in names:
        write(tmp_path / name, table())
    assert guess_layout(tmp_path).files == {split: tmp_path / name for split, name in splits.items()}


@pytest.mark.parametrize("names", [["a.tsv", "b.tsv"], ["train.tsv", "train.csv", "test.tsv"], ["test.tsv", "dev.tsv"]])
def test_a_folder_that_leaves_a_choice_is_refused(tmp_path, names):
    for name in names:
        write(tmp_path / name, table())
    with pytest.raises(UserError) as error:
        guess_layout(tmp_path)
    assert names[0] in str(error.value)


def test_class_folders_with_and_without_splits(tmp_path):
    for split in ("train", "test"):
        for label in ("good", "bad"):
            write(tmp_path / split / label / "1.txt", "text")
    layout = guess_layout(tmp_path)
    assert (layout.format, layout.files) == ("folders", {"train": tmp_path / "train", "test": tmp_path / "test"})
    layout = guess_layout(tmp_path / "train")
    assert (layout.format, layout.files) == ("folders", {"": tmp_path / "train"})


@pytest.mark.parametrize(
    ("names", "texts", "labels"),
    [
        (["texts.txt", "labels.txt", "README"], {"": "texts.txt"}, {"": "labels.txt"}),
        (
            ["train.txt", "train.labels", "test.txt", "test.labels"],
            {"train": "train.txt", "test": "test.txt"},
            {"train": "train.labels", "test": "test.labels"},
        ),
    ],
)
def test_texts_and_labels_in_files_of_their_own(tmp_path, names, texts, labels):
    for name in names:
        write(tmp_path / name, "line\n")
    layout = guess_layout(tmp_path)
    assert layout.format == "lines"
    assert layout.files == {split: tmp_path / name for split, name in texts.items()}
    assert layout.labels == {split: tmp_path / name for split, name in labels.items()}


def test_a_prepared_set_is_told_by_name(tmp_path):
    from tests.datasets.own_set import NAME, store_own_set

    store_own_set(tmp_path)
    with pytest.raises(UserError, match=f'dataset = "{NAME}"'):
        guess_layout(tmp_path / NAME)


def profiles_of(tmp_path, content, name="a.tsv"):
    write(tmp_path / name, content)
    return profile_columns(guess_layout(tmp_path / name))


@pytest.mark.parametrize(
    ("content", "header"),
    [
        (table(header=("text", "label")), ["text", "label"]),
        (table(header=("Review Text", "Y")), ["Review Text", "Y"]),
        # Unusual names, but above a column of few values, or of numbers.
        (table(header=("alpha", "beta")), ["alpha", "beta"]),
        ("alpha\tbeta\nred\t1\nblue\t2.5\n", ["alpha", "beta"]),
        (table(), None),
        ("Olivia\tF\t15270\nLiam\tM\t20802\nNoah\tM\t18621\n", None),
        # A usual word in a first row whose label comes again.
        ("What is your name ?\tquestion\n" + "Hello .\tgreeting\nWho are you ?\tquestion\n" * 5, None),
    ],
)
def test_the_header_line(tmp_path, content, header):
    profiles = profiles_of(tmp_path, content)
    assert bool(profiles.header) == bool(header)
    names = [column.name for column in profiles.columns]
    assert names == (header or [f"column{number + 1}" for number in range(len(names))])
    num_rows = len(content.splitlines()) - bool(header)
    assert {column.num_values for column in profiles.columns} == {num_rows}


def lines_of(*columns, header=None):
    rows = [list(map(str, row)) for row in zip(*columns, strict=True)]
    return "".join("\t".join(row) + "\n" for row in ([header] if header else []) + rows)


NUMBERS = range(60)
TEXTS = [f"text number {number} of many" for number in NUMBERS]
NAMES = [f"N{number}x" for number in NUMBERS]


@pytest.mark.parametrize(
    ("content", "text", "label"),
    [
        (lines_of(TEXTS, [n % 3 for n in NUMBERS]), "column1", "column2"),
        (lines_of([f"class {n % 2}" for n in NUMBERS], NAMES), "column2", "column1"),
        # Amounts are no labels, ratings are.
        (lines_of(NAMES, ["FM"[n % 2] for n in NUMBERS], [n * 7 for n in NUMBERS]), "column1", "column2"),
        (lines_of(TEXTS, [n % 5 + 1 for n in NUMBERS], header=["review", "stars"]), "review", "stars"),
        # Identifiers are no texts, even long ones.
        (
            lines_of(
                [f"{n:036}-ab" for n in NUMBERS], NAMES, ["xy"[n % 2] for n in NUMBERS], header=["id", "name", "sex"]
            ),
            "name",
            "sex",
        ),
        # By its name before another of fewer values; by its words before its number.
        (
            lines_of(
                TEXTS, [n % 2 for n in NUMBERS], [f"i{n % 9}" for n in NUMBERS], header=["text", "part", "intent"]
            ),
            "text",
            "intent",
        ),
        (
            lines_of(
                TEXTS,
                [n % 2 for n in NUMBERS],
                [["no", "yes"][n % 2] for n in NUMBERS],
                header=["text", "label", "label_name"],
            ),
            "text",
            "label_name",
        ),
    ],
)
def test_which_column_is_the_text_and_which_the_label(tmp_path, content, text, label):
    roles = choose_roles(profiles_of(tmp_path, content).columns)
    assert (roles.text.name, roles.label.name) == (text, label)


def test_columns_of_json_are_paths_and_lists_are_none(tmp_path):
    rows = [{"id": n, "meta": {"text": TEXTS[n], "words": TEXTS[n].split()}, "kind": n % 2 == 0} for n in NUMBERS]
    profiles = profiles_of(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), "a.jsonl")
    assert [column.name for column in profiles.columns] == ["id", "meta/text", "kind"]
    roles = choose_roles(profiles.columns)
    assert (roles.text.name, roles.label.name) == ("meta/text", "kind")
    assert roles.label.counts == {"true": 30, "false": 30}


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (lines_of(NUMBERS, [n / 7 for n in NUMBERS]), "no column holds texts"),
        (lines_of(TEXTS, ["same" for _ in NUMBERS]), "one value only, 'same'"),
        (lines_of(TEXTS, [n / 7 for n in NUMBERS]), "regression"),
        (lines_of(TEXTS, [f"other {n}" for n in NUMBERS]), "a value of its own"),
        (lines_of([f"{n}" * 9 + "w" for n in range(2500)], [f"c{n // 2}" for n in range(2500)]), "more than 1,000"),
        ("text\tlabel\n", "no rows below the header"),
    ],
)
def test_where_there_is_nothing_to_guess_it_says_why(tmp_path, content, word):
    with pytest.raises(UserError, match=word):
        choose_roles(profiles_of(tmp_path, content).columns)


def test_the_user_knows_better(tmp_path):
    profiles = profiles_of(tmp_path, lines_of(TEXTS, [f"other {n}" for n in NUMBERS], NUMBERS))
    roles = choose_roles(profiles.columns, "column2", "column3")
    assert (roles.text.name, roles.label.name) == ("column2", "column3")
    for text, label, word in [("colunm1", None, "nearest:  column1"), ("column1", "column1", "the text's column")]:
        with pytest.raises(UserError, match=word):
            choose_roles(profiles.columns, text, label)
