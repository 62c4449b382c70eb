"""Where a translator looked: its attention weights as a picture or a page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rnnzoo.config import UserError
from rnnzoo.config.atomic_files import replace_atomically
from rnnzoo.inspection.pages import write_attention_page
from rnnzoo.inspection.plots import plot_attention

_MOST_SHOWN = 200
_WRITERS = {".png": plot_attention, ".html": write_attention_page}


def draw_attention(source_tokens: Sequence[str], output_tokens: Sequence[str], weights: Any, path: str | Path) -> None:
    """Draws a row of an answer of the signature `attention`, as PNG or as a page of its own by the file's ending.

    Of what is longer, the first 200 tokens are drawn, and it is said so.

    Args:
        source_tokens: What was read; "" after the last token is padding and is left out.
        output_tokens: What was said, likewise.
        weights: (output time, source time) float; rows and columns of padding may be there or not.
        path: The `.png` or `.html` file to write.

    Raises:
        UserError: The file has another ending, or cannot be written.
        ValueError: There are fewer weights than tokens, or there is no source.

    Example:

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "attention.html"
    >>> draw_attention(["ein", "Hund", "<eos>"], ["a", "dog"], [[0.9, 0.1, 0.0], [0.1, 0.8, 0.1]], path)
    >>> 'title="0.80"' in path.read_text()
    True
    """
    path = Path(path)
    if path.suffix.lower() not in _WRITERS:
        raise UserError("attention is drawn to files of two kinds", got=str(path), allowed=list(_WRITERS))
    sources, outputs = (_without_padding(tokens) for tokens in (source_tokens, output_tokens))
    if not sources:
        raise ValueError("there is no token of a source")
    # Also what an empty list becomes.
    weights = np.asarray(weights, np.float64).reshape(len(weights), -1) if len(weights) else np.zeros((0, len(sources)))
    if weights.shape[0] < len(outputs) or weights.shape[1] < len(sources):
        raise ValueError(f"weights {weights.shape} do not fit {len(outputs)} and {len(sources)} tokens")
    note = ", ".join(
        f"the first {_MOST_SHOWN} of {len(tokens):,} tokens of the {side}"
        for side, tokens in (("source", sources), ("output", outputs))
        if len(tokens) > _MOST_SHOWN
    )
    sources, outputs = sources[:_MOST_SHOWN], outputs[:_MOST_SHOWN]
    shown = weights[: len(outputs), : len(sources)]
    write = _WRITERS[path.suffix.lower()]
    with replace_atomically(path, "--attention") as beside:
        write(sources, outputs, shown, beside, note=note)


def _without_padding(tokens: Sequence[str]) -> list[str]:
    kept = list(tokens)
    while kept and not kept[-1]:
        kept.pop()
    return kept
