"""What the columns of a file are like: how many values, numbers or not, long or short."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from rnnzoo.config import UserError
from rnnzoo.config.data_sections import FilesSection
from rnnzoo.datasets.files.parts import Part
from rnnzoo.datasets.files.reading import read_columns, read_unchecked_rows
from rnnzoo.datasets.files.rows import Row
from rnnzoo.datasets.guessing import Layout

MOST_CLASSES = 1000

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?%?")
# Usual names of columns, alone or as a part: `text`, `review_text`, `Labels`.
_USUAL_NAME = r"(?<![a-z])(?:{})s?(?![a-z])"
_TEXT_NAME = re.compile(
    _USUAL_NAME.format(
        "text|sentence|review|comment|message|tweet|utterance|content|body|document|question|query|title|headline|name|"
        "phrase|description|input|word"
    )
)
_LABEL_NAME = re.compile(
    _USUAL_NAME.format(
        "label|class|category|target|intent|sentiment|polarity|rating|star|topic|genre|gender|sex|language|lang|"
        "nationality|emotion|toxic|spam|type|tag|grade|y"
    )
)
_OTHER_NAME = re.compile(_USUAL_NAME.format("id|idx|index|uuid|guid|url|link|date|time|timestamp|user|author|email"))
_SAMPLE = 20_000
_LONGEST_LABEL = 100
_LONGEST_COLUMN_NAME = 40  # in characters
# Numbers of more values than this are taken for amounts; of fewer, for ratings and the like.
_MOST_NUMERIC_CLASSES = 20
_ROWS_LOOKED_AT = 100


class ColumnProfile:
    """What the values of a column are like.

    Args:
        name: The column's name.

    Attributes:
        num_values: Values that are not blank.
        example: The first of them.
        counts: How often each occurs; None where there are more than `MOST_CLASSES` or they are long.
    """

    def __init__(self, name: str):
        self.name = name
        self.num_values = 0
        self.example = ""
        self.counts: Counter[str] | None = Counter()
        self._different: set[int] = set()
        self._num_characters = 0
        self._num_numbers = 0

    def add(self, value: str | None) -> None:
        """Takes the column's value in one more row."""
        value = (value or "").strip()
        if not value:
            return
        self.num_values += 1
        self.example = self.example or value
        if self.counts is not None:
            self.counts[value] += 1
            if len(value) > _LONGEST_LABEL or len(self.counts) > MOST_CLASSES:
                self.counts = None
        if self.num_values <= _SAMPLE:
            self._different.add(hash(value))
            self._num_characters += len(value)
            self._num_numbers += bool(_NUMBER.fullmatch(value))

    @property
    def is_numeric(self) -> bool:
        """Whether the values are numbers."""
        return self.num_values > 0 and self._num_numbers >= 0.95 * min(self.num_values, _SAMPLE)

    @property
    def text_score(self) -> float:
        """How much like texts the values are: long, and different from row to row."""
        num_looked_at = max(1, min(self.num_values, _SAMPLE))
        if self.is_numeric:
            return 0.0
        score = self._num_characters / num_looked_at * len(self._different) / num_looked_at
        return score * (4.0 if self._is_called(_TEXT_NAME) else 0.1 if self._is_called(_OTHER_NAME) else 1.0)

    @property
    def is_amount(self) -> bool:
        """Whether the values are numbers to calculate with, not names of classes."""
        return self.is_numeric and (self.counts is None or len(self.counts) > _MOST_NUMERIC_CLASSES)

    def why_no_label(self) -> str | None:
        """Returns why the column cannot be a label, or None if it can."""
        if not self.num_values:
            return "it is empty"
        if self.is_amount:
            return "it holds numbers of many values, which is regression, not classification"
        if self.counts is None:
            return f"it has more than {MOST_CLASSES:,} different values, or long ones"
        if len(self.counts) == 1:
            return f"it has one value only, {next(iter(self.counts))!r}: there is nothing to tell apart"
        if self.num_values < 2 * len(self.counts):
            return "nearly every row has a value of its own"
        return None

    def label_rank(self) -> tuple:
        """Returns what to sort candidates for the label by: the greatest is the likeliest."""
        hint = self._is_called(_LABEL_NAME) - self._is_called(_OTHER_NAME)
        return hint, not self.is_numeric, -len(self.counts or ())

    def _is_called(self, names: re.Pattern) -> bool:
        return _is_called(self.name, names)


def _is_called(column: str, names: re.Pattern) -> bool:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)
    return bool(names.search(apart.lower()))


@dataclass(frozen=True)
class Profiles:
    """The columns of a file.

    Attributes:
        columns: What each is like.
        header: How the first line was seen to name the columns; "" if it does not.
    """

    columns: tuple[ColumnProfile, ...]
    header: str = ""


def profile_columns(layout: Layout) -> Profiles:
    """Reads a csv, tsv or jsonl file, of splits the first, and looks at its columns.

    Raises:
        UserError: Not one row can be read.
    """
    file = next(iter(layout.files.values()))
    part = Part("", file.name, file, layout.format)
    options = {"path": str(file), "format": layout.format, "encoding": layout.encoding}
    if layout.format == "jsonl":
        options = FilesSection(**options)
        names = [name for name in read_columns(part, options) if not _holds_lists(part, options, name)]
        columns = [ColumnProfile(name) for name in names]
        _add_rows(columns, part, options)
        return Profiles(tuple(columns))
    names = [f"column{number}" for number in range(1, layout.num_fields + 1)]
    columns = [ColumnProfile(name) for name in names]
    options = FilesSection(**options, columns=names, delimiter=layout.delimiter)
    first = _add_rows(columns, part, options, but_the_first=True)
    header = _find_header(list(first.values.values()), columns)
    if header and not any(column.num_values for column in columns):
        raise UserError("no rows below the header", file=file)
    for column, cell in zip(columns, first.values.values(), strict=True):
        if header:
            column.name = cell.strip()
        else:
            column.add(cell)
    return Profiles(tuple(columns), header or "")


def _add_rows(columns: Sequence[ColumnProfile], part: Part, options: FilesSection, but_the_first: bool = False) -> Row:
    """Adds the rows of a file to profiles of its columns, and returns the first."""
    first, defect = None, None
    for item in read_unchecked_rows(part, options, [column.name for column in columns]):
        if not isinstance(item, Row):
            defect = defect or item
            continue
        if first is None:
            first = item
            if but_the_first:
                continue
        for column, value in zip(columns, item.values.values(), strict=True):
            column.add(value)
    if first is None:
        raise UserError(f"not one row can be read: {defect}" if defect else "no rows", file=part.path)
    return first


def _holds_lists(part: Part, options: FilesSection, name: str) -> bool:
    items = list(islice(read_unchecked_rows(part, options, [name]), _ROWS_LOOKED_AT))
    return sum(not isinstance(item, Row) for item in items) * 2 > len(items)


def _find_header(first: Sequence[str | None], profiles: Sequence[ColumnProfile]) -> str | None:
    """Tells whether the first row names the columns.

    Args:
        first: The first row.
        profiles: Profiles of the columns without it.

    Returns:
        Why it does, in a few words; None if it does not.
    """
    names = [(cell or "").strip() for cell in first]
    # A table saved with its row numbers has no name for these.
    if not all(names[1:]) or len(set(names)) < len(names):
        return None
    if any(_NUMBER.fullmatch(name) or len(name) > _LONGEST_COLUMN_NAME for name in names):
        return None
    columns = list(zip(names, profiles, strict=True))
    few = [
        (name, profile) for name, profile in columns if profile.counts and profile.num_values >= 5 * len(profile.counts)
    ]
    if any(name in profile.counts for name, profile in few):
        return None
    for name in names:
        if any(_is_called(name, usual) for usual in (_TEXT_NAME, _LABEL_NAME, _OTHER_NAME)):
            return f"`{name}` is a usual name of a column"
    for name, profile in columns:
        if profile.is_numeric:
            return f"below `{name}` there are numbers"
    if few:
        return f"`{few[0][0]}` is none of the {len(few[0][1].counts)} values below it"
    return None
