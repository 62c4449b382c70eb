"""Printing what a model answers."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_LONGEST_SHOWN = 100


def print_answers(console: Console, texts: Sequence[str], answers: Sequence[dict[str, Any]]) -> None:
    """Prints the answers to texts for people, a line a text.

    Args:
        console: The terminal.
        texts: What was asked.
        answers: What `Predictor.predict` returned.
    """
    table = Table(box=None, header_style="bold", pad_edge=False)
    columns = [name for name in (answers[0] if answers else {}) if _is_short(answers[0][name])]
    for name in columns:
        table.add_column(name, no_wrap=True)
    table.add_column("text", overflow="fold")
    for text, answer in zip(texts, answers, strict=True):
        cells = [f"{answer[name]:.4f}" if isinstance(answer[name], float) else str(answer[name]) for name in columns]
        shown = " ".join(text.split())
        shown = shown if len(shown) <= _LONGEST_SHOWN else shown[: _LONGEST_SHOWN - 1] + "…"
        table.add_row(*[Text(cell) for cell in cells], Text(shown))
    console.print(table)


def _is_short(value: Any) -> bool:
    return isinstance(value, str | float | int)
