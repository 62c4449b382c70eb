"""Times training steps of every shape: peers, limits, memory."""

from collections.abc import Sequence
from statistics import geometric_mean, median
from typing import Any

from benchmarks.limits import Limits, limit_seconds
from benchmarks.peers import OURS, REFERENCE_TRAINING_PEERS, STOCK, TRAINING_PEERS, available
from benchmarks.rounds import Entry, Rounds, Say, ratio
from benchmarks.shapes import Shape, count_products
from benchmarks.workers import Worker


def time_training(
    shapes: Sequence[Shape], threads: Sequence[int], repeats: int, seconds: float, say: Say
) -> dict[str, Any]:
    """Times training steps.

    Args:
        shapes: The models; GRU and LSTM are timed on the first one.
        threads: Numbers of threads to try.
        repeats: Rounds.
        seconds: How long a worker is timed in each round.
        say: Told what goes on.

    Returns:
        `shapes`, a result for each, and `summary` over all.
    """
    results = []
    for place, shape in enumerate(shapes):
        say(f"training: {shape.name} ({shape.label})")
        results.append(_time_shape(shape, threads, repeats, seconds, place == 0, say))
    speedups = [result["speedup"] for result in results if result["speedup"]]
    shares = [result["share_of_limit"] for result in results if result["share_of_limit"]]
    summary = {}
    if speedups:
        summary |= {"geometric_mean_speedup": geometric_mean(speedups), "least_speedup": min(speedups)}
    if shares:
        summary |= {"geometric_mean_share_of_limit": geometric_mean(shares), "least_share_of_limit": min(shares)}
    return {"shapes": results, "summary": summary}


def _time_shape(
    shape: Shape, threads: Sequence[int], repeats: int, seconds: float, with_references: bool, say: Say
) -> dict[str, Any]:
    peers = available(TRAINING_PEERS + (REFERENCE_TRAINING_PEERS if with_references else ()))
    with Rounds(say) as rounds:
        limits = {count: _LimitsMeter(shape, count) for count in threads}
        try:
            rounds.start("training", peers, threads, shape=shape.to_json())
            for meter in limits.values():
                meter.measure(seconds)
            rounds.run(repeats, seconds=seconds)
            for meter in limits.values():
                meter.measure(seconds)
        finally:
            for meter in limits.values():
                meter.close()
        best = rounds.best()
        measured = {count: meter.limits for count, meter in limits.items()}
        figures = {peer: _describe(entry, shape, measured[entry.threads]) for peer, entry in best.items()}
        for peer, entry in best.items():
            say(
                f"  {peer}: {figures[peer]['tokens_per_second']:,.0f} tokens/s, {entry.threads} threads, "
                f"{figures[peer]['share_of_limit']:.0%} of the limits"
            )
        stock, ours = _fastest(best, STOCK), _fastest(best, OURS)
        return {
            "shape": shape.to_json(),
            "label": shape.label,
            "products": {"large": count_products(shape).large, "recurrent": count_products(shape).recurrent},
            "limits": {
                str(count): {
                    "large": measured[count].large,
                    "step": measured[count].step,
                    "seconds": limit_seconds(shape, measured[count]),
                    "measured": meter.answers,
                }
                for count, meter in limits.items()
            },
            "peers": figures,
            "errors": rounds.errors,
            "fastest_stock": stock.peer if stock else None,
            "fastest_ours": ours.peer if ours else None,
            "speedup": ratio(stock, ours) if stock and ours else None,
            "share_of_limit": figures[ours.peer]["share_of_limit"] if ours else None,
        }


class _LimitsMeter:
    """Measures the limits before and after the rounds; the best of all counts."""

    def __init__(self, shape: Shape, threads: int):
        self._worker = Worker("limits", threads, shape=shape.to_json())
        self.answers: list[dict[str, dict[str, float]]] = []

    def measure(self, seconds: float) -> None:
        self.answers.append(self._worker.ask(seconds=seconds))

    def close(self) -> None:
        self._worker.close()

    @property
    def limits(self) -> Limits:
        large, step = (max(max(answer[kind].values()) for answer in self.answers) for kind in ("large", "step"))
        return Limits(large, step)


def _fastest(best: dict[str, Entry], names: Sequence[str]) -> Entry | None:
    entries = [best[name] for name in names if name in best]
    return min(entries, key=lambda entry: median(entry.seconds), default=None)


def _describe(entry: Entry, shape: Shape, limits: Limits) -> dict[str, Any]:
    seconds = median(entry.seconds)
    return {
        "threads": entry.threads,
        "seconds": seconds,
        "rounds": entry.seconds,
        "tokens_per_second": shape.num_tokens / seconds,
        "operations_per_second": count_products(shape).total / seconds,
        "share_of_limit": limit_seconds(shape, limits) / seconds,
        **entry.worker.facts,
    }
