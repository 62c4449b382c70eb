"""The first steps of a worker: how long compilation takes, and how much memory a step."""

import time
from collections.abc import Callable

from benchmarks import memory

_STEPS_FOR_MEMORY = 3


def measure_first_steps(step: Callable[[], object]) -> dict[str, float]:
    """Warms a step up.

    Returns:
        `first_step_seconds`, compilation included; `memory`: the peak of later steps beyond what was
        resident before the first one; `memory_with_compilation`: the same for all steps. Megabytes.
    """
    before, peak_before = memory.resident(), memory.peak_since_start()
    start = time.perf_counter()
    step()
    first = time.perf_counter() - start
    memory.forget_peak()
    for _ in range(_STEPS_FOR_MEMORY):
        step()
    peak = memory.peak()
    return {
        "first_step_seconds": first,
        "memory": peak - before,
        "memory_with_compilation": max(memory.peak_since_start() - peak_before, peak - before),
    }
