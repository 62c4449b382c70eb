"""Sentences of CoNLL and CoNLL-U files: a word a line, a blank line after each sentence."""

import re
from collections.abc import Iterator
from itertools import chain

from rnnzoo.config.data_sections import FilesSection
from rnnzoo.datasets.files.lines import read_lines
from rnnzoo.datasets.files.parts import Part
from rnnzoo.datasets.files.rows import Defect, Row

_CONLLU_COLUMNS = ["", "tokens", "lemmas", "upos", "xpos", "feats", "head", "deprel", "deps", "misc"]
_TEXT_COMMENT = "# text = "
_NO_WORD = re.compile(r"\d+[-.]\d+")  # tokens of several words, and words that are not there
_DOCUMENT_START = "-DOCSTART-"


def read_conll(part: Part, options: FilesSection, features: list[str]) -> Iterator[Row | Defect]:
    """Yields the sentences of a CoNLL file; its columns are parted by tabs, or by blanks.

    Lines of `-DOCSTART-` are passed over.
    """
    columns = _list_columns(part, options)
    for sentence in _read_sentences(part, options):
        if isinstance(sentence, Defect):
            yield sentence
            continue
        words = [(line, _split(content)) for line, content in sentence if not content.startswith(_DOCUMENT_START)]
        if words:
            yield _make_row(part, words, columns, features)


def read_conllu(part: Part, options: FilesSection, features: list[str]) -> Iterator[Row | Defect]:
    """Yields the sentences of a CoNLL-U file: their words, of tokens of several words the words alone."""
    for sentence in _read_sentences(part, options):
        if isinstance(sentence, Defect):
            yield sentence
            continue
        comments = [content for _, content in sentence if content.startswith("#")]
        rows = [(line, content.split("\t")) for line, content in sentence if not content.startswith("#")]
        words = [(line, fields) for line, fields in rows if not _NO_WORD.fullmatch(fields[0])]
        if words:
            row = _make_row(part, words, _CONLLU_COLUMNS, [name for name in features if name != "text"])
            if isinstance(row, Row) and "text" in features:
                row.values["text"] = _find_text(comments)
            yield row


def read_conll_columns(part: Part, options: FilesSection) -> list[str]:
    """Returns the names of the columns, as many as the first line has."""
    return [name for name in _list_columns(part, options) if name]


def read_conllu_columns(part: Part, options: FilesSection) -> list[str]:
    """Returns the names of what the sentences of CoNLL-U have."""
    return ["text", *_CONLLU_COLUMNS[1:]]


def _list_columns(part: Part, options: FilesSection) -> list[str]:
    if options.columns:
        return options.columns
    lines = (content for _, content in read_lines(part.path, options.encoding, options.max_characters) if content)
    words = (content for content in lines if content.strip() and not content.startswith(_DOCUMENT_START))
    num_columns = len(_split(next(words, "").rstrip("\r\n")))
    return ["tokens", *[""] * (num_columns - 2), "tags"] if num_columns > 1 else ["tokens"][:num_columns]


def _split(content: str) -> list[str]:
    if "\t" in content:
        return [field.strip(" ") for field in content.split("\t")]
    # Not at other white space, such as U+00A0, which may be a word.
    return [field for field in content.split(" ") if field]


def _read_sentences(part: Part, options: FilesSection) -> Iterator[list[tuple[int, str]] | Defect]:
    """Yields the numbered lines between blank ones."""
    most = options.max_characters
    sentence: list[tuple[int, str]] = []
    length = 0
    for number, line in chain(read_lines(part.path, options.encoding, most), [(0, "")]):
        content = "" if line is None else line.rstrip("\r\n")
        if line is None or content.strip():
            length += most + 1 if line is None else len(content)
            if length <= most or not sentence:
                sentence.append((number, content))
            continue
        if sentence:
            yield (
                sentence
                if length <= most
                else Defect(part.name, sentence[0][0], "too long", f"over {most:,} characters")
            )
        sentence, length = [], 0


def _make_row(part: Part, words: list[tuple[int, list[str]]], columns: list[str], features: list[str]) -> Row | Defect:
    for line, fields in words:
        if len(fields) != len(columns):
            return Defect(part.name, line, "ragged row", f"{len(fields)} fields for {len(columns)} columns")
    values = {name: [fields[columns.index(name)] for _, fields in words] for name in features}
    lines = tuple(line for line, _ in words)
    return Row(part.name, lines[0], values, lines)


def _find_text(comments: list[str]) -> str | None:
    texts = (comment.removeprefix(_TEXT_COMMENT) for comment in comments if comment.startswith(_TEXT_COMMENT))
    return next(texts, None)
