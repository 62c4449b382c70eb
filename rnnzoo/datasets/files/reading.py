"""The one way to the rows of all formats."""

from collections.abc import Callable, Iterator

from rnnzoo.config import UserError
from rnnzoo.config.data_sections import FilesSection
from rnnzoo.datasets.files import class_folders, label_lines, text_files
from rnnzoo.datasets.files.class_folders import read_class_folders
from rnnzoo.datasets.files.conll import read_conll, read_conll_columns, read_conllu, read_conllu_columns
from rnnzoo.datasets.files.json_lines import read_json_columns, read_json_lines
from rnnzoo.datasets.files.label_lines import read_label_lines
from rnnzoo.datasets.files.parallel import read_parallel
from rnnzoo.datasets.files.parts import Part
from rnnzoo.datasets.files.rows import Defect, Row, check_lengths, check_row
from rnnzoo.datasets.files.source import FileSource
from rnnzoo.datasets.files.tables import read_table, read_table_columns
from rnnzoo.datasets.files.text_files import read_text_files

_READERS: dict[str, Callable[[Part, FilesSection, list[str]], Iterator[Row | Defect]]] = {
    "csv": read_table,
    "tsv": read_table,
    "jsonl": read_json_lines,
    "folders": read_class_folders,
    "lines": read_label_lines,
    "conll": read_conll,
    "conllu": read_conllu,
    "text": read_text_files,
    "parallel": read_parallel,
}
_COLUMN_READERS: dict[str, Callable[[Part, FilesSection], list[str]]] = {
    "csv": read_table_columns,
    "tsv": read_table_columns,
    "jsonl": read_json_columns,
    "folders": lambda part, options: class_folders.COLUMNS,
    "lines": lambda part, options: label_lines.COLUMNS,
    "conll": read_conll_columns,
    "conllu": read_conllu_columns,
    "text": lambda part, options: text_files.COLUMNS,
    "parallel": lambda part, options: list(part.languages),
}
# Of running text nothing may be left out, not even blanks; parallel files are checked each by itself.
_UNCHECKED_FORMATS = ("text", "parallel")
# What may part the fields of a table whose header seems to be one column.
_OTHER_DELIMITERS = (",", ";", "\t", "|")


def read_columns(part: Part, options: FilesSection) -> list[str]:
    """Returns the names of what the rows of a file hold, from its first rows."""
    return _COLUMN_READERS[part.format](part, options)


def read_unchecked_rows(part: Part, options: FilesSection, features: list[str]) -> Iterator[Row | Defect]:
    """Yields the rows of a file in order, whatever their values; defects only where there is no row."""
    return _READERS[part.format](part, options, features)


def read_rows(source: FileSource, part: Part) -> Iterator[Row | Defect]:
    """Yields the rows of a file in order, and in place of broken ones what is wrong with them."""
    features, options = list(source.features.values()), source.options
    for item in read_unchecked_rows(part, options, features):
        if isinstance(item, Row) and part.format not in _UNCHECKED_FORMATS:
            item = check_row(item, features[0], options.encoding)
        if isinstance(item, Row) and options.max_length_ratio:
            item = check_lengths(item, source.pair, options.max_length_ratio)
        yield item


def check_features(source: FileSource) -> None:
    """Checks that every file has the features that the config names.

    Raises:
        UserError: One is not there, or is there twice.
    """
    for part in source.parts:
        columns = read_columns(part, source.options)
        for key, name in source.features.items():
            # A file of JSON without any good row has no columns; its rows tell why.
            if columns and columns.count(name) != 1:
                problem = "no such column" if name not in columns else "more than one column of that name"
                hint = _column_hint(part, columns, source.options)
                raise UserError(problem, file=part.path, key=key, got=name, allowed=columns, hint=hint)


def _column_hint(part: Part, columns: list[str], options: FilesSection) -> str | None:
    if part.format == "conll" and not options.columns:
        return "data.files.columns names all columns"
    if part.format not in ("csv", "tsv") or options.columns:
        return None
    if len(columns) == 1:
        for delimiter in _OTHER_DELIMITERS:
            if delimiter in columns[0]:
                return f"do its fields end at {delimiter!r}? Then set data.files.delimiter"
    return "the first line is read as the header; if it is none, name the columns by data.files.columns"
