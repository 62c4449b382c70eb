"""A whole run: from a config to a scored model in a run folder."""

import time
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from rnnzoo.builders import check_masks
from rnnzoo.config import RunConfig
from rnnzoo.config.atomic_files import remove_leftovers, replace_atomically
from rnnzoo.datasets import Dataset, open_data
from rnnzoo.evaluation import Evaluation
from rnnzoo.tasks.registry import make_task
from rnnzoo.tasks.splits import Split
from rnnzoo.tasks.task import Task
from rnnzoo.training.bad_numbers import BadNumberError, check_resumable, save_bad_number
from rnnzoo.training.compilation import choose_jit_compile
from rnnzoo.training.environment import num_cores, processor_name, record_start
from rnnzoo.training.loop import TrainingLoop
from rnnzoo.training.memory import gives_memory_back
from rnnzoo.training.model_file import load_model_file
from rnnzoo.training.precision import compute_dtype, count_bytes, round_for_export, to_float32
from rnnzoo.training.reporting import CurveReport, ProgressReport, Reporter, SilentReporter
from rnnzoo.training.run_folder import RunFolder
from rnnzoo.training.workers import Workers


@gives_memory_back
def train_run(
    config: RunConfig,
    *,
    folder: RunFolder,
    data_dir: Path | None = None,
    offline: bool = False,
    resume: bool = False,
    console: Console | None = None,
    workers: Workers | None = None,
) -> dict[str, Any] | None:
    """Trains, scores and saves a model.

    Of several processes the chief alone writes, speaks and scores; the others read its checkpoints and
    vocabularies.

    Args:
        config: What to do.
        folder: Where everything goes.
        data_dir: TFDS' `data_dir`.
        offline: Whether to fail rather than open a connection.
        resume: Whether to go on from the folder's last checkpoint; a finished run is left as it is.
        console: The terminal.
        workers: The replicas that train, in this process and others; by default one.

    Returns:
        What `metrics.json` holds: scores on the test split, parameters, minutes. None in a process that is not
        the chief.
    """
    start = time.perf_counter()
    workers = workers or Workers()
    reporter = Reporter(folder, console or Console(quiet=True)) if workers.is_chief else SilentReporter()
    if resume:
        if workers.is_chief:
            remove_leftovers(folder.path)
            check_resumable(folder, config, reporter.say)
        if workers.from_chief(folder.is_finished):
            # Its test split was scored; what may be missing is the export.
            reporter.say("this run is finished")
            return folder.read_json("metrics.json") if workers.is_chief else None
    with workers.chief_first():
        dataset = open_data(config.data, data_dir, offline)
    for note in dataset.description.notes:
        reporter.log(f"data: {note}")
    task = make_task(config)
    if resume and (folder.path / "vocabularies").is_dir():
        task.load_vocabularies(folder.path / "vocabularies")
    else:
        task.learn_vocabularies(dataset)
        if workers.is_chief:
            _save_vocabularies(task, folder)
    train, validation = task.load_training_splits(dataset)
    for split in (train, validation):
        reporter.say(_data_line(split))
    figures = [task.vocabulary_sizes(), *({split.name: str(split.report)} for split in (train, validation))]
    workers.check_agreement("the data", figures, hint="they need the same files, and the same versions of all packages")
    # Only now: preparing a data set draws from Python's generator too, the first time.
    keras.utils.set_random_seed(config.seed)
    with workers.strategy.scope(), compute_dtype(config.train.compute_dtype):
        model = task.build_model()
    check_masks(model)
    reporter.say(f"model: {config.model.cell}, {model.count_params():,} parameters")
    _warn_of_size(model, config, reporter)
    batches = task.make_batches(train, shuffle=True)
    shapes = ", ".join(f"{count} of {rows} × {width}" for (rows, width), count in batches.shapes.items())
    reporter.say(f"batches of an epoch: {shapes}")

    jit_compile = workers.can_compile and choose_jit_compile(config, batches)
    if workers.is_chief:
        computation = {"jit_compile": jit_compile, "compute_dtype": config.train.compute_dtype}
        differences = record_start(folder, {**computation, "replicas": workers.num_replicas})
        if differences:
            reporter.say(f"warning: not as when the run began, so bits may differ: {'; '.join(differences)}")
    checkpoints = folder.checkpoints(config.train.keep_checkpoints, reporter.say)
    loop = TrainingLoop(task, model, config.train, batches, checkpoints, jit_compile, workers)
    progress = ProgressReport(reporter, config.train.epochs, len(batches))
    if workers.is_chief:
        loop.set_callbacks(progress, CurveReport(folder, loop.history))
    try:
        loop.run(lambda model: task.evaluate(model, validation).metrics, resume=resume)
    except BadNumberError as error:
        if not workers.is_chief:
            raise
        raise save_bad_number(error, folder, config, train) from None
    finally:
        progress.close()
    if not workers.is_chief:
        return None
    resumed_seconds = sum(epoch["seconds"] for epoch in loop.history[: loop.num_epochs_before])
    reporter.say(
        f"best epoch: {loop.best_epoch}; the first steps of {len(loop.first_step_seconds)} shapes took "
        f"{sum(loop.first_step_seconds.values()):.1f} s, {'compiled by XLA' if jit_compile else 'without XLA'}"
    )
    model = to_float32(task, model)
    round_for_export(model, config.export)
    _save_model(model, folder)
    result = {
        "name": config.name,
        "seed": config.seed,
        "headline_metric": task.headline_metric,
        "parameters": model.count_params(),
        "best_epoch": loop.best_epoch,
        "epochs": len(loop.history),
        "validation": {"split": validation.name, **task.evaluate(model, validation).metrics},
        "test": _score_test_split(task, model, train, validation, dataset, folder, reporter),
        "jit_compile": jit_compile,
        "minutes": round((time.perf_counter() - start + resumed_seconds) / 60, 2),
        "replicas": workers.num_replicas,
        "cores": num_cores(),
        "processor": processor_name(),
    }
    folder.write_json("metrics.json", result)
    return result


def load_run(folder: RunFolder) -> tuple[Task, keras.Model]:
    """Returns the task and the trained model of a finished run."""
    task = make_task(folder.load_config())
    task.load_vocabularies(folder.path / "vocabularies")
    return task, load_model_file(folder.model_file)


def save_evaluation(task: Task, evaluation: Evaluation, folder: RunFolder) -> None:
    """Writes `evaluation.json` and the pictures of an evaluation."""
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.write_json("evaluation.json", {**evaluation.metrics, **evaluation.details})
    task.save_figures(evaluation, folder.path)


def _warn_of_size(model: keras.Model, config: RunConfig, reporter: Reporter) -> None:
    megabytes = count_bytes(model, config.export) / 1_000_000
    if megabytes > config.export.max_megabytes:
        reporter.say(
            f"warning: the weights alone take {megabytes:.1f} MB; the export will be refused, as it is over "
            f"export.max_megabytes = {config.export.max_megabytes}"
        )


def _score_test_split(
    task: Task,
    model: keras.Model,
    train: Split,
    validation: Split,
    dataset: Dataset,
    folder: RunFolder,
    reporter: Reporter,
) -> dict[str, Any]:
    test = task.load_split(dataset, task.config.data.test_split)
    reporter.say(_data_line(test))
    evaluation = task.evaluate(model, test, details=True)
    save_evaluation(task, evaluation, folder)
    scores: dict[str, Any] = {"split": test.name, **evaluation.metrics}
    if task.config.evaluate.baseline:
        scores |= task.evaluate_baseline(train, test)
    return scores | task.evaluate_further(model, dataset, validation, test)


def _save_vocabularies(task: Task, folder: RunFolder) -> None:
    with replace_atomically(folder.path / "vocabularies") as beside:
        beside.mkdir()
        task.save_vocabularies(beside)


def _save_model(model: keras.Model, folder: RunFolder) -> None:
    with replace_atomically(folder.model_file) as beside:
        model.save(beside)


def _data_line(split: Split) -> str:
    figures = ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in split.report.items())
    return f"data: {split.name}: {figures}"
