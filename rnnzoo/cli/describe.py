"""`rnnzoo describe`."""

import json

import click

from rnnzoo.cli.options import config_argument, json_option, set_option


@click.command("describe")
@config_argument
@set_option
@json_option
def command(config, overrides, as_json):
    """Show the card of a row's export, and its config: every key with its value and meaning, as TOML."""
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
