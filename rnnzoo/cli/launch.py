"""`rnnzoo launch`."""

import sys
from pathlib import Path

import click


@click.command("launch", context_settings={"ignore_unknown_options": True})
@click.option("--processes", type=click.IntRange(min=1), required=True, help="How many processes share each batch.")
@click.option(
    "--restarts",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="How often to start all again, from the last checkpoint, when one has died.",
)
@click.argument("arguments", metavar="CONFIG [OPTIONS OF TRAIN]", nargs=-1, required=True, type=click.UNPROCESSED)
def command(processes, restarts, arguments):
    """Train in several processes on this machine: `rnnzoo train`, started with a `TF_CONFIG` of its own for each.

    Shows what the first process prints; the others write to files beside the run folder. The first failure ends all.
    """
    from rnnzoo.cli import train
    from rnnzoo.config import load_config
    from rnnzoo.training.launching import Launch
    from rnnzoo.training.run_folder import RunFolder

    # As `train` itself reads them, so that a mistake is told once and not by each process.
    options = train.command.make_context("rnnzoo launch", list(arguments)).params
    if options["seeds"] > 1:
        raise click.UsageError("processes train one seed together: leave out --seeds")
    train.check_options(options)
    arguments = list(arguments)
    folder = options["run"]
    if folder is None and options["resume"]:
        folder = RunFolder.find(options["config"], options["runs"]).path
    elif folder is None:
        folder = RunFolder.propose_path(load_config(options["config"], options["overrides"]), options["runs"])
    if options["run"] is None:
        arguments += ["--run", str(folder)]
    log_folder = Path(folder).with_name(f"{Path(folder).name}-workers")
    train_command = [sys.executable, "-m", "rnnzoo.cli.main", "train", *arguments]
    launch = Launch(train_command, processes, log_folder, lambda line: click.echo(line, err=True))
    raise SystemExit(launch.run(restarts))
