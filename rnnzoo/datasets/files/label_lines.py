"""Rows of two files: a text a line, and its label in the same line of the other."""

from collections.abc import Iterator
from itertools import zip_longest

from rnnzoo.config import UserError
from rnnzoo.config.data_sections import FilesSection
from rnnzoo.datasets.files.lines import read_lines
from rnnzoo.datasets.files.parts import Part
from rnnzoo.datasets.files.rows import Defect, Row

COLUMNS = ["text", "label"]


def read_label_lines(part: Part, options: FilesSection, features: list[str]) -> Iterator[Row | Defect]:
    """Yields the rows of a file of texts and its file of labels.

    Raises:
        UserError: One has more lines than the other: no telling which label belongs to which text.
    """
    pairs = zip_longest(
        *(read_lines(path, options.encoding, options.max_characters) for path in (part.path, part.labels))
    )
    ended = None
    for number, (text, label) in enumerate(pairs, start=1):
        shorter = part.path if text is None else part.labels if label is None else None
        if shorter:
            ended = ended or (shorter, number - 1)
            # Blank lines at the end are forgiven.
            if any(line is not None and (line[1] is None or line[1].strip()) for line in (text, label)):
                longer = part.labels if ended[0] == part.path else part.path
                raise UserError(
                    f"{ended[1]:,} lines, but {longer} has more: a text and its label must have the same number",
                    file=ended[0],
                )
            continue
        if text[1] is None or label[1] is None:
            yield Defect(part.name, number, "too long", f"over {options.max_characters:,} characters")
            continue
        values = dict(zip(COLUMNS, (text[1].rstrip("\r\n"), label[1].rstrip("\r\n")), strict=True))
        yield Row(part.name, number, {name: values[name] for name in features})
