"""`rnnzoo list`."""

import json
import sys

import click

from rnnzoo.cli.options import json_option


@click.command("list")
@json_option
def command(as_json):
    """List the rows of the zoo: task, data, cell, parameters, score, exported or not."""
    from rich.console import Console
    from rich.table import Table

    from rnnzoo.zoo.catalogue import list_rows

    rows = list_rows()
    if as_json:
        click.echo(json.dumps([row.to_json() for row in rows], indent=2, ensure_ascii=False))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("row", "task", "data", "cell", "parameters", "score", "exported"):
        table.add_column(column, justify="right" if column == "parameters" else "left", overflow="fold")
    for row in rows:
        table.add_row(
            row.name,
            row.task,
            row.data,
            row.cell,
            f"{row.parameters:,}" if row.parameters else "",
            f"{row.metric} {row.score:.4f}" if row.score is not None else "",
            "yes" if row.export else "no",
        )
    # A pipe has no width to keep to.
    Console(width=None if sys.stdout.isatty() else 160).print(table)
