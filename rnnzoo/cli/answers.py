"""Printing what a model answers."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rnnzoo.cli.generated_text import print_generated
from rnnzoo.cli.tagged_text import print_tagged
from rnnzoo.cli.translated_text import print_translated

_LONGEST_SHOWN = 100


def print_answers(console: Console, rows: Sequence[str | Mapping[str, Any]], answers: Sequence[dict[str, Any]]) -> None:
    """Prints the answers to rows for people: a line a row; of taggers what was tagged with the tags below
    it, of language models prompt and text, of translators text and output.

    Args:
        console: The terminal.
        rows: What was asked: texts, or inputs by name.
        answers: What `Predictor.predict` returned.
    """
    if answers and "tags" in answers[0]:
        print_tagged(console, [_name_steps(row, answer) for row, answer in zip(rows, answers, strict=True)])
        return
    if answers and "text" in answers[0]:
        print_generated(console, rows, [answer["text"] for answer in answers])
        return
    if answers and {"output", "score"} <= answers[0].keys():
        print_translated(console, rows, answers)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    columns = [name for name in (answers[0] if answers else {}) if _is_short(answers[0][name])]
    for name in columns:
        table.add_column(name, no_wrap=True)
    table.add_column("text" if all(isinstance(row, str) for row in rows) else "input", overflow="fold")
    for row, answer in zip(rows, answers, strict=True):
        cells = [f"{answer[name]:.4f}" if isinstance(answer[name], float) else str(answer[name]) for name in columns]
        shown = " ".join((row if isinstance(row, str) else json.dumps(row)).split())
        shown = shown if len(shown) <= _LONGEST_SHOWN else shown[: _LONGEST_SHOWN - 1] + "…"
        table.add_row(*[Text(cell) for cell in cells], Text(shown))
    console.print(table)


def _name_steps(row: str | Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Returns what was tagged, and the tags."""
    tags = answer["tags"]
    words = answer.get("tokens") or (row.get("tokens", []) if isinstance(row, Mapping) else [])
    # Steps that are no words are numbered.
    return words[: len(tags)] or [str(place + 1) for place in range(len(tags))], tags


def _is_short(value: Any) -> bool:
    return isinstance(value, str | float | int)
