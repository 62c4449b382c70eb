"""`rnnzoo train`."""

import json
from pathlib import Path

import click

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
@click.option("--resume", is_flag=True, help="Go on with the newest run of the row, from its last checkpoint.")
@click.option("--export/--no-export", "wants_export", default=True, help="Whether to export when done.")
@exports_option
@runs_option
@json_option
def command(config, overrides, data_dir, offline, seed, seeds, resume, wants_export, output, runs, as_json):
    """Train a model, score it, and export it."""
    from rich.console import Console

    from rnnzoo.cli.checked_config import load_checked_config

    if resume and (overrides or seed is not None or seeds > 1):
        raise click.UsageError("--resume goes on with the config of the run: leave out --set, --seed and --seeds")
    if seed is not None:
        overrides = (*overrides, f"seed={seed}")
    source = _config_to_resume(config, runs) if resume else config
    run_config = load_checked_config(source, overrides, data_dir, offline)
    console = Console(stderr=as_json)

    from rnnzoo.cli.tensorflow_start import start_tensorflow

    with console.status("starting TensorFlow …"):
        start_tensorflow()

    from rnnzoo.cli.next_steps import show_example_answers, show_next_steps, show_scores
    from rnnzoo.export.run_export import export_run
    from rnnzoo.training.run import train_run
    from rnnzoo.training.run_folder import RunFolder

    folder = RunFolder.find(config, runs) if resume else RunFolder.create(run_config, runs)
    results = []
    for number in range(seeds):
        seed_config = run_config.model_copy(update={"seed": run_config.seed + number})
        seed_folder = folder if number == 0 else RunFolder.create(seed_config, runs)
        console.print(f"run: {seed_folder.path}", highlight=False, soft_wrap=True)
        try:
            result = train_run(
                seed_config, folder=seed_folder, data_dir=data_dir, offline=offline, resume=resume, console=console
            )
        except KeyboardInterrupt:
            console.print(f"\nstopped; go on with: rnnzoo train {seed_folder.path} --resume", soft_wrap=True)
            raise
        results.append(result)
    result = results[0]
    if seeds > 1:
        result |= {"seeds": [{"seed": each["seed"], **each["test"]} for each in results]}
        folder.write_json("metrics.json", result)
    show_scores(console, result)
    exported = None
    if wants_export:
        with console.status("exporting and checking …"):
            exported = export_run(folder, output)
        show_example_answers(console, exported.path)
    show_next_steps(console, run_config.name, folder.path, exported.path if exported else None)
    if as_json:
        report = {**result, "run": str(folder.path), "export": str(exported.path) if exported else None}
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))


def _config_to_resume(name_or_path: str, runs: Path) -> str:
    from rnnzoo.training.run_folder import RunFolder

    return str(RunFolder.find(name_or_path, runs).path)
