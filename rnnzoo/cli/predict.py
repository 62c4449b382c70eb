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
    help=(
        "File of texts: .txt, one a line, or .jsonl with the key `text`; or .jsonl with the model's inputs by name; "
        "for taggers also .conll or .conllu, a word a line."
    ),
)
@click.option(
    "--output",
    "output_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the answers, as .jsonl, or for taggers .conll; needs --input.",
)
@click.option(
    "--batch-size", type=click.IntRange(min=1), default=64, show_default=True, help="Texts or rows run together."
)
@json_option
def command(model, texts, input_path, output_path, batch_size, as_json):
    """Ask an export: texts as arguments, from a file, or a text a line on stdin.

    A model that takes no texts is asked in JSON: {"features": [[0.5, 1.0], [0.0, 2.0]]}.

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
        _show(predictor, texts, batch_size, as_json)
    elif sys.stdin.isatty():
        console.print("a text a line; end with Ctrl-D", highlight=False)
        for line in sys.stdin:
            _show(predictor, [line], batch_size, as_json)
    else:
        from rnnzoo.serving import predict_lines

        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
        for answer in predict_lines(predictor, sys.stdin, batch_size):
            click.echo(json.dumps(answer, ensure_ascii=False))


def _show(predictor, lines, batch_size, as_json):
    from rnnzoo.serving import read_lines

    rows = list(read_lines(predictor, lines))
    answers = predictor.predict(rows, batch_size=batch_size)
    if as_json:
        for row, answer in zip(rows, answers, strict=True):
            shown = {"text": row, **answer} if isinstance(row, str) else answer
            click.echo(json.dumps(shown, ensure_ascii=False))
        return
    from rich.console import Console

    from rnnzoo.cli.answers import print_answers

    print_answers(Console(), rows, answers)


def _predict_file(predictor, input_path, output_path, batch_size, console):
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    from rnnzoo.serving import predict_file

    columns = (TextColumn("{task.completed:,} lines answered"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        row = bar.add_task("", total=None)
        counts = predict_file(
            predictor, input_path, output_path, batch_size, lambda answered: bar.update(row, completed=answered)
        )
    console.print(f"{counts.answered:,} lines answered: {output_path}", highlight=False, soft_wrap=True)
