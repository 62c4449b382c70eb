"""Times one layer alone over time, units and batch."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.growth import fit_growth
from benchmarks.peers import SWEEP_PEERS, available
from benchmarks.rounds import Rounds, Say, ratio


@dataclass(frozen=True)
class Sweep:
    """One size that varies, the others fixed.

    Attributes:
        varied: `time`, `units` or `batch`.
        values: Its values, increasing.
        fixed: The others.
    """

    varied: str
    values: tuple[int, ...]
    fixed: dict[str, int]


SWEEPS = (
    Sweep("time", (50, 200, 1000, 3000, 10_000), {"batch": 16, "units": 128}),
    Sweep("units", (32, 64, 128, 256, 512, 1024), {"batch": 64, "time": 50}),
    Sweep("batch", (1, 4, 16, 64, 256, 512), {"time": 50, "units": 256}),
)
QUICK_SWEEPS = (
    Sweep("time", (10, 20, 40), {"batch": 2, "units": 8}),
    Sweep("units", (4, 8), {"batch": 2, "time": 5}),
)


def time_sweeps(
    sweeps: Sequence[Sweep], threads: Sequence[int], repeats: int, seconds: float, say: Say
) -> dict[str, Any]:
    """Times forward and backward passes of one layer.

    Args:
        sweeps: What varies.
        threads: Numbers of threads to try.
        repeats: Rounds.
        seconds: How long a worker is timed in each round.
        say: Told what goes on.

    Returns:
        `sweeps`, one for each: the points, and how each peer's cost grows.
    """
    with Rounds(say) as rounds:
        rounds.start("layer", available(SWEEP_PEERS), threads)
        return {"sweeps": [_time_sweep(sweep, rounds, repeats, seconds, say) for sweep in sweeps]}


def _time_sweep(sweep: Sweep, rounds: Rounds, repeats: int, seconds: float, say: Say) -> dict[str, Any]:
    points = []
    for value in sweep.values:
        rounds.run(repeats, keep_all=True, **sweep.fixed, **{sweep.varied: value}, seconds=seconds)
        best = rounds.best()
        peers = {peer: {"seconds": median(entry.seconds), "threads": entry.threads} for peer, entry in best.items()}
        speedup = ratio(best["keras"], best["rnnzoo"]) if {"keras", "rnnzoo"} <= set(best) else None
        points.append({sweep.varied: value, "peers": peers, "speedup": speedup})
        times = (f"{peer} {figures['seconds'] * 1e3:.2f}" for peer, figures in peers.items())
        say(f"sweep: {sweep.varied} {value}, ms: {', '.join(times)}")
    # A peer that failed on the way has no growth over the whole range.
    names = set.intersection(*(set(point["peers"]) for point in points))
    growth = {
        peer: asdict(fit_growth(sweep.values, [point["peers"][peer]["seconds"] for point in points]))
        for peer in SWEEP_PEERS
        if peer in names
    }
    return {**asdict(sweep), "points": points, "growth": growth, "errors": dict(rounds.errors)}
