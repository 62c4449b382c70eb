"""Printing what a language model writes, as it writes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

_LONGEST_SHOWN = 100


def print_generated(console: Console, rows: Sequence[str | Mapping[str, Any]], texts: Sequence[str]) -> None:
    """Prints prompts and what the model made of them, a paragraph each.

    Args:
        console: The terminal.
        rows: Prompts, or inputs by name.
        texts: What was written.
    """
    for row, text in zip(rows, texts, strict=True):
        print_growing(console, row, iter([text]))


def print_growing(console: Console, row: str | Mapping[str, Any], tokens: Iterator[str]) -> None:
    """Prints a prompt and then tokens as they come.

    Args:
        console: The terminal.
        row: The prompt, or inputs by name.
        tokens: What is written.
    """
    prompt = row if isinstance(row, str) else row.get("prompt", "")
    if not isinstance(row, str):
        condition = ", ".join(f"{name} {value}" for name, value in row.items() if name != "prompt")
        shown = condition if len(condition) <= _LONGEST_SHOWN else condition[: _LONGEST_SHOWN - 1] + "…"
        console.print(Text(shown, "dim"), soft_wrap=True)
    console.print(Text(make_printable(prompt), "bold"), end="", soft_wrap=True)
    for token in tokens:
        console.print(Text(make_printable(token)), end="", soft_wrap=True)
        console.file.flush()
    console.print()


def make_printable(text: str) -> str:
    """Replaces what is not printable, which might move the cursor."""
    return "".join(character if character.isprintable() or character in "\n\t" else "�" for character in text)
