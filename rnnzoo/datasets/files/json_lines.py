"""Rows of files with a JSON object a line."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from rnnzoo.config.data_sections import FilesSection
from rnnzoo.datasets.files.lines import read_lines
from rnnzoo.datasets.files.parts import Part
from rnnzoo.datasets.files.rows import Defect, Row

_ROWS_LOOKED_AT = 100


def read_json_lines(part: Part, options: FilesSection, features: list[str]) -> Iterator[Row | Defect]:
    """Yields the rows of a jsonl file, blank lines left out; `a/b` is the key `b` of the object at the key `a`."""
    for line, content in _read_objects(part, options):
        if isinstance(content, Defect):
            yield content
            continue
        values = {name: _at_path(content, name) for name in features}
        other = [name for name, value in values.items() if isinstance(value, dict | list)]
        if other:
            yield Defect(part.name, line, f"`{other[0]}` is no string", type(values[other[0]]).__name__)
        else:
            yield Row(part.name, line, {name: _to_text(value) for name, value in values.items()})


def read_json_columns(part: Part, options: FilesSection) -> list[str]:
    """Returns the paths of the values in the first rows."""
    found: dict[str, None] = {}
    for _, content in islice(_read_objects(part, options), _ROWS_LOOKED_AT):
        if isinstance(content, dict):
            found |= dict.fromkeys(_paths(content))
    return list(found)


def _read_objects(part: Part, options: FilesSection) -> Iterator[tuple[int, dict | Defect]]:
    for number, line in read_lines(part.path, options.encoding, options.max_characters):
        if line is None:
            yield number, Defect(part.name, number, "too long", f"over {options.max_characters:,} characters")
        elif line.strip():
            yield number, _parse(part, number, line)


def _parse(part: Part, number: int, line: str) -> dict | Defect:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Defect(part.name, number, "not JSON", getattr(error, "msg", str(error)))
    if not isinstance(content, dict):
        return Defect(part.name, number, "not a JSON object", type(content).__name__)
    return content


def _at_path(content: Any, path: str) -> Any:
    for name in path.split("/"):
        content = content.get(name) if isinstance(content, dict) else None
    return content


def _to_text(value: str | float | bool | None) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _paths(content: dict, prefix: str = "") -> Iterator[str]:
    for name, value in content.items():
        if isinstance(value, dict):
            yield from _paths(value, f"{prefix}{name}/")
        else:
            yield prefix + name
