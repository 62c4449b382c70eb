"""Printing what became of texts."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from rnnzoo.cli.generated_text import make_printable

_LONGEST_SHOWN = 100


def print_translated(
    console: Console, rows: Sequence[str | Mapping[str, Any]], answers: Sequence[Mapping[str, Any]]
) -> None:
    """Prints each text, of which a long one is cut, and below it what it became, with its score.

    Args:
        console: The terminal.
        rows: Texts, or inputs by name.
        answers: The outputs, each with its score.
    """
    for row, answer in zip(rows, answers, strict=True):
        text = " ".join((row if isinstance(row, str) else str(row.get("text", ""))).split())
        shown = text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
        console.print(Text(make_printable(shown), "dim"), soft_wrap=True)
        output = Text(make_printable(answer["output"]), "bold")
        console.print(output.append(f"  {answer['score']:.4f}", "not bold dim"), soft_wrap=True)
