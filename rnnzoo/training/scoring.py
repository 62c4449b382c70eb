"""Scoring what a run left: its model in memory, or an export by its answers alone."""

from collections.abc import Callable
from pathlib import Path

from rnnzoo.datasets import open_data
from rnnzoo.evaluation import Evaluation
from rnnzoo.tasks.registry import make_task
from rnnzoo.tasks.task import Task
from rnnzoo.training.run import load_run
from rnnzoo.training.run_folder import RunFolder


def score_run(
    folder: RunFolder, split: str, *, data_dir: Path | None = None, offline: bool = False
) -> tuple[Task, Evaluation]:
    """Scores the model of a finished run on a split of its data set."""
    task, model = load_run(folder)
    dataset = open_data(task.config.data, data_dir, offline)
    return task, task.evaluate(model, task.load_split(dataset, split), details=True)


def score_export(
    assets: RunFolder,
    predict: Callable[[list], list[dict]],
    split: str,
    *,
    data_dir: Path | None = None,
    offline: bool = False,
) -> tuple[Task, Evaluation]:
    """Scores an export on a split, from raw strings to answers.

    Args:
        assets: The export's `assets.extra`, which holds config and vocabularies as a run folder does.
        predict: Answers texts, or rows of inputs by name.
        split: A split of the data set of the export's config.
        data_dir: TFDS' `data_dir`.
        offline: Whether to fail rather than open a connection.
    """
    task = make_task(assets.load_config())
    task.load_vocabularies(assets.path)
    dataset = open_data(task.config.data, data_dir, offline)
    return task, task.evaluate_predictor(predict, task.load_split(dataset, split))
