"""`rnnzoo describe`."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from rnnzoo.cli.options import (
    config_argument,
    data_dir_option,
    json_option,
    offline_option,
    runs_option,
    set_option,
)


@click.command("describe")
@config_argument
@set_option
@click.option(
    "--data",
    "of_data",
    is_flag=True,
    help="Read the data and show sizes, lengths, labels, vocabulary, duplicates and the shapes of the batches.",
)
@click.option(
    "--activations",
    "text",
    metavar="TEXT",
    help="Draw hidden units of the trained model over this text, as PNG and as a page.",
)
@click.option(
    "--units",
    default="12",
    show_default=True,
    metavar="N|LAYER:UNIT,...",
    help="With --activations: how many units to draw, or which.",
)
@click.option(
    "--feature",
    metavar="NAME",
    help="With --activations: draw the units that correlate most with this of the tokens, such as inside_quotes or "
    "line_position; else those of the greatest variance.",
)
@click.option(
    "--gradient-flow",
    "of_gradients",
    is_flag=True,
    help="Draw the gradient norm against distance in time: of untrained cells and initialisers, and of the trained "
    "model if there is one.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="With --activations or --gradient-flow: a .png or .html file, or a folder for both; by default the run's.",
)
@runs_option
@data_dir_option
@offline_option
@json_option
def command(config, overrides, of_data, text, units, feature, of_gradients, output, runs, data_dir, offline, as_json):
    """Show the card of a row's export, and its config: every key with its value and meaning, as TOML."""
    if text is not None or of_gradients:
        _draw(config, overrides, of_data, text, units, feature, of_gradients, output, runs, as_json)
    elif of_data:
        _describe_data(config, overrides, data_dir, offline, as_json)
    else:
        _describe_config(config, overrides, as_json)


def _describe_config(config, overrides, as_json):
    from rich.console import Console
    from rich.markdown import Markdown

    from rnnzoo.config import UserError, load_config
    from rnnzoo.config.documentation import annotate, document_keys
    from rnnzoo.config.locations import find_saved_model
    from rnnzoo.zoo.catalogue import read_card, read_score

    run_config = load_config(config, overrides)
    keys = document_keys(type(run_config), run_config)
    try:
        export = find_saved_model(run_config.name)
    except UserError:
        export = None
    if as_json:
        described = {
            "config": run_config.model_dump(),
            "export": str(export) if export else None,
            "score": read_score(export) if export else None,
        }
        click.echo(json.dumps(described, indent=2, ensure_ascii=False))
        return
    console = Console()
    if export:
        console.print(Markdown(read_card(export)))
        console.print(f"\nexport: {export}\n", highlight=False, soft_wrap=True)
    for line in annotate(keys):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _describe_data(config, overrides, data_dir, offline, as_json):
    from rich.console import Console

    from rnnzoo.cli.checked_config import load_checked_config

    run_config = load_checked_config(config, overrides, data_dir, offline)
    # A pipe has no width to keep to.
    console = Console(stderr=as_json, width=None if sys.stdout.isatty() else 160)

    from rnnzoo.cli.tensorflow_start import start_tensorflow

    with console.status("starting TensorFlow …"):
        start_tensorflow()

    from rnnzoo.cli.data_tables import show_data_report
    from rnnzoo.cli.reading_progress import show_reading
    from rnnzoo.tasks.data_report import report_data

    with console.status("reading the data …") as status, show_reading(console, status):
        report = report_data(run_config, data_dir=data_dir, offline=offline)
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2, ensure_ascii=False))
        return
    show_data_report(console, report)
    console.print(f"\nnext:    rnnzoo train {config}", highlight=False, soft_wrap=True)


def _draw(config, overrides, of_data, text, units, feature, of_gradients, output, runs, as_json):
    from rich.console import Console

    from rnnzoo.config import UserError, load_config

    if of_data:
        raise UserError("--data is asked for apart from pictures", key="--data")
    run_config = load_config(config, overrides)
    console = Console(stderr=as_json)

    from rnnzoo.cli.tensorflow_start import start_tensorflow

    with console.status("starting TensorFlow …"):
        start_tensorflow()

    from rnnzoo.inspection.drawing import draw_run

    with console.status("drawing …"):
        drawing = draw_run(
            config, run_config, runs, output, text=text, units=units, feature=feature, gradient_flow=of_gradients
        )
    if as_json:
        figures = {**drawing.figures, "files": [str(path) for path in drawing.files]}
        click.echo(json.dumps(figures, indent=2, ensure_ascii=False))
        return
    for note in drawing.notes:
        console.print(f"note:    {note}", highlight=False, markup=False, soft_wrap=True)
    for path in drawing.files:
        console.print(f"drawn:   {path}", highlight=False, markup=False, soft_wrap=True)
