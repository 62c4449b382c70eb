"""`python -m benchmarks`: times rnnzoo's SimpleRNN against stock Keras and PyTorch."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from benchmarks.breakdown import time_breakdown
from benchmarks.end_to_end import QUICK_TRAININGS, TRAININGS, time_end_to_end
from benchmarks.generation import QUICK_SHAPE, SHAKESPEARE, time_generation
from benchmarks.inference import time_inference
from benchmarks.machine import describe_machine
from benchmarks.plots import plot_results
from benchmarks.report import insert_report, make_report
from benchmarks.results import SECTIONS, load_sections, save_section, write_text
from benchmarks.rounds import thread_counts
from benchmarks.serving import QUICK_ROWS, time_serving
from benchmarks.serving_exports import find_rows
from benchmarks.shapes import QUICK_SHAPES, TRAINING_SHAPES
from benchmarks.sweep import QUICK_SWEEPS, SWEEPS, time_sweeps
from benchmarks.training import time_training
from benchmarks.translation import time_translation
from benchmarks.translation_shape import MULTI30K, QUICK_TRANSLATOR
from rnnzoo.config import UserError

# Of the shapes, those whose forward pass is timed: one layer, bidirectional, residual.
_INFERENCE_SHAPES = ("language model", "tagger", "character model")
_FEW_ROUNDS = 3


@click.command(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", default=",".join(SECTIONS), show_default=True, help="Sections to time, joined by commas.")
@click.option("--shapes", default="", help="Shapes to train, by the start of their names; all by default.")
@click.option("--rows", default="", help="Rows of the section serving, by the start of their names; all by default.")
@click.option(
    "--quick", is_flag=True, help="Tiny sizes, one number of threads: to see that all works. The figures mean nothing."
)
@click.option("--repeats", type=click.IntRange(min=1), default=7, show_default=True, help="Rounds.")
@click.option("--seconds", type=float, default=0.5, show_default=True, help="How long a peer is timed in each round.")
@click.option("--threads", default="", help="Numbers of threads to try; powers of two up to the cores by default.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="TFDS' data_dir, for the section end_to_end.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("benchmarks/results"),
    show_default=True,
    help="Folder of the JSON files, results.md and the plots. Sections that lie there and are not timed are kept.",
)
@click.option("--document", type=click.Path(path_type=Path), help="Document between whose marks the tables are put.")
@click.option("--report-only", is_flag=True, help="Time nothing; write report and plots from the JSON files.")
def main(only, shapes, rows, quick, repeats, seconds, threads, data_dir, output, document, report_only):
    """Runs the benchmark."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        if not report_only:
            timers = _make_timers(shapes, rows, quick, repeats, seconds, _parse_threads(threads), data_dir)
            for section in _parse_sections(only):
                machine = describe_machine()
                save_section(output, section, {"machine": machine, **timers[section]()})
        sections = load_sections(output)
        report = make_report(sections)
        write_text(output / "results.md", report + "\n")
        plot_results(sections, output)
        if document:
            insert_report(report, document)
    except UserError as error:
        raise click.ClickException(str(error)) from None
    click.echo(report)
    _say(f"written to {output}")


def _make_timers(
    shapes: str, rows: str, quick: bool, repeats: int, seconds: float, threads: list[int], data_dir: Path | None
) -> dict[str, Callable[[], dict[str, Any]]]:
    if quick:
        repeats, seconds, threads = min(repeats, 2), min(seconds, 0.02), threads[-1:]
    all_shapes = QUICK_SHAPES if quick else TRAINING_SHAPES
    starts = tuple(start.strip() for start in shapes.split(",")) if shapes else ("",)
    chosen = [shape for shape in all_shapes if shape.name.startswith(starts)]
    if not chosen:
        raise UserError("no such shape", key="--shapes", got=shapes, allowed=[shape.name for shape in all_shapes])
    for_inference = [shape for shape in chosen if shape.name in _INFERENCE_SHAPES]
    few = min(repeats, _FEW_ROUNDS)
    return {
        "training": partial(time_training, chosen, threads, repeats, seconds, _say),
        "breakdown": partial(time_breakdown, chosen, threads, few, seconds, _say),
        "inference": partial(time_inference, for_inference, threads, repeats, seconds, _say),
        "sweep": partial(time_sweeps, QUICK_SWEEPS if quick else SWEEPS, threads, few, seconds / 2, _say),
        "end_to_end": partial(time_end_to_end, QUICK_TRAININGS if quick else TRAININGS, data_dir, threads, few, _say),
        "generation": partial(time_generation, QUICK_SHAPE if quick else SHAKESPEARE, threads, repeats, seconds, _say),
        "translation": partial(
            time_translation, QUICK_TRANSLATOR if quick else MULTI30K, threads, repeats, seconds, _say
        ),
        # Each row starts processes of its own: one number of threads, few rounds.
        "serving": partial(
            time_serving, find_rows(rows or (QUICK_ROWS if quick else "")), threads[:1], few, seconds / 2, _say
        ),
    }


def _parse_sections(only: str) -> list[str]:
    sections = [name.strip() for name in only.split(",") if name.strip()]
    for name in sections:
        if name not in SECTIONS:
            raise UserError("unknown section", key="--only", got=name, allowed=SECTIONS)
    return sections


def _parse_threads(threads: str) -> list[int]:
    if not threads:
        return thread_counts()
    counts = threads.split(",")
    if not all(count.strip().isdecimal() and int(count) > 0 for count in counts):
        raise UserError("not numbers of threads", key="--threads", got=threads, allowed="such as 1,2")
    return sorted({int(count) for count in counts})


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
