"""`rnnzoo evaluate`."""

import json
from pathlib import Path

import click

from rnnzoo.cli.interruption import advise
from rnnzoo.cli.options import config_argument, data_dir_option, json_option, offline_option, runs_option


@click.command("evaluate")
@config_argument
@click.option("--split", help="Split to score, slices such as `test[:100]` too; by default the config's test split.")
@data_dir_option
@offline_option
@runs_option
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for evaluation.json and pictures.",
)
@click.option(
    "--judge",
    metavar="NAME",
    help="An export that classifies: has a language model of classes write texts, and this one name their classes.",
)
@json_option
def command(config, split, data_dir, offline, runs, output, judge, as_json):
    """Score a finished run, or an export from raw strings to answers, on a split of its data set."""
    from rich.console import Console

    from rnnzoo.cli.checked_config import load_checked_config
    from rnnzoo.training.run_folder import RunFolder

    advise("nothing was kept: the same command begins anew")
    source, export = _find_model(config, runs)
    overrides = [f"data.test_split={json.dumps(split)}"] if split else []
    split = load_checked_config(str(source.path), overrides, data_dir, offline).data.test_split
    console = Console(stderr=as_json)

    from rnnzoo.cli.tensorflow_start import start_tensorflow

    with console.status("starting TensorFlow …"):
        start_tensorflow()

    from rnnzoo.cli.next_steps import show_scores
    from rnnzoo.serving import load
    from rnnzoo.training.run import save_evaluation
    from rnnzoo.training.scoring import score_export, score_run

    if judge is not None and export is None:
        raise click.UsageError("--judge is for exports")
    if export is None:
        task, evaluation = score_run(source, split, data_dir=data_dir, offline=offline)
    else:
        predict = load(str(export)).predict
        task, evaluation = score_export(source, predict, split, data_dir=data_dir, offline=offline)
    if judge is not None:
        evaluation.metrics.update(_judge(export, judge))
    if output is not None:
        save_evaluation(task, evaluation, RunFolder(output))
    if as_json:
        scores = {"split": split, **evaluation.metrics, **evaluation.details}
        click.echo(json.dumps(scores, indent=2, ensure_ascii=False))
        return
    console.print(f"model: {export or source.path}", highlight=False, soft_wrap=True)
    show_scores(console, {"test": {"split": split, **evaluation.metrics}})
    if output is not None:
        console.print(f"details: {output}", highlight=False, soft_wrap=True)


def _judge(export, judge):
    from rnnzoo.config import UserError, load_config
    from rnnzoo.serving import judge_samples, load, load_classes

    config, writer = load_config(str(export / "assets.extra")), load(str(export))
    if "label" not in writer.signatures().get("generate", writer.signature("serving_default")).inputs:
        raise UserError("--judge is for language models of classes", got=str(export))
    settings = config.decode.model_dump(include={"max_tokens", "temperature", "top_k", "top_p", "stop"})
    return judge_samples(writer, load(judge), load_classes(export), config.evaluate.num_samples, **settings)


def _find_model(name_or_path, runs):
    """Returns a folder with the config and vocabularies of a model, and the export if it is one.

    A path is taken for what it is; a row name for its newest finished run, else for its export.
    """
    from rnnzoo.config import UserError
    from rnnzoo.config.locations import find_saved_model
    from rnnzoo.training.run_folder import RunFolder

    try:
        folder = RunFolder.find(name_or_path, runs)
        if folder.is_finished:
            return folder, None
    except UserError:
        pass
    export = find_saved_model(name_or_path)
    return RunFolder(export / "assets.extra"), export
