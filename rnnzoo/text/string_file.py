"""Lists of strings as text files: one JSON string a line."""

import json
from collections.abc import Iterable
from pathlib import Path


def save_strings(path: Path, strings: Iterable[str]) -> None:
    """Writes strings, beside the file first."""
    beside = path.with_name(path.name + ".partial")
    beside.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in strings), encoding="utf-8")
    beside.replace(path)


def load_strings(path: Path) -> list[str]:
    """Reads what `save_strings` wrote."""
    # Not splitlines(): JSON leaves U+2028 and its like bare, and those are line ends to Python.
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
