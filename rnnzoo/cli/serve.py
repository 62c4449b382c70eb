"""`rnnzoo serve`."""

import json
import sys
from pathlib import Path

import click

from rnnzoo.cli.options import json_option

_port = click.IntRange(1, 65535)


@click.command("serve")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option(
    "--stable",
    multiple=True,
    metavar="[NAME=]VERSION",
    help="The version with the label stable; the newest where nothing is said. May be repeated.",
)
@click.option(
    "--canary",
    multiple=True,
    metavar="[NAME=]VERSION",
    help="The version with the label canary, loaded beside the stable one. May be repeated.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("serving"),
    show_default=True,
    help="Folder of the files.",
)
@click.option("--rest-port", type=_port, default=8501, show_default=True, help="Port of REST and metrics.")
@click.option("--grpc-port", type=_port, default=8500, show_default=True, help="Port of gRPC.")
@click.option("--image", default="tensorflow/serving", show_default=True, help="Docker image.")
@click.option("--models-root", default="/models", show_default=True, help="Where the server sees the models.")
@click.option(
    "--max-batch-size",
    type=click.IntRange(min=1),
    default=128,
    show_default=True,
    help="The most rows the server runs together; it refuses a larger request.",
)
@click.option(
    "--run",
    is_flag=True,
    help="Start tensorflow_model_server or docker, whichever is on the PATH, and ask each model once.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=300.0,
    show_default=True,
    help="With --run: seconds until the models must be available; docker may have to pull the image first.",
)
@json_option
def command(names, stable, canary, output, run, timeout, as_json, **settings):
    """Write the files with which TensorFlow Serving serves exports, and say how to start it.

    NAME is a row name, looked up in ./saved_models and then among the exports of the zoo, or the path of an export.
    """
    from rich.console import Console

    from rnnzoo.serving.served_models import find_served_models
    from rnnzoo.serving.server_files import ServerSettings, docker_line, find_refused_labels, write_server_files

    console = Console(stderr=as_json)
    settings = ServerSettings(**settings)
    models = find_served_models(names, stable, canary)
    line = docker_line(models, output, settings)
    refused = find_refused_labels(output, models)
    files = write_server_files(models, output, settings)
    if as_json:
        shown = {
            "files": [str(file) for file in files],
            "models": [{"name": model.name, "folder": str(model.folder), "labels": model.labels} for model in models],
            "docker": line,
            "refused_while_running": refused,
        }
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        _show(console, models, files, line)
    for label in refused:
        console.print(
            f"note: a server that runs on these files will not move {label}, which it has not loaded: restart it",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    if run:
        _run(console, models, output, settings, timeout)


def _show(console, models, files, line):
    for model in models:
        labels = ", ".join(f"{label} {version}" for label, version in model.labels.items())
        console.print(
            f"model:   {model.name}  ({labels})  {model.folder}", highlight=False, markup=False, soft_wrap=True
        )
    for file in files:
        console.print(f"file:    {file}", highlight=False, markup=False, soft_wrap=True)
    # The line is to be copied: no colours, no wrapping.
    console.print(f"serve:   {line}", highlight=False, markup=False, soft_wrap=True)


def _run(console, models, output, settings, timeout):
    from rnnzoo.serving.server_process import find_program, run_server

    program = find_program()
    with run_server(program, models, output, settings) as server:
        with console.status(f"{Path(program).name} loads the models …"):
            server.wait_until_available(models, timeout)
        for model in models:
            for asked in server.ask(model):
                verdict = f"differs: {asked.difference}" if asked.difference else "answers as when it was exported"
                console.print(
                    f"asked:   {asked.name} version {asked.version} {verdict} ({1000 * asked.seconds:.0f} ms)",
                    highlight=False,
                    markup=False,
                    soft_wrap=True,
                )
        try:
            console.print(f"serving: http://localhost:{settings.rest_port}  (Ctrl-C stops it)", highlight=False)
            sys.stdout.flush()
            server.wait()
        except KeyboardInterrupt:
            console.print("stopped", highlight=False)
