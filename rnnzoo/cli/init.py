"""`rnnzoo init`."""

import shlex
from pathlib import Path

import click


@click.command("init")
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The config to write; by default named after DATA, in the current folder.",
)
@click.option("--name", help="Name of the row, and of its export; by default that of DATA.")
@click.option("--format", "data_format", metavar="FORMAT", help="csv, tsv, jsonl, folders or lines; else guessed.")
@click.option("--text-column", metavar="NAME", help="The column with the text; else guessed.")
@click.option("--label-column", metavar="NAME", help="The column with the label; else guessed.")
@click.option("--force", is_flag=True, help="Write over a config that is there.")
def command(data, output, name, data_format, text_column, label_column, force):
    """Look at a file or a folder of texts, guess what to learn from it, and write a config to train.

    DATA is a csv, tsv or jsonl file; a folder of files named as train, validation and test; a folder with a
    folder of .txt files for each class; or a folder with a file of texts and a file of labels. All may be gzipped.
    """
    from rich.console import Console

    from rnnzoo.config import UserError
    from rnnzoo.tasks.proposing import Wishes, name_after, propose

    output = output or Path(f"{name_after(data)}.toml")
    if output.exists() and not force:
        raise UserError("there already", file=output, hint="--force writes over it; --output names another file")
    console = Console()
    with console.status("reading the data …"):
        proposal = propose(data, name or name_after(data), Wishes(data_format, text_column, label_column))
    shown = shlex.quote(str(output))
    proposal.save(output, [f"Written by `rnnzoo init`; every key and its meaning: `rnnzoo describe {shown}`."])
    for heading, line in proposal.facts:
        _say(console, f"{heading + ':':9} {line}")
    for line in proposal.warnings:
        _say(console, line if line.startswith(" ") else f"note:     {line}")
    _say(console, f"\nwrote:    {shown}")
    _say(console, f"next:     rnnzoo train {shown}")


def _say(console, line):
    console.print(line, markup=False, highlight=False, soft_wrap=True)
