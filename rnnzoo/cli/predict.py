"""`rnnzoo predict`."""

import json
import sys
from pathlib import Path

import click

from rnnzoo.cli.attention_picture import check_picture, draw_picture
from rnnzoo.cli.interruption import advise
from rnnzoo.cli.options import json_option

_KEPT = "what was answered is kept: the same command with --resume goes on from there"


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
@click.option("--resume", is_flag=True, help="Go on from what an earlier run to the same --output has left, if any.")
@click.option(
    "--batch-size", type=click.IntRange(min=1), default=64, show_default=True, help="Texts or rows run together."
)
@click.option("--max-tokens", type=click.IntRange(min=0), help="Language models: the most tokens to write.")
@click.option("--temperature", type=click.FloatRange(min=0.0), help="Language models: 0 takes the most probable.")
@click.option("--top-k", type=click.IntRange(min=0), help="Language models: draw among so many; 0: all.")
@click.option(
    "--top-p",
    type=click.FloatRange(min=0.0, max=1.0, min_open=True),
    help="Language models: draw among the most probable that have this probability together.",
)
@click.option("--stop", help="Language models: the text ends before this string.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Language models: seed of the draws.")
@click.option("--label", help="Language models of classes: the class to write a text of.")
@click.option(
    "--attention",
    "picture",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Translators: draw where the model looked, of one text, to this .png or .html file.",
)
@click.option(
    "--url",
    help="Ask TensorFlow Serving: http://host:8501 by REST, or grpc://host:8500 by gRPC (needs the extra `grpc`).",
)
@json_option
def command(model, texts, input_path, output_path, resume, batch_size, picture, url, as_json, **settings):
    """Ask an export: texts as arguments, from a file, or a text a line on stdin.

    A model that takes no texts is asked in JSON: {"features": [[0.5, 1.0], [0.0, 2.0]]}. A language model writes on
    after the texts; what an option does not say is as the config of its training says.

    NAME is a row name, looked up in ./saved_models and then among the exports of the zoo, or the path of
    an export. With --url the answers come from a server; the export need not be on this machine.
    """
    from rich.console import Console

    if texts and input_path:
        raise click.UsageError("give texts or --input, not both")
    if bool(output_path) != bool(input_path):
        raise click.UsageError("--input and --output go together; texts can also come from stdin")
    if resume and not input_path:
        raise click.UsageError("--resume goes with --input and --output")
    if picture is not None:
        check_picture(picture, texts)
    console = Console(stderr=True)
    predictor, export = _connect(model, url) if url else _load(model, console)
    asked = _choose_signature(predictor, export, {name: value for name, value in settings.items() if value is not None})
    _check_label(predictor, export, settings["label"], texts)
    if settings["label"] is not None and not (texts or input_path):
        texts = ("",)
    if picture is not None:
        draw_picture(predictor, texts[0], picture)
        console.print(f"where it looked: {picture}", highlight=False, soft_wrap=True)
    if input_path:
        _predict_file(predictor, input_path, output_path, batch_size, resume, console, asked)
    elif texts:
        _show(predictor, texts, batch_size, as_json, asked)
    elif sys.stdin.isatty():
        console.print("a text a line; end with Ctrl-D", highlight=False)
        for line in sys.stdin:
            _show(predictor, [line], batch_size, as_json, asked)
    else:
        from rnnzoo.serving import predict_lines

        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
        for answer in predict_lines(predictor, sys.stdin, batch_size, **asked):
            click.echo(json.dumps(answer, ensure_ascii=False))


def _load(model, console):
    """Returns a predictor in this process, and the export."""
    from rnnzoo.cli.tensorflow_start import start_tensorflow
    from rnnzoo.config.locations import find_saved_model

    export = find_saved_model(model)
    with console.status("loading the model …"):
        start_tensorflow()

        from rnnzoo.serving import load

        return load(str(export)), export


def _connect(model, url):
    """Returns a client, and the export where it is on this machine too: what to ask of a language model is in it."""
    from rnnzoo.config import UserError
    from rnnzoo.config.locations import find_saved_model
    from rnnzoo.serving import Client
    from rnnzoo.serving.reference_requests import load_reference_json

    try:
        export = find_saved_model(model)
    except UserError:
        return Client(url, model), None
    return Client(url, load_reference_json(export)["served_name"]), export


def _choose_signature(predictor, export, settings):
    """Returns the signature to ask and its settings: of language models `generate`, with the defaults of the config."""
    if "generate" not in predictor.signatures():
        if settings:
            option = "--" + next(iter(settings)).replace("_", "-")
            raise click.UsageError(f"{option} is for language models")
        return {}
    inputs = predictor.signature("generate").inputs
    if "label" in settings and "label" not in inputs:
        raise click.UsageError("--label is for language models of classes")
    if export is None:
        return _choose_without_export(inputs, settings)
    from rnnzoo.config import load_config

    defaults = load_config(str(export / "assets.extra")).decode.model_dump()
    return {"signature": "generate", **{name: defaults[name] for name in inputs if name in defaults}, **settings}


def _choose_without_export(inputs, settings):
    """The server's graph knows the defaults, but only all of them together."""
    if not set(settings) - {"label"}:
        return settings
    missing = [name for name in inputs if name not in (*settings, "label", "prompt", "features")]
    if missing:
        from rnnzoo.config import UserError

        options = ", ".join("--" + name.replace("_", "-") for name in missing)
        raise UserError(
            "the export is not on this machine, so nothing tells its other settings", hint=f"also give {options}"
        )
    return {"signature": "generate", **settings}


def _check_label(predictor, export, label, texts):
    """The graph answers for every label; people are told which there are."""
    if "generate" not in predictor.signatures() or "label" not in predictor.signature("generate").inputs:
        return
    from rnnzoo.config import UserError
    from rnnzoo.serving import load_classes

    classes = load_classes(export) if export else []
    if label is not None and classes and label not in classes:
        raise UserError("no such class", key="--label", got=label, allowed=classes)
    if label is None and not all(text.lstrip().startswith("{") for text in texts):
        known = f"say which: {', '.join(classes)}" if classes else None
        raise UserError("the model writes texts of classes", key="--label", hint=known)


def _show(predictor, lines, batch_size, as_json, asked):
    from rnnzoo.serving import read_lines

    rows = list(read_lines(predictor, lines, **asked))
    if "signature" in asked and not as_json and isinstance(rows[0], str):
        _write(predictor, rows, asked)
        return
    answers = predictor.predict(rows, batch_size=batch_size, **asked)
    if as_json:
        for row, answer in zip(rows, answers, strict=True):
            # What a language model writes is called `text` too.
            name = "prompt" if "text" in answer else "text"
            shown = {name: row, **answer} if isinstance(row, str) else answer
            click.echo(json.dumps(shown, ensure_ascii=False))
        return
    from rich.console import Console

    from rnnzoo.cli.answers import print_answers

    print_answers(Console(), rows, answers)


def _write(predictor, prompts, asked):
    from rich.console import Console

    from rnnzoo.cli.generated_text import print_growing
    from rnnzoo.serving import LocalPredictor, write_on

    settings = {name: value for name, value in asked.items() if name != "signature"}
    for prompt in prompts:
        row = {"label": settings["label"], "prompt": prompt} if "label" in settings else prompt
        if isinstance(predictor, LocalPredictor):
            tokens = write_on(predictor, prompt, **settings)
        else:
            # The same text; a request for each token would take longer than all of it.
            tokens = iter([predictor.predict([prompt], **asked)[0]["text"]])
        print_growing(Console(), row, tokens)


def _predict_file(predictor, input_path, output_path, batch_size, resume, console, asked):
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    from rnnzoo.serving import is_resumable, predict_file

    advise(lambda: _KEPT if is_resumable(output_path) else "nothing was kept: the same command begins anew")
    columns = (TextColumn("{task.completed:,} lines answered"), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console, transient=True) as bar:
            row = bar.add_task("", total=None)
            counts = predict_file(
                predictor,
                input_path,
                output_path,
                batch_size,
                lambda answered: bar.update(row, completed=answered),
                resume=resume,
                **asked,
            )
    except Exception:
        if is_resumable(output_path):
            console.print(_KEPT)
        raise
    console.print(f"{counts.answered:,} lines answered: {output_path}", highlight=False, soft_wrap=True)
