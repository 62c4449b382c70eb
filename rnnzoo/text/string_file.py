"""Lists of strings as text files: one JSON string a line."""

import json
from collections.abc import Iterable
from pathlib import Path

from rnnzoo.config.atomic_files import write_atomically


def save_strings(path: Path, strings: Iterable[str]) -> None:
    """Writes strings: all or none."""
    write_atomically(path, "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in strings))


def load_strings(path: Path) -> list[str]:
    """Reads what `save_strings` wrote."""
    # Not splitlines(): JSON leaves U+2028 and its like bare, and those are line ends to Python.
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
