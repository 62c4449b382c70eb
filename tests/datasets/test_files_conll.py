"""Sentences of CoNLL and CoNLL-U files; what is wrong is told by its line."""

import subprocess
import sys
from itertools import chain

import pytest

from rnnzoo.config import UserError, parse_config
from rnnzoo.datasets import describe_data, open_data
from rnnzoo.datasets.files.source import find_source
from rnnzoo.datasets.files.survey import read_split, survey_files
from rnnzoo.tasks.data_checks import check_data
from tests.datasets.own_files import write

SENTENCES = [(["Ann", f"w{number}", "."], ["B-PER", "O", "O"]) for number in range(40)]


def as_conll(sentences, separator="\t"):
    return "\n".join("".join(f"{separator.join(fields)}\n" for fields in zip(*rows, strict=True)) for rows in sentences)


def make_config(files, **data):
    values = {"name": "own/tags", "task": "sequence_tagging", "text": {"min_count": 1}}
    return parse_config({**values, "data": {"files": files, **data}})


def survey(files, **data):
    source = find_source(make_config(files, **data).data, None)
    result = survey_files(source)
    splits = {split: list(read_split(source, result, split)) for split in result.splits}
    assert {split: len(rows) for split, rows in splits.items()} == result.splits
    return splits, result.report


def read_all(files, **data):
    """Sentences of all splits as (tokens, tags), sorted, and the defects as (line, reason, detail)."""
    splits, report = survey(files, **data)
    names = make_config(files, **data).data
    rows = [(row.values[names.tokens_feature], row.values[names.tags_feature]) for row in chain(*splits.values())]
    return sorted(rows), [(defect.line, defect.reason, defect.detail) for defect in report.broken.first]


@pytest.mark.parametrize("ending", [".conll", ".conll.gz", ".CONLL"])
@pytest.mark.parametrize("separator", ["\t", " ", "   "])
def test_columns_are_parted_by_tabs_or_blanks(tmp_path, ending, separator):
    path = write(tmp_path / f"a{ending}", as_conll(SENTENCES, separator))
    assert read_all({"path": path}) == (sorted(SENTENCES), [])


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace("\n", "\r\n"),
        lambda content: content.rstrip("\n"),
        lambda content: "\n\n" + content.replace("\n\n", "\n \n\n\t\n") + "\n\n",
        lambda content: "-DOCSTART- -X-\tO\n\n" + content,
        lambda content: "\ufeff" + content,
    ],
)
def test_blank_lines_line_ends_and_starts_of_documents_are_no_words(tmp_path, change):
    path = write(tmp_path / "a.conll", change(as_conll(SENTENCES)))
    assert read_all({"path": path}) == (sorted(SENTENCES), [])


def test_the_first_column_is_the_word_and_the_last_the_tag_unless_they_are_named(tmp_path):
    content = as_conll([(tokens, ["DT"] * 3, ["x"] * 3, tags) for tokens, tags in SENTENCES])
    path = write(tmp_path / "a.conll", content)
    assert read_all({"path": path})[0] == sorted(SENTENCES)
    by_name = {"path": path, "columns": ["word", "pos", "chunk", "ner"]}
    rows, _ = read_all(by_name, tokens_feature="word", tags_feature="pos")
    assert rows == sorted((tokens, ["DT"] * 3) for tokens, _ in SENTENCES)
    with pytest.raises(UserError, match=r"data\.tags_feature: no such column"):
        survey({"path": path}, tags_feature="ner")


def test_a_word_may_be_a_hash_or_another_kind_of_space(tmp_path):
    sentences = [(["#", "x\u00a0y", "w"], ["O", "O", "B-PER"]), *SENTENCES]
    assert read_all({"path": write(tmp_path / "a.conll", as_conll(sentences))}) == (sorted(sentences), [])


CONLLU = """# sent_id = {number}
# text = Don't go, {number}
1-2	Don't	_	_	_	_	_	_	_	_
1	Do	do	AUX	VB	_	0	root	_	_
2	n't	not	PART	RB	_	1	advmod	_	_
2.1	then	then	ADV	RB	_	_	_	_	_
3	go	go	VERB	VB	_	1	x	_	_
4	{number}	{number}	NUM	CD	_	1	x	_	_
"""


def test_conllu_has_words_in_named_columns(tmp_path):
    path = write(tmp_path / "a.conllu", "\n".join(CONLLU.format(number=number) for number in range(40)))
    rows, defects = read_all({"path": path}, tags_feature="upos")
    assert (["Do", "n't", "go", "7"], ["AUX", "PART", "VERB", "NUM"]) in rows and len(rows) == 40 and not defects
    assert read_all({"path": path}, tags_feature="xpos", tokens_feature="lemmas")[0][0][0][:3] == ["do", "not", "go"]
    splits, _ = survey({"path": path}, tags_feature="upos", text_feature="text")
    assert all(row.values["text"].startswith("Don't go, ") for row in splits["train"])
    with pytest.raises(UserError, match=r"data\.tags_feature: no such column"):
        survey({"path": path})


@pytest.mark.parametrize(
    ("broken", "defect"),
    [
        ("a\tO\nb\tO\tO\n", (2, "ragged row", "3 fields for 2 columns")),
        ("a\tO\nb\n", (2, "ragged row", "1 fields for 2 columns")),
        ("a\tO\n\tO\n", (2, "empty `tokens`", "")),
        ("a\tO\nb\t\n", (2, "empty `tags`", "")),
        ("a\tO\nb\tX\n", (2, "impossible tag", "`X` among tags such as `B-…` and `O`")),
        (b"a\tO\nb\xff\tO\n", (2, "not utf-8 text", "byte 0xff in `tokens`")),
        ("a\tO\n" + "b" * 200 + "\tO\n", (1, "too long", "over 150 characters")),
        ("a\tO\n" * 60, (1, "too long", "over 150 characters")),
    ],
    ids=str,
)
def test_broken_sentences_are_left_out_and_told_by_line(tmp_path, broken, defect):
    broken = broken if isinstance(broken, bytes) else broken.encode()
    path = write(tmp_path / "a.conll", broken + b"\n" + as_conll(SENTENCES).encode())
    files = {"path": path, "max_characters": 150}
    assert read_all(files) == (sorted(SENTENCES), [defect])
    with pytest.raises(UserError, match=f"a.conll, line {defect[0]}: {defect[1]}"):
        survey({**files, "max_errors": 0})


@pytest.mark.parametrize("line", ["5\tgo\n", "5 go go VERB VB _ 1 x _ _\n"])
def test_a_ragged_line_of_conllu_is_told(tmp_path, line):
    good = "\n".join(CONLLU.format(number=number) for number in range(40))
    rows, defects = read_all(
        {"path": write(tmp_path / "a.conllu", f"{CONLLU.format(number=41)}{line}\n{good}")}, tags_feature="upos"
    )
    assert len(rows) == 40
    assert [(place, reason) for place, reason, _ in defects] == [(9, "ragged row")]


def test_tags_that_break_their_scheme_are_told_and_kept(tmp_path):
    odd = [(["a", "b", "c"], ["O", "I-PER", "I-LOC"]), (["Ann"], ["B-PER"])]
    path = write(tmp_path / "a.conll", as_conll([*odd, *SENTENCES]))
    splits, report = survey({"path": path})
    assert sum(map(len, splits.values())) == 42 and not report.broken.first
    assert [(defect.line, defect.reason) for defect in report.tag_problems.first] == [
        (2, "`I-PER` after `O` continues a span that has not begun"),
        (3, "`I-LOC` after `I-PER` continues a span that has not begun"),
    ]
    notes = describe_data(make_config({"path": path}).data).notes
    assert notes[0] == "tags that break the rules of their scheme, read as they are: 2"
    assert "a.conll, line 2: `I-PER` after `O`" in notes[1]


def test_plain_tags_are_not_taken_for_spans(tmp_path):
    sentences = [(["a", "b", f"w{number}"], ["O", "I", "NOUN"]) for number in range(40)]
    splits, report = survey({"path": write(tmp_path / "a.conll", as_conll(sentences))})
    assert not report.broken.first and not report.tag_problems.first and sum(map(len, splits.values())) == 40


def test_a_tag_is_not_lost_between_the_splits(tmp_path):
    splits, _ = survey({"path": write(tmp_path / "a.conll", as_conll(SENTENCES))})
    in_test = splits["test"][0].values["tokens"]
    odd = [(tokens, ["B-LOC", "O", "O"] if tokens == in_test else tags) for tokens, tags in SENTENCES]
    splits, report = survey({"path": write(tmp_path / "b.conll", as_conll(odd))})
    assert in_test in [row.values["tokens"] for row in splits["train"]]
    assert report.moved_labels == ["B-LOC"] and report.num_moved == 1


def test_a_file_for_each_split_becomes_a_tfds_set(tmp_path):
    parts = {"train": SENTENCES[:30], "validation": SENTENCES[30:35], "test": SENTENCES[35:]}
    files = {split: write(tmp_path / f"{split}.conll", as_conll(rows)) for split, rows in parts.items()}
    config = make_config(files)
    description = describe_data(config.data, tmp_path)
    check_data(config, description)
    dataset = open_data(config.data, tmp_path)
    assert dataset.description.features == description.features
    for split, rows in parts.items():
        read = [
            tuple([word.decode() for word in example[name].tolist()] for name in ("tokens", "tags"))
            for example in dataset.read(split, ["tokens", "tags"]).as_numpy_iterator()
        ]
        assert sorted(read) == sorted(rows)


def test_texts_and_sentences_are_not_taken_for_each_other(tmp_path):
    table, sentences = write(tmp_path / "a.tsv", "text\tlabel\na\tb\n"), write(tmp_path / "a.conll", "a\tO\n")
    with pytest.raises(UserError, match=r"data\.files\.format: texts, not tagged words") as caught:
        find_source(make_config({"path": table}).data, None)
    assert "allowed:  conll, conllu" in str(caught.value)
    classifier = parse_config({"name": "a", "task": "text_classification", "data": {"files": {"path": sentences}}})
    with pytest.raises(UserError, match=r"data\.files\.format: tagged words, not texts"):
        find_source(classifier.data, None)


@pytest.mark.parametrize("content", ["", "\n\n", "-DOCSTART- O\n"])
def test_an_empty_file_is_a_mistake(tmp_path, content):
    with pytest.raises(UserError, match="no rows"):
        survey({"path": write(tmp_path / "a.conll", content)})


def test_the_survey_needs_no_tensorflow(tmp_path):
    path = write(tmp_path / "a.conll", as_conll(SENTENCES))
    program = f"""
import sys
from rnnzoo.config import parse_config
from rnnzoo.datasets import describe_data
config = parse_config({{"name": "a", "task": "sequence_tagging", "data": {{"files": {{"path": {path!r}}}}}}})
assert describe_data(config.data).splits["train"] > 0
assert "tensorflow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
