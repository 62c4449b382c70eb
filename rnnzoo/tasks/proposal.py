"""A first config for data that was looked at, and what was seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from rnnzoo.config.atomic_files import write_atomically

_LONGEST_LINE = 100


@dataclass(frozen=True)
class Wishes:
    """What the user says of the data, in place of guesses.

    Attributes:
        format: Its format.
        text_column: The column with the text.
        label_column: The column with the label.
    """

    format: str | None = None
    text_column: str | None = None
    label_column: str | None = None


@dataclass(frozen=True)
class Proposal:
    """A first config for some data.

    Attributes:
        config: Its keys.
        comments: What to say of a key or a section, by dotted name.
        facts: What was seen and guessed, and by what: a heading and a line each.
        warnings: What should be known before training.
    """

    config: dict[str, Any]
    comments: dict[str, str]
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]

    def to_toml(self, heading: list[str]) -> str:
        """Returns the config as TOML with comments, below a heading of some lines."""
        return "\n".join([*(f"# {line}" for line in heading), *self._write_section("", self.config)]) + "\n"

    def save(self, file: Path, heading: list[str]) -> None:
        """Writes the config as TOML."""
        write_atomically(file, self.to_toml(heading))

    def _write_section(self, section: str, values: dict[str, Any]) -> Iterator[str]:
        if section:
            yield from ("", f"[{section}]")
            if section in self.comments:
                yield f"# {self.comments[section]}"
        prefix = f"{section}." if section else ""
        for key, value in values.items():
            if not isinstance(value, dict):
                if prefix + key in self.comments:
                    yield f"# {self.comments[prefix + key]}"
                yield _write_key(key, value)
        for key, value in values.items():
            if isinstance(value, dict):
                yield from self._write_section(prefix + key, value)


def _write_key(key: str, value: Any) -> str:
    if isinstance(value, list):
        line = f"{key} = [{', '.join(_write_value(item) for item in value)}]"
        if len(line) <= _LONGEST_LINE:
            return line
    return f"{key} = {_write_value(value)}"


def _write_value(value: Any) -> str:
    return tomli_w.dumps({"_": value}).removeprefix("_ = ").rstrip("\n")
