"""Tables in Markdown, and what stands in their cells."""

from collections.abc import Iterable, Sequence
from typing import Any

MISSING = "–"


def make_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def list_present(names: Sequence[str], results: Sequence[dict[str, Any]]) -> list[str]:
    """Returns the names of the peers that any result has."""
    return [name for name in names if any(name in result["peers"] for result in results)]


def format_peer(result: dict[str, Any], name: str, key: str, pattern: str, scale: float = 1.0) -> str:
    """Returns a figure of a peer, or a dash."""
    figures = result["peers"].get(name)
    return format_number(figures and figures[key], pattern, scale)


def format_number(value: float | None, pattern: str, scale: float = 1.0) -> str:
    """Returns a number, or a dash for None."""
    return MISSING if value is None else pattern.format(value * scale)


def format_with_threads(result: dict[str, Any], name: str, key: str, pattern: str, scale: float = 1.0) -> str:
    """Returns a figure of a peer and its number of threads, or a dash."""
    figures = result["peers"].get(name)
    return f"{pattern.format(figures[key] * scale)} ({figures['threads']})" if figures else MISSING
