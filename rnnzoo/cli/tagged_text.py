"""Printing words with their tags below them."""

import re
import zlib
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

_GAP = 2
_SPAN_TAG = re.compile(r"[BIESLU]-(.+)")
_COLORS = ("green", "magenta", "blue", "yellow", "cyan", "red")


def print_tagged(console: Console, words: Iterable[str], tags: Iterable[str]) -> None:
    """Prints words with their tags aligned below them, entities in the colour of their type, in lines that fit."""
    cells: list[tuple[Text, Text]] = []
    width = 0
    for word, tag in zip(words, tags, strict=True):
        # What is not printable might move the cursor.
        word = "".join(character if character.isprintable() else "�" for character in word)
        style = _find_style(tag)
        pair = Text(word, style if style != "dim" else ""), Text(tag, style)
        cell_width = max(text.cell_len for text in pair) + _GAP
        if cells and width + cell_width - _GAP > console.width:
            _print_lines(console, cells)
            cells, width = [], 0
        cells.append(pair)
        width += cell_width
    _print_lines(console, cells or [(Text("(no words)", "dim"), Text())])


def _find_style(tag: str) -> str:
    if tag == "O":
        return "dim"
    match = _SPAN_TAG.fullmatch(tag)
    # By the name alone, so that a type has its colour wherever it is printed.
    return f"bold {_COLORS[zlib.crc32(match[1].encode()) % len(_COLORS)]}" if match else ""


def _print_lines(console: Console, cells: list[tuple[Text, Text]]) -> None:
    lines = Text(), Text()
    for pair in cells:
        width = max(text.cell_len for text in pair) + _GAP
        for line, text in zip(lines, pair, strict=True):
            line.append_text(text).append(" " * (width - text.cell_len))
    for line in filter(None, lines):
        line.rstrip()
        console.print(line, soft_wrap=True)
    console.print()
