"""Rows of csv and tsv files."""

import csv
from collections import deque
from collections.abc import Iterator

from rnnzoo.config import UserError
from rnnzoo.config.data_sections import FilesSection
from rnnzoo.datasets.files.lines import read_lines
from rnnzoo.datasets.files.parts import Part
from rnnzoo.datasets.files.rows import OTHER_ENCODING, Defect, Row, find_what_is_not_text

_Record = tuple[int, list[str]] | Defect


def read_table(part: Part, options: FilesSection, features: list[str]) -> Iterator[Row | Defect]:
    """Yields the rows of a csv or tsv file, blank lines left out."""
    records = _read_records(part, options)
    columns = list(options.columns) or _take_header(part, records, options.encoding)
    places = {name: columns.index(name) for name in features}
    for record in records:
        if isinstance(record, Defect):
            yield record
            continue
        line, fields = record
        if len(fields) != len(columns):
            yield Defect(part.name, line, "ragged row", f"{len(fields)} fields for {len(columns)} columns")
        elif fields != columns:  # the header line of a file whose columns the config names all the same
            yield Row(part.name, line, {name: fields[place] for name, place in places.items()})


def read_table_columns(part: Part, options: FilesSection) -> list[str]:
    """Returns the names of the columns."""
    return list(options.columns) or _take_header(part, _read_records(part, options), options.encoding)


def _take_header(part: Part, records: Iterator[_Record], encoding: str) -> list[str]:
    header = next(records, None)
    if header is None:
        raise UserError("the file is empty", file=part.path)
    if isinstance(header, Defect):
        raise UserError(f"the header line cannot be read: {header}", file=part.path)
    not_text = find_what_is_not_text(" ".join(header[1]))
    if not_text:
        raise UserError(
            f"the header line is not {encoding} text: {not_text}",
            file=part.path,
            key="data.files.encoding",
            got=encoding,
            hint=OTHER_ENCODING,
        )
    return [name.strip() for name in header[1]]


def _read_records(part: Part, options: FilesSection) -> Iterator[_Record]:
    lines = read_lines(part.path, options.encoding, options.max_characters)
    if part.format == "csv":
        yield from _read_quoted(part, options, lines)
        return
    for number, line in lines:
        if line is None:
            yield Defect(part.name, number, "too long", f"over {options.max_characters:,} characters")
        elif content := line.rstrip("\r\n"):
            yield number, content.split(options.delimiter or "\t")


def _read_quoted(part: Part, options: FilesSection, lines: Iterator[tuple[int, str | None]]) -> Iterator[_Record]:
    # The limit of the csv module is one for the whole process; ours is kept by `_RecordLines`.
    csv.field_size_limit(max(csv.field_size_limit(), options.max_characters))
    source = _RecordLines(lines, options.max_characters)
    reader = csv.reader(source, delimiter=options.delimiter or ",", strict=True)
    while True:
        source.begin_record()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except (csv.Error, _TooLongError) as error:
            reason = "too long" if isinstance(error, _TooLongError) else "malformed csv"
            yield Defect(part.name, source.record[0][0], reason, str(error))
            source.read_again()
        else:
            if fields:
                yield source.record[0][0], fields


class _TooLongError(Exception):
    """A record is longer than allowed."""


class _RecordLines:
    """Feeds `csv.reader`, which takes as many lines for a record as its quotes demand.

    A quote that is never closed swallows the rows below it; `read_again` gives back all but the first.
    """

    def __init__(self, lines: Iterator[tuple[int, str | None]], max_characters: int):
        self._lines = lines
        self._again: deque[tuple[int, str | None]] = deque()
        self._max_characters = max_characters
        self.begin_record()

    def begin_record(self) -> None:
        self.record: list[tuple[int, str | None]] = []
        self._length = 0

    def read_again(self) -> None:
        self._again.extendleft(reversed(self.record[1:]))

    def __iter__(self) -> "_RecordLines":
        return self

    def __next__(self) -> str:
        number, line = self._again.popleft() if self._again else next(self._lines)
        self.record.append((number, line))
        self._length += len(line or "")
        if line is None or self._length > self._max_characters + len("\r\n"):
            raise _TooLongError(f"over {self._max_characters:,} characters")
        return line
