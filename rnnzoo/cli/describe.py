"""`rnnzoo describe`."""

import json
import sys
from dataclasses import asdict

import click

from rnnzoo.cli.options import config_argument, data_dir_option, json_option, offline_option, set_option


@click.command("describe")
@config_argument
@set_option
@click.option(
    "--data",
    "of_data",
    is_flag=True,
    help="Read the data and show sizes, lengths, labels, vocabulary, duplicates and the shapes of the batches.",
)
@data_dir_option
@offline_option
@json_option
def command(config, overrides, of_data, data_dir, offline, as_json):
    """Show the card of a row's export, and its config: every key with its value and meaning, as TOML."""
    if of_data:
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
    from rnnzoo.tasks.data_report import report_data

    with console.status("reading the data …"):
        report = report_data(run_config, data_dir=data_dir, offline=offline)
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2, ensure_ascii=False))
        return
    show_data_report(console, report)
    console.print(f"\nnext:    rnnzoo train {config}", highlight=False, soft_wrap=True)
