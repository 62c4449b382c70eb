"""The results as pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.end_to_end import describe_kind
from benchmarks.peers import (
    GENERATION_PEERS,
    INFERENCE_PEERS,
    PEERS,
    SWEEP_PEERS,
    TRAINING_PEERS,
    TRANSLATION_PEERS,
    TRANSLATOR_TRAINING_PEERS,
)

_COLORS = {
    "keras": "C0",
    "keras_xla": "C9",
    "keras_fit": "C7",
    "rnnzoo": "C1",
    "rnnzoo_xla": "C3",
    "torch": "C2",
    "torch_padded": "C8",
    "keras_session": "C9",
    "keras_predict": "C7",
    "rnnzoo_session": "C3",
}


def plot_results(sections: dict[str, dict[str, Any]], folder: Path) -> list[Path]:
    """Draws sections as PNG files and returns their paths; the section serving has tables alone."""
    makers = {
        "training": _plot_training,
        "breakdown": _plot_breakdown,
        "inference": _plot_inference,
        "sweep": _plot_sweeps,
        "end_to_end": _plot_end_to_end,
        "generation": _plot_generation,
        "translation": _plot_translation,
    }
    paths = []
    for name in filter(sections.__contains__, makers):
        paths.append(folder / f"{name}.png")
        makers[name](sections[name]).savefig(paths[-1], dpi=120)
    return paths


def _new_figure(width: float, height: float):
    # The object interface, not pyplot: no global state and no window system.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _plot_training(section: dict[str, Any]):
    shapes = section["shapes"]
    figure = _new_figure(2.2 * len(shapes) + 2.0, 6.4)
    speed, share = figure.subplots(2, 1, sharex=True)
    _draw_bars(speed, shapes, TRAINING_PEERS, "tokens_per_second", 1e-3)
    speed.set_ylabel("thousand tokens a second")
    speed.set_title("Training step")
    speed.legend(ncols=3, fontsize="small")
    _draw_bars(share, shapes, TRAINING_PEERS, "share_of_limit", 100.0)
    share.set_ylabel("% of the limits")
    share.set_xticks(range(len(shapes)), [f"{result['shape']['name']}\n{result['label']}" for result in shapes])
    share.tick_params(axis="x", labelsize="x-small")
    return figure


def _plot_breakdown(section: dict[str, Any]):
    shapes = section["shapes"]
    figure = _new_figure(1.6 * len(shapes) + 2.0, 3.6)
    axes = figure.add_subplot()
    bottom = [0.0] * len(shapes)
    for part in ("large_products", "recurrent_products"):
        values = [100.0 * result["seconds"][part] / result["seconds"]["step"] for result in shapes]
        axes.bar(range(len(shapes)), values, bottom=bottom, label=part.replace("_", " "))
        bottom = [below + value for below, value in zip(bottom, values, strict=True)]
    axes.axhline(100.0, color="C7", label="the step")
    axes.set_ylabel("% of our training step")
    axes.set_xticks(range(len(shapes)), [result["shape"]["name"] for result in shapes])
    axes.legend(fontsize="small")
    return figure


def _plot_inference(section: dict[str, Any]):
    results = section["results"]
    figure = _new_figure(1.5 * len(results) + 2.0, 4.0)
    axes = figure.add_subplot()
    _draw_bars(axes, results, INFERENCE_PEERS, "seconds", 1e3)
    axes.set_yscale("log")
    axes.set_ylabel("ms for 100 tokens")
    axes.set_title("Forward pass")
    axes.set_xticks(range(len(results)), [f"{result['shape']['name']}\nbatch {result['batch']}" for result in results])
    axes.legend(ncols=2, fontsize="small")
    return figure


def _plot_sweeps(section: dict[str, Any]):
    sweeps = section["sweeps"]
    figure = _new_figure(4.2 * len(sweeps), 3.8)
    for axes, sweep in zip(figure.subplots(1, len(sweeps), squeeze=False)[0], sweeps, strict=True):
        for name in SWEEP_PEERS:
            points = [point for point in sweep["points"] if name in point["peers"]]
            if points:
                sizes = [point[sweep["varied"]] for point in points]
                times = [point["peers"][name]["seconds"] * 1e3 for point in points]
                axes.loglog(sizes, times, marker=".", color=_COLORS[name], label=PEERS[name].label)
        axes.set_xlabel(f"{sweep['varied']} ({', '.join(f'{key} {value}' for key, value in sweep['fixed'].items())})")
        axes.set_ylabel("ms, forward and backward")
        axes.grid(True, which="major", alpha=0.3)
        axes.legend(fontsize="small")
    return figure


def _plot_end_to_end(section: dict[str, Any]):
    results = section["trainings"]
    figure = _new_figure(5.0 * len(results), 3.6)
    for axes, result in zip(figure.subplots(1, len(results), squeeze=False)[0], results, strict=True):
        names = list(result["peers"])
        values = [result["peers"][name]["tokens_per_second"] * 1e-3 for name in names]
        axes.bar(range(len(names)), values, color=[_COLORS[name] for name in names])
        axes.set_xticks(range(len(names)), [PEERS[name].label for name in names])
        axes.set_ylabel("thousand real tokens a second")
        axes.set_title(
            f"{result['training']['data']['dataset']}: {describe_kind(result['training'])}", fontsize="small"
        )
    return figure


def _plot_generation(section: dict[str, Any]):
    results = section["results"]
    figure = _new_figure(2.0 * len(results) + 2.0, 4.0)
    axes = figure.add_subplot()
    _draw_bars(axes, results, GENERATION_PEERS, "characters_per_second", 1.0)
    axes.set_yscale("log")
    axes.set_ylabel("characters a second")
    axes.set_title("Generating text")
    axes.set_xticks(range(len(results)), [f"batch {result['batch']}" for result in results])
    axes.legend(fontsize="small")
    return figure


def _plot_translation(section: dict[str, Any]):
    training, decoding = section["training"]["results"], section["decoding"]["results"]
    figure = _new_figure(1.8 * (len(training) + len(decoding)) + 2.0, 4.0)
    left, right = figure.subplots(1, 2)
    _draw_bars(left, training, TRANSLATOR_TRAINING_PEERS, "target_tokens_per_second", 1e-3)
    left.set_ylabel("thousand real target tokens a second")
    left.set_title("Training a translator")
    batch = section["shape"]["batch"]
    left.set_xticks(range(len(training)), [f"{batch} × {result['width']}" for result in training])
    _draw_bars(right, decoding, TRANSLATION_PEERS, "sentences_per_second", 1.0)
    right.set_yscale("log")
    right.set_ylabel("sentences a second")
    right.set_title("Translating")
    labels = [f"batch {result['batch']}\nbeam {result['beam_width']}" for result in decoding]
    right.set_xticks(range(len(decoding)), labels)
    for axes in (left, right):
        axes.legend(fontsize="small")
    return figure


def _draw_bars(axes, results: Sequence[dict[str, Any]], names: Sequence[str], key: str, scale: float) -> None:
    names = [name for name in names if any(name in result["peers"] for result in results)]
    width = 0.8 / max(len(names), 1)
    for place, name in enumerate(names):
        groups = [group for group, result in enumerate(results) if name in result["peers"]]
        values = [results[group]["peers"][name][key] * scale for group in groups]
        positions = [group + (place - (len(names) - 1) / 2) * width for group in groups]
        axes.bar(positions, values, width, color=_COLORS[name], label=PEERS[name].label.replace("`", ""))
