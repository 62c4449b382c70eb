"""Timing of one step, repeated."""

import time
from collections.abc import Callable

_LONG = 0.2


def time_steps(step: Callable[[], object], seconds: float, least: int = 2) -> list[float]:
    """Times a step again and again.

    Args:
        step: What is timed; it returns when its work is done.
        seconds: How long to go on.
        least: Fewest steps.

    Returns:
        Seconds of each step.
    """
    durations: list[float] = []
    before = time.perf_counter()
    # The worker was idle: caches are cold. A long step warms them by itself.
    step()
    first = time.perf_counter() - before
    if first > _LONG:
        durations.append(first)
    end = time.perf_counter() + seconds
    while len(durations) < least or time.perf_counter() < end:
        before = time.perf_counter()
        step()
        durations.append(time.perf_counter() - before)
    return durations
