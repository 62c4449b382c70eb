"""Pictures of scores."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

_MOST_NUMBERED = 25


def _new_figure(width: float, height: float):
    # The object interface, not pyplot: no global state and no window system.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def plot_confusion_matrix(matrix: Sequence[Sequence[int]], class_names: Sequence[str], path: Path) -> None:
    """Draws a confusion matrix as PNG: rows are true classes, columns predicted ones."""
    counts = np.asarray(matrix)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(3.0 + 0.35 * len(class_names), 30.0)
    figure = _new_figure(side + 0.8, side)
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    figure.colorbar(image, ax=axes, label="share of the true class")
    axes.set_xticks(range(len(class_names)), class_names, rotation=90, parse_math=False)
    axes.set_yticks(range(len(class_names)), class_names, parse_math=False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    if len(class_names) <= _MOST_NUMBERED:
        # Where cells are small, so that the longest number fits into one.
        size = min(10.0, 36.0 / len(str(counts.max()))) if len(class_names) > 5 else 10.0
        for row, column in np.ndindex(*counts.shape):
            color = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=color, fontsize=size)
    figure.savefig(path, dpi=120)


def plot_curves(history: Sequence[Mapping[str, float]], path: Path) -> None:
    """Draws the metrics of each epoch as PNG, those of training and validation in one panel.

    Args:
        history: One mapping an epoch from metric to number; `validation_x` belongs to `x`.
        path: The file to write.
    """
    names = list(dict.fromkeys(name.removeprefix("validation_") for epoch in history for name in epoch))
    names = [name for name in names if name not in ("epoch", "num_examples", "seconds")]
    figure = _new_figure(4.0 * len(names), 3.2)
    epochs = range(1, len(history) + 1)
    for place, name in enumerate(names):
        axes = figure.add_subplot(1, len(names), place + 1)
        for key, label, color in ((name, "train", "C0"), (f"validation_{name}", "validation", "C1")):
            values = [epoch.get(key, np.nan) for epoch in history]
            if not np.all(np.isnan(values)):
                axes.plot(epochs, values, marker=".", label=label, color=color)
        axes.set_title(name.replace("_", " "))
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend()
    figure.savefig(path, dpi=120)
