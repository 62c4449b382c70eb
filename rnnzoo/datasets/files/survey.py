"""One pass over all rows before anything is prepared: mistakes are told at once, broken rows are counted."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from rnnzoo.config import UserError
from rnnzoo.datasets.duplicates import fold_text
from rnnzoo.datasets.files.cutting import TextCut, count_training_pieces
from rnnzoo.datasets.files.parts import Part
from rnnzoo.datasets.files.reading import check_features, read_rows
from rnnzoo.datasets.files.report import FileReport
from rnnzoo.datasets.files.rows import Defect, Row
from rnnzoo.datasets.files.source import FileSource
from rnnzoo.datasets.files.tag_survey import TagSurvey, survey_tags

_MOST_LABELS_SHOWN = 5
# The examples that are held back from train are chosen by a hash too; it must be another one.
_HASH_NAME = b"rnnzoo test"


@dataclass(frozen=True)
class Survey:
    """What files hold.

    Attributes:
        splits: Number of good rows by split.
        kept_in_train: Digests of texts that stay in `train` whatever their hash says.
        report: What was left out.
        tags: What the tags of sentences are like; None where there are none.
        num_train_pieces: Of running text in one file that is cut: how many pieces are `train`; else None.
    """

    splits: dict[str, int]
    kept_in_train: frozenset[bytes]
    report: FileReport
    tags: TagSurvey | None = None
    num_train_pieces: int | None = None


def survey_files(source: FileSource) -> Survey:
    """Reads all rows once, without keeping them.

    Raises:
        UserError: A column is missing, too many rows are broken, a split has no rows, there is only one
            label, or a split has a label that `train` lacks.
    """
    check_features(source)
    report = FileReport()
    for stray in source.strays:
        report.add(stray)
    splits = Counter({"train": 0, "test": 0} if source.is_cut else {part.split: 0 for part in source.parts})
    labels = _Labels()
    is_text_cut = source.is_cut and source.is_running_text
    num_train_pieces = count_training_pieces(source) if is_text_cut else None
    text_cut = TextCut(num_train_pieces) if is_text_cut else None
    label_feature = source.features.get("data.label_feature")
    tags_feature = source.features.get("data.tags_feature")
    tags = survey_tags(source, tags_feature) if tags_feature else None
    for part in source.parts:
        for item in _read_rows(source, part, tags):
            if isinstance(item, Defect):
                report.add(item)
                report.check_max_errors(source.options.max_errors, source.options.encoding)
                continue
            digest = _digest(source, item)
            split = part.split or _side(digest, source.options.test_fraction)
            if text_cut:
                split = text_cut.side(item, split)
            splits[split] += 1
            if label_feature:
                labels.add(item.values[label_feature], split, item, digest)
            if tags:
                for tag in item.values[tags_feature]:
                    labels.add(tag, split, item, digest)
                for problem in tags.find_problems(item):
                    report.tag_problems.add(problem)
    kept = frozenset()
    if source.is_cut:
        kept = labels.digests_beside_train()
        report.moved_labels = sorted(labels.beside_train)
        report.num_moved = _count_rows(source, kept, tags)
        splits.update(train=report.num_moved, test=-report.num_moved)
    _check_splits(source, splits, report)
    if label_feature:
        _check_labels(source, labels)
    return Survey(dict(splits), kept, report, tags, num_train_pieces)


def read_split(source: FileSource, survey: Survey, split: str) -> Iterator[Row]:
    """Yields the good rows of a split, in the order of the file."""
    text_cut = TextCut(survey.num_train_pieces) if source.is_cut and source.is_running_text else None
    for part in source.parts:
        if part.split in ("", split):
            for item in _read_rows(source, part, survey.tags):
                if isinstance(item, Row) and (part.split or _cut(source, survey, item, text_cut)) == split:
                    yield item


def _read_rows(source: FileSource, part: Part, tags: TagSurvey | None) -> Iterator[Row | Defect]:
    for item in read_rows(source, part):
        yield tags.check(item) if tags and isinstance(item, Row) else item


def _cut(source: FileSource, survey: Survey, row: Row, text_cut: TextCut | None) -> str:
    digest = _digest(source, row)
    side = "train" if digest in survey.kept_in_train else _side(digest, source.options.test_fraction)
    return text_cut.side(row, side) if text_cut else side


def _digest(source: FileSource, row: Row) -> bytes:
    value = row.values[source.text_feature]
    text = value if isinstance(value, str) else " ".join(value)
    return blake2b(fold_text(text).encode(), digest_size=8, person=_HASH_NAME).digest()


def _side(digest: bytes, test_fraction: float) -> str:
    return "test" if int.from_bytes(digest, "big") < test_fraction * 2**64 else "train"


def _count_rows(source: FileSource, digests: frozenset[bytes], tags: TagSurvey | None) -> int:
    if not digests:
        return 0
    rows = (row for row in _read_rows(source, source.parts[0], tags) if isinstance(row, Row))
    return sum(_digest(source, row) in digests for row in rows)


def _check_splits(source: FileSource, splits: Counter[str], report: FileReport) -> None:
    for part in source.parts:
        if splits[part.split or "train"] == 0:
            reasons = ", ".join(defects.describe() for defects in (report.broken, report.unlike) if defects.first)
            problem = f"no good rows: {reasons}" if reasons else "no rows"
            hint = "; ".join(str(stray) for stray in report.strays.first[:3])
            raise UserError(problem, file=part.path, hint=f"skipped: {hint}" if hint else None)
    if source.is_cut and splits["test"] == 0:
        raise UserError(
            f"too few rows to cut off a test split: {splits['train']:,}",
            file=source.parts[0].path,
            key="data.files.test_fraction",
            got=source.options.test_fraction,
            hint="raise it, or give files for `train` and `test`",
        )


def _check_labels(source: FileSource, labels: "_Labels") -> None:
    if labels.beside_train and not source.is_cut:
        places = [f"{label!r} ({row.place})" for label, (row, _) in labels.beside_train.items()]
        more = len(places) - _MOST_LABELS_SHOWN
        raise UserError(
            f"labels that `train` never has: {', '.join(places[:_MOST_LABELS_SHOWN])}"
            f"{f' … and {more:,} more' if more > 0 else ''}",
            key="data.label_feature",
            hint="add rows with them to the file of `train`, or take them out of the other files",
        )
    classes = labels.of_train | labels.beside_train.keys()
    if len(classes) < 2:
        raise UserError(
            "every row has the same label, and a classifier needs two",
            file=source.parts[0].path,
            key="data.label_feature",
            got=source.features["data.label_feature"],
            hint=f"the label is {min(classes)!r}",
        )


@dataclass
class _Labels:
    """Which labels occur where.

    Attributes:
        of_train: Labels that `train` has.
        beside_train: Labels that only other splits have: where the first one is, and digests of the texts.
    """

    of_train: set[str] = field(default_factory=set)
    beside_train: dict[str, tuple[Row, set[bytes]]] = field(default_factory=dict)

    def add(self, label: str, split: str, row: Row, digest: bytes) -> None:
        if split == "train":
            self.of_train.add(label)
            self.beside_train.pop(label, None)
        elif label not in self.of_train:
            self.beside_train.setdefault(label, (row, set()))[1].add(digest)

    def digests_beside_train(self) -> frozenset[bytes]:
        return frozenset().union(*(digests for _, digests in self.beside_train.values()))
