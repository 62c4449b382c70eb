"""What may be known of each token of a text, to look for a unit that knows it too."""

import itertools
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from rnnzoo.config import UserError

_QUOTES = {'"': '"', "“": "”", "«": "»"}
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


def _count_since(starts: Iterable[bool]) -> list[int]:
    """Counts the tokens since the last start."""
    return list(itertools.accumulate(starts, lambda count, is_start: 0 if is_start else count + 1, initial=-1))[1:]


def _is_inside_quotes(tokens: Sequence[str]) -> list[bool]:
    inside, closing = [], None
    for token in tokens:
        if closing is None:
            closing = _QUOTES.get(token)
        elif token == closing:
            closing = None
        inside.append(closing is not None)
    return inside


def _count_open_brackets(tokens: Sequence[str]) -> list[int]:
    depths = itertools.accumulate(tokens, lambda depth, token: max(0, depth + _BRACKETS.get(token, 0)), initial=0)
    return list(depths)[1:]


_FEATURES: dict[str, Callable[[Sequence[str]], list]] = {
    "blank": lambda tokens: [token.isspace() for token in tokens],
    "letter": lambda tokens: [token.isalpha() for token in tokens],
    "vowel": lambda tokens: [token.lower() in tuple("aeiouy") for token in tokens],
    "capital": lambda tokens: [token[:1].isupper() for token in tokens],
    "digit": lambda tokens: [token.isdigit() for token in tokens],
    "punctuation": lambda tokens: [not token[:1].isalnum() and not token.isspace() for token in tokens],
    "line_position": lambda tokens: _count_since("\n" in token for token in tokens),
    "word_position": lambda tokens: _count_since(not token[:1].isalnum() for token in tokens),
    "inside_quotes": _is_inside_quotes,
    "inside_brackets": _count_open_brackets,
}
TEXT_FEATURES = tuple(_FEATURES)


def compute_text_feature(name: str, tokens: Sequence[str]) -> np.ndarray:
    """Computes a feature of each token.

    Args:
        name: One of `TEXT_FEATURES`.
        tokens: The tokens, characters or words.

    Returns:
        (tokens,) float64.

    Raises:
        UserError: There is no such feature.

    Example:

    >>> compute_text_feature("word_position", "to be").tolist()
    [0.0, 1.0, 0.0, 1.0, 2.0]
    """
    if name not in _FEATURES:
        raise UserError("no such feature of a text", got=name, allowed=TEXT_FEATURES)
    return np.asarray(_FEATURES[name](tokens), np.float64)
