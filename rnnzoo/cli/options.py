"""Options that mean the same in every command."""

from pathlib import Path

import click

config_argument = click.argument("config", metavar="CONFIG")

set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="SECTION.KEY=VALUE",
    help="Override a key of the config; may be repeated. The value is written as in TOML.",
)

data_dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of prepared TFDS data (TFDS' data_dir).",
)

offline_option = click.option("--offline", is_flag=True, help="Open no connection: the data must be prepared already.")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text for people.")

runs_option = click.option(
    "--runs",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs"),
    show_default=True,
    help="Folder of the run folders.",
)

exports_option = click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("saved_models"),
    show_default=True,
    help="Folder of the exports.",
)
