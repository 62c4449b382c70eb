"""What an evaluation returns, whatever the task."""

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
