"""Drawing a token from probabilities as the exported graph does, in NumPy."""

import numpy as np

_MASK = 0xFFFFFFFF
_MAXIMUM_TEMPERATURE = 100.0
_MINIMUM_TEMPERATURE = 1e-3
_SMALLEST = np.finfo(np.float32).tiny


def draw_uniform(seed: int, position: int) -> float:
    """Returns the number in [0, 1) that belongs to a seed and a position, as `rnnzoo.decoding.uniform_draws` does."""
    number = _scramble(_scramble((seed + 0x9E3779B9 * (position + 1)) & _MASK))
    return (number >> 8) / 2**24


def _scramble(number: int) -> int:
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        number ^= number >> shift
        number = number * factor & _MASK
    return number ^ number >> 16


def sample_token(
    probabilities: np.ndarray,
    draw: float,
    *,
    temperature: float,
    top_k: int,
    top_p: float,
    is_allowed: np.ndarray,
) -> int:
    """Draws a token, as `rnnzoo.decoding.Sampler` does.

    Args:
        probabilities: Of each token, (vocabulary,) float.
        draw: A number in [0, 1).
        temperature: 0, a negative number and NaN take the most probable.
        top_k: Draw among so many; below 1: all.
        top_p: Draw among the most probable that have this probability together; not between 0 and 1: all.
        is_allowed: Which tokens may be drawn, (vocabulary,) bool.

    Example:

    >>> probabilities, is_allowed = np.array([0.1, 0.6, 0.3]), np.ones(3, bool)
    >>> [sample_token(probabilities, 0.9, temperature=temperature, top_k=0, top_p=1.0, is_allowed=is_allowed)
    ...  for temperature in (0.0, 1.0)]
    [1, 2]
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST))
    logits[~is_allowed] = -np.inf
    if not temperature > 0.0:
        return int(logits.argmax())
    logits /= min(max(temperature, _MINIMUM_TEMPERATURE), _MAXIMUM_TEMPERATURE)
    # Of equals the ones with lower ids first.
    order = np.argsort(-logits, kind="stable")
    is_kept = np.zeros(len(logits), bool)
    num_kept = top_k if 0 < top_k < len(logits) else len(logits)
    is_kept[order[:num_kept]] = True
    if 0.0 < top_p < 1.0:
        kept = order[:num_kept]
        before = np.cumsum(_softmax(logits[kept])) - _softmax(logits[kept])
        is_kept[kept[before >= top_p]] = False
    weights = np.where(is_kept, _softmax(logits), 0.0)
    cumulative = np.cumsum(weights)
    return int(np.searchsorted(cumulative, draw * cumulative[-1], side="right"))


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum()
