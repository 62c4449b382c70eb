"""The results on disk: one JSON file a section, so that a section may be timed again by itself."""

import json
from pathlib import Path
from typing import Any

from rnnzoo.config import UserError

SECTIONS = ("training", "breakdown", "inference", "sweep", "end_to_end", "generation", "translation", "serving")


def save_section(folder: Path, section: str, content: dict[str, Any]) -> None:
    """Writes a section."""
    write_text(folder / f"{section}.json", json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def load_sections(folder: Path) -> dict[str, dict[str, Any]]:
    """Reads the sections there are, by name.

    Raises:
        UserError: A file is damaged.
    """
    found = {}
    for section in SECTIONS:
        path = folder / f"{section}.json"
        if path.is_file():
            try:
                found[section] = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise UserError(f"not valid JSON: {error}", file=path) from None
    return found


def write_text(path: Path, text: str) -> None:
    """Writes a file beside its place and renames it."""
    beside = path.with_name(f".{path.name}.partial")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
