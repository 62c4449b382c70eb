"""What was left out of the data, counted by reason and told by file and line."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from rnnzoo.config import UserError
from rnnzoo.datasets.files.rows import OTHER_ENCODING, Defect

_MOST_KEPT = 1000
_MOST_SHOWN = 5


@dataclass
class Defects:
    """Defects of one kind.

    Attributes:
        reasons: How often each reason occurs.
        first: The first of them.
    """

    reasons: dict[str, int] = field(default_factory=dict)
    first: list[Defect] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.reasons.values())

    def add(self, defect: Defect) -> None:
        """Counts a defect."""
        self.reasons[defect.reason] = self.reasons.get(defect.reason, 0) + 1
        if len(self.first) < _MOST_KEPT:
            self.first.append(defect)

    def describe(self) -> str:
        """Returns the reasons with their counts, the most frequent first."""
        by_count = sorted(self.reasons.items(), key=lambda item: -item[1])
        return ", ".join(f"{count:,} × {reason}" for reason, count in by_count)

    def list_first(self) -> Iterator[str]:
        """Yields a line for each of the first few."""
        yield from (f"  {defect}" for defect in self.first[:_MOST_SHOWN])
        if self.total > _MOST_SHOWN:
            yield f"  … and {self.total - _MOST_SHOWN:,} more"


@dataclass
class FileReport:
    """What was left out of the data of some files, or put elsewhere than their hash says.

    Attributes:
        broken: Broken rows.
        strays: Files that are none of the data.
        unlike: Pairs that are left out for their lengths.
        tag_problems: Tags that break the rules of their scheme, which are kept.
        moved_labels: Labels that would have been in `test` alone.
        num_moved: Rows that stay in `train` for their sake.
    """

    broken: Defects = field(default_factory=Defects)
    strays: Defects = field(default_factory=Defects)
    unlike: Defects = field(default_factory=Defects)
    tag_problems: Defects = field(default_factory=Defects)
    moved_labels: list[str] = field(default_factory=list)
    num_moved: int = 0

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "FileReport":
        """Makes a report from what `to_json` returned."""
        defects = {
            kind: Defects(content[kind]["reasons"], [Defect(**each) for each in content[kind]["first"]])
            for kind in ("broken", "strays", "unlike", "tag_problems")
        }
        return cls(**defects, moved_labels=content["moved_labels"], num_moved=content["num_moved"])

    def to_json(self) -> dict[str, Any]:
        """Returns the report ready for JSON."""
        return asdict(self)

    def add(self, defect: Defect) -> None:
        """Counts a defect."""
        (self.strays if defect.is_stray else self.unlike if defect.is_unlike else self.broken).add(defect)

    def check_max_errors(self, max_errors: int, encoding: str) -> None:
        """Stops at more broken rows than allowed.

        Raises:
            UserError: It names the row that is one too many.
        """
        if self.broken.total <= max_errors:
            return
        defect = self.broken.first[min(max_errors, len(self.broken.first) - 1)]
        hint = f"broken so far: {self.broken.describe()}"
        if defect.reason == f"not {encoding} text":
            hint += f"; {OTHER_ENCODING}"
        raise UserError(
            f"{defect}: this is one broken row too many", key="data.files.max_errors", got=max_errors, hint=hint
        )

    def notes(self) -> list[str]:
        """Returns lines for people; none where everything was read and its hash decided."""
        lines = []
        if self.broken.first:
            lines += [f"broken rows, left out: {self.broken.describe()}", *self.broken.list_first()]
        if self.strays.first:
            lines += [f"files that are not data, skipped: {self.strays.describe()}", *self.strays.list_first()]
        if self.unlike.first:
            lines.append(f"pairs left out for their lengths: {self.unlike.describe()}")
            lines += self.unlike.list_first()
        if self.tag_problems.first:
            lines.append(f"tags that break the rules of their scheme, read as they are: {self.tag_problems.total:,}")
            lines += self.tag_problems.list_first()
        if self.num_moved:
            shown = ", ".join(repr(label) for label in self.moved_labels[:_MOST_SHOWN])
            more = len(self.moved_labels) - _MOST_SHOWN
            lines.append(
                f"labels or tags that would have been in `test` alone, so that their texts ({self.num_moved:,} rows) "
                f"stay in `train`: {shown}{f' … and {more:,} more' if more > 0 else ''}"
            )
        # Names of files need not be UTF-8.
        return [line.encode(errors="backslashreplace").decode() for line in lines]
