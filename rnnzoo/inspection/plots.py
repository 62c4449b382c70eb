"""Pictures of gradients, of hidden units and of attention."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rnnzoo.inspection.activations import Activations, Unit
from rnnzoo.inspection.gradient_flow import GradientFlow
from rnnzoo.inspection.shown_tokens import show_token

# What is smaller is not told apart from nothing in float32.
_LEAST_SHOWN = 1e-9
POSITIVE_COLOR, NEGATIVE_COLOR = "#e15749", "#4a86d6"
_MOST_WIDE = 100
_MOST_SHOWN = 1000


def _new_figure(width: float, height: float):
    # The object interface, not pyplot: no global state and no window system.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _save(figure: Any, path: Path | Any, **options: Any) -> None:
    with warnings.catch_warnings():
        # A character that the font lacks is drawn as a box.
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(path, **options)


def draw_gradient_flow(flow: GradientFlow) -> Any:
    """Draws the gradient norms, as shares of that at the last step, against the distance in time.

    Args:
        flow: What was measured.

    Returns:
        A matplotlib figure.
    """
    figure = _new_figure(7.5, 6.0)
    axes = figure.add_subplot()
    colors: dict[str, str] = {}
    for name in flow.norms:
        # A cell has one colour, whatever was done to it.
        is_variant = "gates open" in name
        color = colors.setdefault(name.partition(", gates")[0], f"C{len(colors)}")
        style = {"linestyle": "--", "linewidth": 1.2} if is_variant else {"linewidth": 1.8}
        if name in flow.trained:
            color, style = "black", {"linewidth": 2.4}
        shares = flow.relative(name)
        axes.plot(np.arange(len(shares)), np.maximum(shares, _LEAST_SHOWN / 10), label=name, color=color, **style)
    axes.set_yscale("log")
    greatest = max((shares.max() for shares in map(flow.relative, flow.norms)), default=1.0)
    axes.set_ylim(_LEAST_SHOWN, max(3.0, 3.0 * greatest))
    axes.set_xlim(left=0)
    axes.set_xlabel("distance in time: steps before the last")
    axes.set_ylabel("gradient norm (last step = 1)")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=2, fontsize="small")
    return figure


def plot_gradient_flow(flow: GradientFlow, path: Path) -> None:
    """Draws the gradient norms against the distance in time as PNG, on a logarithmic scale."""
    _save(draw_gradient_flow(flow), path, format="png", dpi=120)


def plot_activations(activations: Activations, units: Sequence[Unit], path: Path) -> None:
    """Draws units over the tokens of a text as PNG: a row a unit, a column a token.

    Each unit is scaled by its own greatest magnitude: red is positive, blue negative. Long texts go on below;
    the first thousand tokens are drawn.

    Args:
        activations: Of a text.
        units: Layer and number of each unit to show.
        path: The file to write.
    """
    from matplotlib.colors import LinearSegmentedColormap

    colors = LinearSegmentedColormap.from_list("activations", [NEGATIVE_COLOR, "#ffffff", POSITIVE_COLOR])
    tokens = activations.tokens[:_MOST_SHOWN]
    values = np.stack([scale_unit(activations.values(unit)) for unit in units])[:, : len(tokens)]
    width = min(len(tokens), _MOST_WIDE)
    starts = range(0, len(tokens), width)
    longest = max(len(show_token(token)) for token in tokens)
    height = 0.17 * len(units) + 0.25 + 0.065 * longest
    figure = _new_figure(2.6 + max(0.135 * width, 2.5), 0.7 + height * len(starts))
    panels = figure.subplots(len(starts), 1, squeeze=False)[:, 0]
    for axes, start in zip(panels, starts, strict=True):
        shown = values[:, start : start + width]
        image = axes.imshow(shown, cmap=colors, vmin=-1.0, vmax=1.0, aspect="auto", interpolation="nearest")
        labels = [show_token(token) for token in tokens[start : start + width]]
        axes.set_xticks(range(len(labels)), labels, fontsize=7, parse_math=False)
        for label in axes.get_xticklabels():
            label.set_rotation(90 if len(label.get_text()) > 1 else 0)  # words, not characters
        axes.set_yticks(range(len(units)), [activations.name(unit) for unit in units], fontsize=7)
        axes.set_xlim(-0.5, width - 0.5)  # the last line may be shorter
        axes.tick_params(length=0, pad=2)
        for spine in axes.spines.values():
            spine.set_visible(False)
    bar = figure.colorbar(image, ax=panels, aspect=30, pad=0.01, fraction=0.02)
    bar.ax.tick_params(labelsize=7)
    bar.set_label("share of the unit's greatest magnitude", fontsize=7)
    if len(tokens) < len(activations.tokens):
        figure.suptitle(f"the first {len(tokens):,} of {len(activations.tokens):,} tokens", fontsize=8)
    _save(figure, path, format="png", dpi=120)


def scale_unit(values: np.ndarray) -> np.ndarray:
    """Returns a unit's values as shares of its greatest magnitude, between -1 and 1."""
    greatest = np.abs(values).max()
    return values / greatest if greatest > 0 else np.zeros_like(values)


def plot_attention(
    source_tokens: Sequence[str], output_tokens: Sequence[str], weights: np.ndarray, path: Path, note: str = ""
) -> None:
    """Draws attention weights as PNG: a row for each token of the output, a column for each of the source.

    White is 0, the full colour 1.

    Args:
        source_tokens: What was read; at least one.
        output_tokens: What was said.
        weights: (output time, source time) float.
        path: The file to write.
        note: What to say above the picture.
    """
    from matplotlib.colors import LinearSegmentedColormap

    colors = LinearSegmentedColormap.from_list("attention", ["#ffffff", NEGATIVE_COLOR, "#0c2c54"])
    columns, rows = ([show_token(token) for token in tokens] for tokens in (source_tokens, output_tokens))
    longest_column, longest_row = (max(map(len, names), default=0) for names in (columns, rows))
    figure = _new_figure(
        1.3 + 0.065 * longest_row + max(0.2 * len(columns), 2.0),
        0.7 + 0.065 * longest_column + max(0.2 * len(rows), 0.6),
    )
    axes = figure.add_subplot()
    # An output may have no token.
    shown = weights if len(rows) else np.zeros((1, len(columns)))
    image = axes.imshow(shown, cmap=colors, vmin=0.0, vmax=1.0, aspect="auto", interpolation="nearest")
    axes.xaxis.tick_top()  # first: it makes the labels anew
    rotation = 90 if longest_column > 1 else 0
    axes.set_xticks(range(len(columns)), columns, fontsize=7, rotation=rotation, parse_math=False)
    axes.set_yticks(range(len(rows)), rows, fontsize=7, parse_math=False)
    axes.tick_params(length=0, pad=2)
    axes.set_xlabel("source", fontsize=7)
    axes.set_ylabel("output" if rows else "the output is empty", fontsize=7)
    bar = figure.colorbar(image, ax=axes, aspect=30, pad=0.01, fraction=0.02)
    bar.ax.tick_params(labelsize=7)
    if note:
        figure.suptitle(note, fontsize=8)
    _save(figure, path, format="png", dpi=120)
