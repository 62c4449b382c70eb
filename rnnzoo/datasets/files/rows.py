"""What a reader of files yields: rows, and what takes the place of a row."""

import re
from dataclasses import dataclass

# Bytes that cannot be decoded are read as lone surrogates; JSON can spell them out.
_SURROGATE = re.compile("[\ud800-\udfff]")

OTHER_ENCODING = 'the file may have another encoding, such as "cp1252": data.files.encoding'


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file.

    Attributes:
        file: The file, as the config names it.
        line: The line it starts in, from 1; 0 where the row is a whole file.
        values: The text of each feature, None where the row has none; or lists, an item for each word of a
            sentence. Of running text also whether a document starts here, a bool.
        lines: Of a sentence, the line of each word.
    """

    file: str
    line: int
    values: dict[str, str | list[str] | bool | None]
    lines: tuple[int, ...] = ()

    @property
    def place(self) -> str:
        """File and line in words."""
        return _describe_place(self.file, self.line)


@dataclass(frozen=True, slots=True)
class Defect:
    """A row that is left out; or a file that is none of the data.

    Attributes:
        file: The file, as the config names it.
        line: The line the row starts in, from 1; 0 for a whole file.
        reason: What is wrong, in words that are the same for all rows it is wrong with.
        detail: More, about this row.
        is_stray: Whether it is a file that is none of the data, which is no error.
        is_unlike: Whether it is a pair that is left out for its lengths, which is no error either.
    """

    file: str
    line: int
    reason: str
    detail: str = ""
    is_stray: bool = False
    is_unlike: bool = False

    def __str__(self) -> str:
        place = _describe_place(self.file, self.line)
        return f"{place}: {self.reason}{f' ({self.detail})' if self.detail else ''}"


def check_row(row: Row, text_feature: str, encoding: str) -> Row | Defect:
    """Returns the row, labels without the space around them; or a defect if a value is missing, blank or not text."""
    if row.lines:
        return _check_sentence(row, encoding)
    for name, value in row.values.items():
        if value is None:
            return Defect(row.file, row.line, f"no `{name}`")
        if not value.strip():
            return Defect(row.file, row.line, f"empty `{name}`")
        not_text = find_what_is_not_text(value)
        if not_text:
            return Defect(row.file, row.line, f"not {encoding} text", f"{not_text} in `{name}`")
    values = {name: value if name == text_feature else value.strip() for name, value in row.values.items()}
    return Row(row.file, row.line, values)


def check_lengths(row: Row, pair: tuple[str, ...], max_ratio: float) -> Row | Defect:
    """Returns the row; or a defect if one text of a pair has over `max_ratio` times the characters of the other."""
    shortest, longest = sorted(len(row.values[name].strip()) for name in pair)
    if longest <= max_ratio * shortest:
        return row
    return Defect(
        row.file,
        row.line,
        f"over {max_ratio:g} times as long",
        f"{longest:,} : {shortest:,} characters",
        is_unlike=True,
    )


def _check_sentence(row: Row, encoding: str) -> Row | Defect:
    for name, values in row.values.items():
        if values is None:
            return Defect(row.file, row.line, f"no `{name}`")
        in_lines = zip(values, row.lines, strict=True) if isinstance(values, list) else [(values, row.line)]
        for value, line in in_lines:
            if not value.strip():
                return Defect(row.file, line, f"empty `{name}`")
            not_text = find_what_is_not_text(value)
            if not_text:
                return Defect(row.file, line, f"not {encoding} text", f"{not_text} in `{name}`")
    return row


def find_what_is_not_text(value: str) -> str | None:
    """Returns the first thing in a value that is not text: a byte that could not be decoded, or half a character."""
    found = _SURROGATE.search(value)
    if not found:
        return None
    code = ord(found[0])
    return f"byte 0x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"U+{code:04X}"


def _describe_place(file: str, line: int) -> str:
    return f"{file}, line {line}" if line else file
