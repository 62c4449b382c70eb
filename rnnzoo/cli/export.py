"""`rnnzoo export`."""

import json
from pathlib import Path

import click

from rnnzoo.cli.options import exports_option, json_option, runs_option


@click.command("export")
@click.argument("run", metavar="CONFIG", required=False)
@click.option(
    "--check",
    "directory",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Check an export that is there already, against the answers stored in it.",
)
@exports_option
@runs_option
@json_option
def command(run, directory, output, runs, as_json):
    """Export a finished run as a checked SavedModel, or check an export."""
    from rich.console import Console

    console = Console(stderr=as_json)
    if (run is None) == (directory is None):
        raise click.UsageError("give either a run to export, or --check with an export")
    report = _export(run, output, runs, console) if run else _check(directory, console)
    if as_json:
        shown = {"path": str(report.directory), "failures": report.failures, "notes": report.notes, **report.facts}
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        _show(report, console)
    report.raise_on_failures()


def _check(directory, console):
    from rnnzoo.config.locations import versions_of
    from rnnzoo.export.checking import check_export

    versions = versions_of(directory)
    with console.status("checking …"):
        return check_export(versions[max(versions)] if versions else directory)


def _export(run, output, runs, console):
    from rnnzoo.cli.tensorflow_start import start_tensorflow
    from rnnzoo.training.run_folder import RunFolder

    folder = RunFolder.find(run, runs)
    with console.status("exporting and checking …"):
        start_tensorflow()

        from rnnzoo.export.run_export import export_run

        return export_run(folder, output).report


def _show(report, console):
    for name, seconds in report.seconds.items():
        failed = sum(failure.startswith(f"{name}:") for failure in report.failures)
        console.print(f"{name:8} {'FAILED' if failed else 'passed'}  {seconds:.1f} s", highlight=False)
    for note in report.notes:
        console.print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"export:  {report.directory}", highlight=False, soft_wrap=True)
