"""What a config makes of its data: the facts that `rnnzoo describe --data` shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnzoo.config import RunConfig
from rnnzoo.datasets import open_data
from rnnzoo.datasets.duplicates import Duplicates, find_duplicates
from rnnzoo.tasks.registry import make_task
from rnnzoo.tasks.splits import Split
from rnnzoo.tasks.task import Task


@dataclass(frozen=True)
class Lengths:
    """How long the examples of a split are in steps, before anything is cut."""

    shortest: int
    median: int
    percentile_95: int
    longest: int


@dataclass(frozen=True)
class BatchShape:
    """How many batches of an epoch have which shape."""

    rows: int
    width: int
    num_batches: int


@dataclass(frozen=True)
class SplitReport:
    """The facts about one split.

    Attributes:
        name: TFDS split, or what part of one.
        figures: What the task reports of a split, such as how many texts were cut.
        lengths: How long its examples are.
        coverage: Share of its tokens that are in the vocabulary; None for tasks without one.
        labels: How often each label occurs; empty for tasks without labels.
        shapes: The shapes of its batches.
        padding_share: Share of the batches' steps that is padding, filled-up rows included.
    """

    name: str
    figures: dict[str, int | float]
    lengths: Lengths
    coverage: float | None
    labels: dict[str, int]
    shapes: tuple[BatchShape, ...]
    padding_share: float


@dataclass(frozen=True)
class DataReport:
    """The facts about the data of a config.

    Attributes:
        splits: What is known of `train`, `validation` and `test`.
        vocabularies: Sizes of what was learned from train, special tokens included.
        duplicates: Texts that occur more than once.
        notes: What was left out of files, a line each.
    """

    splits: dict[str, SplitReport]
    vocabularies: dict[str, int]
    duplicates: Duplicates
    notes: tuple[str, ...]


def report_data(config: RunConfig, *, data_dir: Path | None = None, offline: bool = False) -> DataReport:
    """Reads the data of a config as a run would, and reports on it; no model is built, nothing is scored.

    Args:
        config: The config.
        data_dir: TFDS' `data_dir`.
        offline: Whether to fail rather than open a connection.
    """
    dataset = open_data(config.data, data_dir, offline)
    task = make_task(config)
    task.learn_vocabularies(dataset)
    train, validation = task.load_training_splits(dataset)
    splits = {"train": train, "validation": validation, "test": task.load_split(dataset, config.data.test_split)}
    return DataReport(
        {name: _report_split(task, split) for name, split in splits.items()},
        task.vocabulary_sizes(),
        find_duplicates({name: _Names(task, split) for name, split in splits.items()}),
        dataset.description.notes,
    )


class _Names:
    """The inputs of a split as texts, read each time anew: they need not fit into memory."""

    def __init__(self, task: Task, split: Split):
        self._task, self._split = task, split

    def __iter__(self) -> Iterator[bytes]:
        return map(self._task.name_input, self._split.iterate_inputs())


def _report_split(task: Task, split: Split) -> SplitReport:
    batches = task.make_batches(split, shuffle=False)
    lengths = batches.lengths
    if "num_cut" in split.columns:
        lengths = lengths + split.columns["num_cut"].values
    median, percentile_95 = np.quantile(lengths, [0.5, 0.95], method="higher")
    num_padded = sum(rows * width * count for (rows, width), count in batches.shapes.items())
    unknown = split.report.get("unknown_token_share")
    return SplitReport(
        split.name,
        split.report,
        Lengths(int(lengths.min()), int(median), int(percentile_95), int(lengths.max())),
        None if unknown is None else round(1.0 - unknown, 4),
        task.count_labels(split),
        tuple(BatchShape(rows, width, count) for (rows, width), count in batches.shapes.items()),
        round(1.0 - batches.num_steps / num_padded, 4),
    )
