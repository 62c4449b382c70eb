"""`rnnzoo predict`."""

import json
import sys
from pathlib import Path

import click

from rnnzoo.cli.options import json_option


@click.command("predict")
@click.argument("model", metavar="NAME")
@click.argument("texts", metavar="[TEXT]...", nargs=-1)
@click.option(
    "--input",
    "input_path",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="File of texts: .txt, one a line, or .jsonl with the key `text`.",
)
@click.option(
    "--output",
    "output_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the answers, as .jsonl; needs --input.",
)
@click.option("--batch-size", type=click.IntRange(min=1), default=64, show_default=True, help="Texts run together.")
@json_option
def command(model, texts, input_path, output_path, batch_size, as_json):
    """Ask an export: texts as arguments, from a file, or a text a line on stdin.

    NAME is a row name, looked up in ./saved_models and then among the exports of the zoo, or the path of
    an export.
    """
    from rich.console import Console

    from rnnzoo.config.locations import find_saved_model

    if texts and input_path:
        raise click.UsageError("give texts or --input, not both")
    if bool(output_path) != bool(input_path):
        raise click.UsageError("--input and --output go together; texts can also come from stdin")
    export = find_saved_model(model)
    console = Console(stderr=True)

    from rnnzoo.cli.tensorflow_start import start_tensorflow

    with console.status("loading the model …"):
        start_tensorflow()

        from rnnzoo.serving import load

        predictor = load(str(export))
    if input_path:
        _predict_file(predictor, input_path, output_path, batch_size, console)
    elif texts:
        _show(texts, predictor.predict(texts, batch_size=batch_size), as_json)
    elif sys.stdin.isatty():
        console.print("a text a line; end with Ctrl-D", highlight=False)
        for line in sys.stdin:
            text = line.rstrip("\n")
            _show([text], predictor.predict([text]), as_json)
    else:
        from rnnzoo.serving import predict_lines

        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
        for answer in predict_lines(predictor, sys.stdin, batch_size):
            click.echo(json.dumps(answer, ensure_ascii=False))


def _show(texts, answers, as_json):
    if as_json:
        for text, answer in zip(texts, answers, strict=True):
            click.echo(json.dumps({"text": text, **answer}, ensure_ascii=False))
        return
    from rich.console import Console

    from rnnzoo.cli.answers import print_answers

    print_answers(Console(), texts, answers)


def _predict_file(predictor, input_path, output_path, batch_size, console):
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    from rnnzoo.serving import predict_file

    columns = (TextColumn("{task.completed:,} texts answered"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        row = bar.add_task("", total=None)
        counts = predict_file(
            predictor, input_path, output_path, batch_size, lambda answered: bar.update(row, completed=answered)
        )
    console.print(f"{counts.answered:,} texts answered: {output_path}", highlight=False, soft_wrap=True)
