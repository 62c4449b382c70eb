"""What an evaluation returns, whatever the task."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Evaluation:
    """Scores on one split.

    Attributes:
        metrics: Numbers by name; these go into tables and cards.
        details: What else is worth reading, ready for JSON.
    """

    metrics: dict[str, float]
    details: dict[str, Any] = field(default_factory=dict)


def describe_size(metrics: Mapping[str, Any]) -> str:
    """Says on how much the metrics of a split were computed.

    Example:

    >>> describe_size({"split": "test", "perplexity": 4.5, "num_examples": 1, "num_characters": 111540})
    '1 example, 111,540 characters'
    """
    counts = {name.removeprefix("num_"): count for name, count in metrics.items() if name.startswith("num_")}
    names = {name: name.removesuffix("s") if count == 1 else name for name, count in counts.items()}
    return ", ".join(f"{count:,} {names[name].replace('_', ' ')}" for name, count in counts.items())
