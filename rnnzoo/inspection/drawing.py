"""Pictures and pages of a run, as files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnzoo.config import RunConfig, UserError
from rnnzoo.config.atomic_files import replace_atomically
from rnnzoo.inspection.activations import correlate_units, parse_units, select_units
from rnnzoo.inspection.gradient_flow import compare_gradient_flow
from rnnzoo.inspection.pages import write_activations_page, write_gradient_flow_page
from rnnzoo.inspection.plots import plot_activations, plot_gradient_flow
from rnnzoo.inspection.text_features import compute_text_feature
from rnnzoo.inspection.trained_runs import TrainedRun, find_finished_run

_BATCH_SIZE = 16
_SUFFIXES = (".png", ".html")
_MOST_UNITS = 200


@dataclass(frozen=True)
class Drawing:
    """What was drawn.

    Attributes:
        files: The files that were written.
        figures: The numbers behind them, for JSON.
        notes: What to tell the user.
    """

    files: tuple[Path, ...]
    figures: dict[str, Any]
    notes: tuple[str, ...] = ()


def draw_run(
    config: str,
    run_config: RunConfig,
    runs: Path,
    output: Path | None = None,
    *,
    text: str | None = None,
    units: str = "12",
    feature: str | None = None,
    gradient_flow: bool = False,
) -> Drawing:
    """Draws what a user asks of a row, a config file or a run folder.

    Args:
        config: What the user gave.
        run_config: The config in it.
        runs: Folder of the run folders.
        output: A file or a folder; None: the run's folder, or without a run the working folder.
        text: The text to draw hidden units over; None: they are not drawn.
        units: See `draw_activations`.
        feature: See `draw_activations`.
        gradient_flow: Whether to draw the gradient norm against the distance in time.

    Returns:
        What was drawn.

    Raises:
        UserError: There is no finished run to draw hidden units of, or what was asked for cannot be drawn.
    """
    if text is not None and gradient_flow and output is not None and output.suffix.lower() in _SUFFIXES:
        raise UserError("one file cannot hold both pictures", key="--output", got=str(output), allowed="a folder")
    folder = find_finished_run(config, run_config.name, runs)
    is_translator = run_config.task == "translation"
    if is_translator and text is not None:
        raise UserError(
            "hidden units are drawn of models with one recurrent stack, not with an encoder and a decoder",
            got=config,
            hint=f"`rnnzoo predict {run_config.name} TEXT --attention out.png` draws where it looks",
        )
    if folder is None and text is not None:
        raise UserError(
            "no finished run to draw hidden units of; an export has none to look at",
            got=config,
            hint=f"`rnnzoo train {config}` makes one",
        )
    run = None if folder is None or is_translator else TrainedRun(folder)
    output = output or (Path() if folder is None else folder.path)
    drawings = []
    if text is not None:
        drawings.append(draw_activations(run, text, output, units, feature))
    if gradient_flow:
        drawings.append(draw_gradient_flow(run_config.model.units, output, run, text))
    return Drawing(
        tuple(path for drawing in drawings for path in drawing.files),
        {name: figure for drawing in drawings for name, figure in drawing.figures.items()},
        tuple(dict.fromkeys(note for drawing in drawings for note in drawing.notes)),
    )


def draw_activations(
    run: TrainedRun, text: str, output: Path, units: str = "12", feature: str | None = None
) -> Drawing:
    """Draws hidden units of a trained model over a text.

    Args:
        run: The model.
        text: What it reads.
        output: A `.png` or `.html` file, or a folder for `activations.png` and `activations.html`.
        units: How many to draw, or which, as `parse_units` reads them.
        feature: One of `TEXT_FEATURES`: the units that correlate with it most; None: those of the greatest variance.

    Returns:
        The files, and the values of the units.

    Raises:
        UserError: There is no such unit or feature, nothing to read, or a file cannot be written.
    """
    activations = run.read(text)
    values = None if feature is None else compute_text_feature(feature, activations.tokens)
    if units.strip().isdecimal():
        chosen = select_units(activations, min(max(int(units), 1), _MOST_UNITS), values)
    else:
        chosen = parse_units(activations, units)
    notes = {}
    if values is not None:
        correlations = correlate_units(activations, values)
        name = feature.replace("_", " ")
        notes = {
            (layer, number): f"correlation with {name}: {correlations[layer][number]:+.2f}" for layer, number in chosen
        }
    files = _write_files(
        output,
        "activations",
        lambda path: plot_activations(activations, chosen, path),
        lambda path: write_activations_page(activations, chosen, path, run.name, notes),
    )
    shown = [
        {
            "unit": activations.name(unit),
            **({"correlation": float(correlations[unit[0]][unit[1]])} if values is not None else {}),
            "values": activations.values(unit).tolist(),
        }
        for unit in chosen
    ]
    return Drawing(files, {"tokens": list(activations.tokens), "units": shown}, run.notes)


def draw_gradient_flow(
    units: int, output: Path, run: TrainedRun | None = None, text: str | None = None, num_steps: int = 100
) -> Drawing:
    """Draws the gradient norm against the distance in time, of untrained layers and of a trained model.

    Args:
        units: Width of the untrained layers.
        output: A `.png` or `.html` file, or a folder for `gradient_flow.png` and `gradient_flow.html`.
        run: The trained model; None: none.
        text: What it reads; see `TrainedRun.draw_sequences`.
        num_steps: Distances in time.

    Returns:
        The files, and the norms.

    Raises:
        UserError: A file cannot be written.
    """
    trained = {} if run is None else {run.name: (run.stack, run.draw_sequences(num_steps, _BATCH_SIZE, text))}
    flow = compare_gradient_flow(units, num_steps=num_steps, batch_size=_BATCH_SIZE, trained=trained)
    notes = run.notes if run else ("there is no finished run with one recurrent stack: untrained layers alone",)
    files = _write_files(
        output,
        "gradient_flow",
        lambda path: plot_gradient_flow(flow, path),
        lambda path: write_gradient_flow_page(flow, path),
    )
    return Drawing(files, {"norms": {name: norms.tolist() for name, norms in flow.norms.items()}}, notes)


def _write_files(
    output: Path, name: str, write_picture: Callable[[Path], None], write_page: Callable[[Path], None]
) -> tuple[Path, ...]:
    writers = dict(zip(_SUFFIXES, (write_picture, write_page), strict=True))
    suffix = output.suffix.lower()
    is_file = suffix in writers and not output.is_dir()
    paths = [output] if is_file else [output / f"{name}{suffix}" for suffix in writers]
    for path in paths:
        with replace_atomically(path, "--output") as beside:
            writers[path.suffix.lower()](beside)
    return tuple(paths)
