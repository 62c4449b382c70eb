"""Which tags the sentences of files have, and what is wrong with them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from rnnzoo.datasets.files.reading import read_rows
from rnnzoo.datasets.files.rows import Defect, Row
from rnnzoo.datasets.files.source import FileSource
from rnnzoo.text.tag_schemes import detect_tag_scheme, find_spans, find_tag_problems

_OUTSIDE = "O"


@dataclass(frozen=True)
class TagSurvey:
    """What the tags of files are like.

    Attributes:
        feature: The feature with the tags.
        impossible: Tags that mark no span, where tags mark spans.
        scheme: Their scheme; None where they mark no spans.
    """

    feature: str
    impossible: frozenset[str]
    scheme: str | None

    def check(self, row: Row) -> Row | Defect:
        """Returns the row; or a defect if it has an impossible tag."""
        for tag, line in zip(row.values[self.feature], row.lines, strict=True):
            if tag in self.impossible:
                return Defect(row.file, line, "impossible tag", f"`{tag}` among tags such as `B-…` and `{_OUTSIDE}`")
        return row

    def find_problems(self, row: Row) -> Iterator[Defect]:
        """Yields the places where the tags of a row break the rules of their scheme."""
        if self.scheme is not None:
            for place, reason in find_tag_problems(row.values[self.feature], self.scheme):
                yield Defect(row.file, row.lines[place], reason)


def survey_tags(source: FileSource, feature: str) -> TagSurvey:
    """Reads all sentences, to see what their tags are like.

    Args:
        source: The files.
        feature: The feature with the tags.
    """
    counts = Counter(tag for row in _read(source) for tag in row.values[feature])
    spans = {tag for tag in counts if find_spans([tag])}
    others = counts.keys() - spans - {_OUTSIDE}
    num_in_spans, num_others = (sum(counts[tag] for tag in tags) for tags in (spans, others))
    marks_spans = _OUTSIDE in counts and num_in_spans > num_others
    impossible = frozenset(others if marks_spans else ())
    good = (tags for row in _read(source) if impossible.isdisjoint(tags := row.values[feature]))
    return TagSurvey(feature, impossible, detect_tag_scheme(good) if marks_spans else None)


def _read(source: FileSource) -> Iterator[Row]:
    return (row for part in source.parts for row in read_rows(source, part) if isinstance(row, Row))
