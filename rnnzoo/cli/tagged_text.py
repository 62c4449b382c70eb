"""Printing words with their tags below them."""

import re
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

_GAP = 2
_SPAN_TAG = re.compile(r"[BIESLU]-(.+)")
_COLORS = ("green", "magenta", "blue", "yellow", "cyan", "red")


def print_tagged(console: Console, sentences: Sequence[tuple[Sequence[str], Sequence[str]]]) -> None:
    """Prints words with their tags aligned below them, in lines that fit; entities in the colour of their type.

    Args:
        console: The terminal.
        sentences: The words and the tags of each.
    """
    spans = (_SPAN_TAG.fullmatch(tag) for _, tags in sentences for tag in tags)
    types = sorted({match[1] for match in spans if match})
    styles = {type_: f"bold {_COLORS[place % len(_COLORS)]}" for place, type_ in enumerate(types)}
    for words, tags in sentences:
        _print_sentence(console, words, tags, styles)


def _print_sentence(console: Console, words: Sequence[str], tags: Sequence[str], styles: Mapping[str, str]) -> None:
    if not words:
        console.print("(no words)\n", style="dim")
    cells: list[tuple[Text, Text]] = []
    width = 0
    for word, tag in zip(words, tags, strict=True):
        # What is not printable might move the cursor.
        word = "".join(character if character.isprintable() else "�" for character in word)
        match = _SPAN_TAG.fullmatch(tag)
        style = styles[match[1]] if match else ""
        pair = Text(word, style), Text(tag, "dim" if tag == "O" else style)
        pair_width = max(text.cell_len for text in pair)
        if cells and width + pair_width > console.width:
            _print_lines(console, cells)
            cells, width = [], 0
        cells.append(pair)
        width += pair_width + _GAP
    if cells:
        _print_lines(console, cells)


def _print_lines(console: Console, cells: Sequence[tuple[Text, Text]]) -> None:
    lines = Text(), Text()
    for pair in cells:
        width = max(text.cell_len for text in pair) + _GAP
        for line, text in zip(lines, pair, strict=True):
            line.append_text(text).append(" " * (width - text.cell_len))
    for line in lines:
        line.rstrip()
        console.print(line, soft_wrap=True)
    console.print()
