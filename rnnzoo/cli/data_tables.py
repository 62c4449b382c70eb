"""Printing what a config makes of its data."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rnnzoo.datasets.duplicates import Duplicates
from rnnzoo.tasks.data_report import DataReport, SplitReport

_MOST_LABELS_SHOWN = 30
_LABELS_SHOWN_AT_EACH_END = 10
_LONGEST_SHOWN = 60


def show_data_report(console: Console, report: DataReport) -> None:
    """Prints the facts about the data of a config."""
    _show_table(console, "", report.splits, _list_facts(report))
    if any(split.labels for split in report.splits.values()):
        _show_labels(console, report.splits)
    _say(console, "")
    if report.vocabularies:
        sizes = ", ".join(f"{size:,} {name}" for name, size in report.vocabularies.items())
        _say(console, f"vocabulary: {sizes}, learned from train, special tokens included")
    _show_shared_texts(console, report.duplicates)
    train = report.splits["train"]
    shapes = ", ".join(f"{shape.num_batches:,} of {shape.rows} × {shape.width}" for shape in train.shapes)
    _say(console, f"batches of an epoch: {shapes}")


def _list_facts(report: DataReport) -> list[tuple[str, list[str]]]:
    splits = report.splits.values()
    names = dict.fromkeys(name for split in splits for name in split.figures)
    facts = [("split", [split.name for split in splits])]
    # Said below with more detail, or the other way round.
    for name in (name for name in names if name not in ("longest", "unknown_token_share")):
        facts.append((name.replace("_", " "), [_format(split.figures.get(name, 0)) for split in splits]))
    for name, field in (
        ("shortest", "shortest"),
        ("median length", "median"),
        ("95 % are at most", "percentile_95"),
        ("longest", "longest"),
    ):
        facts.append((name, [_format(getattr(split.lengths, field)) for split in splits]))
    if any(split.coverage is not None for split in splits):
        facts.append(("known tokens", [f"{split.coverage:.1%}" for split in splits]))
    facts.append(("repeated inputs", [_format(count) for count in report.duplicates.repeated.values()]))
    facts.append(("padding in batches", [f"{split.padding_share:.1%}" for split in splits]))
    return facts


def _format(value: int | float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4f}"


def _show_labels(console: Console, splits: dict[str, SplitReport]) -> None:
    names = dict.fromkeys(label for split in splits.values() for label in split.labels)
    by_count = sorted(names, key=lambda name: -splits["train"].labels.get(name, 0))
    totals = {name: sum(split.labels.values()) for name, split in splits.items()}

    def row(label: str) -> tuple[str, list[str]]:
        counts = [(split.labels.get(label, 0), totals[name]) for name, split in splits.items()]
        return label, [f"{count:,}  {count / max(total, 1):6.1%}" for count, total in counts]

    if len(names) <= _MOST_LABELS_SHOWN:
        rows = [row(label) for label in by_count]
    else:
        end = _LABELS_SHOWN_AT_EACH_END
        between = (f"… {len(names) - 2 * end:,} more", [""] * len(splits))
        rows = [*map(row, by_count[:end]), between, *map(row, by_count[-end:])]
    _say(console, "")
    _show_table(console, f"{len(names):,} labels", splits, rows)


def _show_table(console: Console, heading: str, columns: Iterable[str], rows: Iterable[tuple[str, list[str]]]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(heading, overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", overflow="fold")
    for name, cells in rows:
        table.add_row(Text(name), *map(Text, cells))
    console.print(table)


def _show_shared_texts(console: Console, duplicates: Duplicates) -> None:
    for shared in duplicates.shared:
        if not shared.num_texts:
            continue
        first, second = shared.splits
        _say(
            console,
            f"inputs in both {first} and {second}: {shared.num_texts:,} "
            f"({shared.num_examples:,} examples of {second}), such as:",
        )
        for text in shared.examples:
            shown = " ".join(text.split())
            _say(console, f"    {shown if len(shown) <= _LONGEST_SHOWN else shown[: _LONGEST_SHOWN - 1] + '…'}")
    if not any(shared.num_texts for shared in duplicates.shared):
        _say(console, "no input occurs in two splits")


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
