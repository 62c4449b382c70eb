"""`rnnzoo build`."""

import json
from pathlib import Path

import click

from rnnzoo.cli.options import config_argument, data_dir_option, json_option, offline_option, set_option


@click.command("build")
@config_argument
@set_option
@data_dir_option
@offline_option
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Save the untrained model as .keras.")
@json_option
def command(config, overrides, data_dir, offline, output, as_json):
    """Build the model of a config and show its shapes, its parameters and where the mask goes."""
    from rich.console import Console

    from rnnzoo.cli.checked_config import load_checked_config

    if output is not None and output.suffix != ".keras":
        raise click.BadParameter("the file name must end in .keras", param_hint="--output")
    run_config = load_checked_config(config, overrides, data_dir, offline)
    console = Console(stderr=as_json)

    from rnnzoo.cli.tensorflow_start import start_tensorflow

    with console.status("starting TensorFlow …"):
        start_tensorflow()

    from rich.table import Table

    from rnnzoo.builders import check_masks, report_masks
    from rnnzoo.training.build import build_from_config

    model = build_from_config(run_config, data_dir=data_dir, offline=offline)
    try:
        check_masks(model)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    rows = report_masks(model)
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        model.save(output)
    if as_json:
        report = {"parameters": model.count_params(), "layers": [vars(row) for row in rows]}
        click.echo(json.dumps(report, indent=2))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("layer", "kind", "output", "parameters", "mask"):
        table.add_column(column, justify="right" if column == "parameters" else "left")
    for row in rows:
        table.add_row(row.layer, row.kind, row.output_shape, f"{row.num_parameters:,}", row.mask)
    console.print(table)
    console.print(
        f"\n{model.count_params():,} parameters; padding does not change an answer (checked)", highlight=False
    )
    if output is not None:
        console.print(f"saved:   {output}", highlight=False, soft_wrap=True)
    console.print(f"next:    rnnzoo train {config}", highlight=False, soft_wrap=True)
