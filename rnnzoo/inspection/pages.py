"""The same as pages: one HTML file each, which needs nothing else and runs no script."""

import io
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np

from rnnzoo.inspection.activations import Activations, Unit
from rnnzoo.inspection.gradient_flow import GradientFlow
from rnnzoo.inspection.plots import NEGATIVE_COLOR, POSITIVE_COLOR, draw_gradient_flow, scale_unit
from rnnzoo.inspection.shown_tokens import show_token

_SHADES = 10
_MOST_SHOWN = 5000
_DISTANCES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222;
  background: #fff }
h1 { font-size: 1.4em } h2 { font-size: 1em; margin: 1.6em 0 .2em } h2 small { font-weight: normal; color: #666 }
.text { font: 15px/1.7 ui-monospace, Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere;
  margin: 0 }
.text span { padding: .1em 0 } i { font-style: normal; color: #888 }
table { border-collapse: collapse; font-size: .9em }
td, th { padding: .2em .7em; text-align: right; white-space: nowrap }
td:first-child, th:first-child { text-align: left } tr:nth-child(even) { background: #f4f4f4 }
svg { width: 100%; height: auto }
"""
_ATTENTION_STYLE = """\
.attention th { font-weight: normal; padding: 0 .4em; text-align: right }
.attention th span { writing-mode: vertical-rl }
.attention tr:first-child th { vertical-align: bottom; padding: .3em 0 }
.attention td { width: 1.5em; min-width: 1.5em; height: 1.5em; padding: 0; border: 1px solid #eee }
"""


def write_activations_page(
    activations: Activations,
    units: Sequence[Unit],
    path: Path,
    title: str = "Hidden units over a text",
    notes: Mapping[Unit, str] | None = None,
) -> None:
    """Writes a page on which a text stands once for each unit, each token coloured by the unit's value.

    Args:
        activations: Of a text.
        units: Layer and number of each unit to show.
        path: The file to write.
        title: Heading of the page.
        notes: What to say of some units beside their names.
    """
    notes = notes or {}
    tokens = activations.tokens[:_MOST_SHOWN]
    parts = [
        f"<h1>{_clean(title)}</h1>",
        "<p>The text stands once for each unit. A token's colour is the value of the unit after the network has read "
        f"it: {_example(_SHADES, 'positive')}, {_example(0, 'near zero')} or {_example(-_SHADES, 'negative')}, as "
        "a share of the unit's greatest magnitude on this text. Point at a token to see the value. A unit that "
        "changes colour where you would draw a line of your own has learned to draw it.</p>",
    ]
    if len(tokens) < len(activations.tokens):
        parts.append(f"<p>Here are the first {len(tokens):,} of {len(activations.tokens):,} tokens.</p>")
    for unit in units:
        values = activations.values(unit)
        about = f"{values.min():+.2f} to {values.max():+.2f}"
        about += f"; {notes[unit]}" if unit in notes else ""
        parts.append(f"<h2>{_clean(activations.name(unit))} <small>{_clean(about)}</small></h2>")
        spans = map(_token_span, tokens, values, scale_unit(values))
        parts.append(f'<p class="text">{"".join(spans)}</p>')
    _write_page(path, title, parts, _shades_style())


def write_gradient_flow_page(flow: GradientFlow, path: Path, title: str = "Gradient against distance in time") -> None:
    """Writes a page with the curves of gradient norms, a table of them, and what they mean.

    Args:
        flow: What was measured.
        path: The file to write.
        title: Heading of the page.
    """
    num_steps = max((len(norms) for norms in flow.norms.values()), default=0)
    distances = [distance for distance in _DISTANCES if distance < num_steps]
    heads = "".join(f"<th>{distance}</th>" for distance in distances)
    rows = []
    for name in flow.norms:
        shares = flow.relative(name)
        # A trained model's sequences may be shorter.
        cells = [f"{shares[distance]:.1e}" if distance < len(shares) else "" for distance in distances]
        rows.append(f"<tr><td>{_clean(name)}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    parts = [
        f"<h1>{_clean(title)}</h1>",
        "<p>A loss at the last step can teach a network about what it read <i>k</i> steps before only through the "
        "gradient that comes back so far. Drawn is its norm with respect to the input at each distance, as a share of "
        "that at the last step. A straight line down on this logarithmic scale is exponential decay: the vanishing "
        "gradient.</p>",
        _to_svg(flow),
        "<p>All but trained models are single layers as they are initialised, on the same weak random inputs. At each "
        "step a SimpleRNN multiplies by its recurrent matrix and by the slope of its activation. An orthogonal matrix "
        "keeps lengths, and a Glorot matrix keeps them on average, but the slope of tanh is below 1, the more so the "
        "stronger the input. The identity with ReLU passes on what is active unchanged. An untrained gate is about "
        "half open, so GRU and LSTM forget quickly at first; with open gates (dashed: a bias of 4 on the gate that "
        "keeps the state) the gradient stays. That is what they can learn. In a trained "
        "model with residual links the last step's own input has a way around the recurrence, so its curve begins with "
        "a drop.</p>",
        f"<table><tr><th>steps before the last</th>{heads}</tr>{''.join(rows)}</table>",
    ]
    _write_page(path, title, parts)


def write_attention_page(
    source_tokens: Sequence[str],
    output_tokens: Sequence[str],
    weights: np.ndarray,
    path: Path,
    title: str = "Where the model looked",
    note: str = "",
) -> None:
    """Writes a page with a table of attention weights: a row for each token of the output, a column for each read.

    Args:
        source_tokens: What was read.
        output_tokens: What was said.
        weights: (output time, source time) float.
        path: The file to write.
        title: Heading of the page.
        note: What else to say.
    """
    heads = "".join(f"<th><span>{_clean(show_token(token))}</span></th>" for token in source_tokens)
    rows = []
    for token, row in zip(output_tokens, weights, strict=True):
        cells = [
            f'<td class="{_shade_class(-round(float(weight) * _SHADES))}" title="{weight:.2f}"></td>' for weight in row
        ]
        rows.append(f"<tr><th>{_clean(show_token(token))}</th>{''.join(cells)}</tr>")
    parts = [
        f"<h1>{_clean(title)}</h1>",
        "<p>A row for each token of the output, a column for each token of the source: the darker, the more of what "
        "the decoder knew of the source came from there when it said the token. A row sums to 1. Point at a cell "
        "to see its weight.</p>",
        *([f"<p>{_clean(note)}</p>"] if note else []),
        *([] if rows else ["<p>The output is empty.</p>"]),
        f'<table class="attention"><tr><th></th>{heads}</tr>{"".join(rows)}</table>',
    ]
    _write_page(path, title, parts, _ATTENTION_STYLE + _shades_style())


def _clean(text: str) -> str:
    return escape(text.encode("utf-8", "replace").decode())


def _token_span(token: str, value: float, share: float) -> str:
    shown = _clean(show_token(token))
    if token.isspace():
        # A sign to be coloured, then the white space itself, so that lines stay lines.
        shown = f"<i>{shown}</i>\n" if "\n" in token else " "
    return f'<span class="{_shade_class(round(float(share) * _SHADES))}" title="{value:+.2f}">{shown}</span>'


def _shade_class(shade: int) -> str:
    return f"{'n' if shade < 0 else 'p'}{abs(shade)}"


def _example(shade: int, name: str) -> str:
    return f'<span class="{_shade_class(shade)}">{name}</span>'


def _shades_style() -> str:
    rules = []
    for shade in range(-_SHADES, _SHADES + 1):
        color = np.array([*bytes.fromhex((NEGATIVE_COLOR if shade < 0 else POSITIVE_COLOR)[1:])])
        mixed = np.rint(255 + (color - 255.0) * abs(shade) / _SHADES).astype(np.uint8)
        rules.append(f".{_shade_class(shade)} {{ background: #{mixed.tobytes().hex()} }}")
    return "\n".join(rules)


def _to_svg(flow: GradientFlow) -> str:
    picture = io.StringIO()
    draw_gradient_flow(flow).savefig(picture, format="svg", metadata={"Date": None})
    svg = picture.getvalue()
    return svg[svg.index("<svg") :]  # what comes before belongs to a file of its own


def _write_page(path: Path, title: str, parts: Sequence[str], style: str = "") -> None:
    page = "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            f'<head><meta charset="utf-8"><title>{_clean(title)}</title>',
            f"<style>\n{_STYLE}{style}\n</style></head>",
            "<body>",
            *parts,
            "</body></html>\n",
        ]
    )
    path.write_text(page, encoding="utf-8")
