"""`rnnzoo train`."""

import json
from pathlib import Path
from typing import Any

import click

from rnnzoo.cli.interruption import advise
from rnnzoo.cli.options import (
    config_argument,
    data_dir_option,
    exports_option,
    json_option,
    offline_option,
    runs_option,
    set_option,
)


@click.command("train")
@config_argument
@set_option
@data_dir_option
@offline_option
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the run, in place of the config's.")
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Train with this many seeds, one after the other; the first one is exported, the card tells all.",
)
@click.option(
    "--run",
    type=click.Path(path_type=Path, file_okay=False),
    help="The run folder, in place of a new one below --runs.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the newest run of the row, or that of --run, from its last checkpoint. With --run, begin where "
    "there is none yet: the same command starts a run and goes on with it.",
)
@click.option("--export/--no-export", "wants_export", default=True, help="Whether to export when done.")
@click.option(
    "--wait-for-workers",
    "wait_seconds",
    type=click.FloatRange(min=0),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="With TF_CONFIG: how long to wait for the other workers.",
)
@exports_option
@runs_option
@json_option
@click.pass_context
def command(
    context,
    config,
    overrides,
    data_dir,
    offline,
    seed,
    seeds,
    run,
    resume,
    wants_export,
    wait_seconds,
    output,
    runs,
    as_json,
):
    """Train a model, score it, and export it.

    Runs as one of several workers where TF_CONFIG says so (docs/distributed.md), and on all GPUs of a machine.
    """
    from rich.console import Console

    from rnnzoo.cli.chosen_run import choose_run
    from rnnzoo.training.cluster import read_cluster

    check_options(context.params)
    cluster = read_cluster()
    is_chief = cluster is None or cluster.is_chief
    chosen = choose_run(
        config,
        overrides,
        seed=seed,
        run=run,
        runs=runs,
        resume=resume,
        is_chief=is_chief,
        data_dir=data_dir,
        offline=offline,
    )
    # Of several workers the first one speaks.
    console = Console(stderr=as_json, quiet=not is_chief)

    from rnnzoo.cli.tensorflow_start import quiet_stderr, start_tensorflow

    with console.status("starting TensorFlow …"):
        start_tensorflow(wakes_runtime=False)

    from rnnzoo.cli.export_apart import export_apart
    from rnnzoo.cli.going_on import tell_how_to_export, tell_how_to_resume
    from rnnzoo.cli.next_steps import show_example_answers, show_next_steps, show_scores
    from rnnzoo.cli.reading_progress import show_reading
    from rnnzoo.export.run_export import export_run
    from rnnzoo.training.run import train_run
    from rnnzoo.training.workers import start_workers

    waiting = f"waiting for {len(cluster.addresses) - 1} other workers …" if cluster else "starting TensorFlow …"
    with console.status(waiting):
        workers = start_workers(cluster, wait_seconds, quiet_stderr)
    with workers, show_reading(console):
        folders, results = [], []
        for number in range(seeds):
            seed_config, folder, has_begun = chosen.begin(number, runs, is_chief, workers.from_chief)
            folders.append(folder)
            console.print(f"run: {folder.path}", highlight=False, soft_wrap=True)
            advise(tell_how_to_resume(context.params, folder.path, len(results), is_alone=cluster is None))
            result = train_run(
                seed_config,
                folder=folder,
                data_dir=data_dir,
                offline=offline,
                resume=has_begun,
                console=console,
                workers=workers,
            )
            results.append(result)
        if not is_chief:
            return
        folder, result = folders[0], results[0]
        if seeds > 1:
            result |= {"seeds": [{"seed": each["seed"], **each["test"]} for each in results]}
            folder.write_json("metrics.json", result)
        show_scores(console, result)
        exported = None
        advise(tell_how_to_export(context.params, folder.path))
        if wants_export:
            with console.status("exporting and checking …"):
                # An export names devices: those of this process must not be a cluster's.
                exported = export_apart(folder, output) if cluster else export_run(folder, output).path
            show_example_answers(console, exported)
    show_next_steps(console, result["name"], folder.path, exported)
    if as_json:
        report = {**result, "run": str(folder.path), "export": str(exported) if exported else None}
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))


def check_options(options: dict[str, Any]) -> None:
    """Checks options that do not go together.

    Raises:
        click.UsageError: There are such.
    """
    if options["run"] is not None and options["seeds"] > 1:
        raise click.UsageError("--run names the folder of one run: leave out --seeds")
    is_changed = options["overrides"] or options["seed"] is not None or options["seeds"] > 1
    if options["resume"] and options["run"] is None and is_changed:
        raise click.UsageError("--resume goes on with the config of the run: leave out --set, --seed and --seeds")
