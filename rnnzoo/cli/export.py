"""`rnnzoo export`."""

import json
from pathlib import Path

import click

from rnnzoo.cli.interruption import advise
from rnnzoo.cli.options import exports_option, json_option, runs_option


@click.command("export")
@click.argument("run", metavar="CONFIG", required=False)
@click.option(
    "--check",
    "directories",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    multiple=True,
    help="Check an export that is there already, against the answers stored in it. May be given several times.",
)
@exports_option
@runs_option
@json_option
def command(run, directories, output, runs, as_json):
    """Export a finished run as a checked SavedModel, or check exports."""
    from rich.console import Console

    console = Console(stderr=as_json)
    if (run is None) == (not directories):
        raise click.UsageError("give either a run to export, or --check with an export")
    advise("no version was written: the same command begins anew" if run else "")
    reports = [_export(run, output, runs, console)] if run else _check(directories, console)
    if as_json:
        shown = [
            {"path": str(report.directory), "failures": report.failures, "notes": report.notes, **report.facts}
            for report in reports
        ]
        click.echo(json.dumps(shown if len(shown) > 1 else shown[0], indent=2, ensure_ascii=False))
    else:
        for report in reports:
            _show(report, console)
    for report in reports:
        report.raise_on_failures()


def _check(directories, console):
    from rnnzoo.config.locations import versions_of
    from rnnzoo.export.checking import check_exports

    with console.status("checking …"):
        found = [(versions_of(directory), directory) for directory in directories]
        return check_exports([versions[max(versions)] if versions else directory for versions, directory in found])


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
