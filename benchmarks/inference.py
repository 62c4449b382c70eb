"""Times forward passes: one sentence and a batch, from Python and exported."""

from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.peers import INFERENCE_PEERS, REFERENCE_INFERENCE_PEERS, available
from benchmarks.rounds import Entry, Rounds, Say, ratio
from benchmarks.shapes import Shape

TOKENS = 100
BATCHES = (1, 64)
# Whose time is divided by whose.
_RATIOS = {"from_python": ("keras", "rnnzoo"), "exported": ("keras_session", "rnnzoo_session")}


def time_inference(
    shapes: Sequence[Shape], threads: Sequence[int], repeats: int, seconds: float, say: Say
) -> dict[str, Any]:
    """Times forward passes of sentences of 100 tokens.

    Args:
        shapes: The models; GRU and LSTM are timed on the first one.
        threads: Numbers of threads to try.
        repeats: Rounds.
        seconds: How long a worker is timed in each round.
        say: Told what goes on.

    Returns:
        `results`, one for each shape and size of batch.
    """
    results = []
    for place, shape in enumerate(shapes):
        peers = available(INFERENCE_PEERS + (REFERENCE_INFERENCE_PEERS if place == 0 else ()))
        with Rounds(say) as rounds:
            say(f"inference: {shape.name} ({shape.label})")
            rounds.start("inference", peers, threads, shape=shape.to_json(), time=TOKENS)
            for batch in BATCHES:
                # The best number of threads of one size is not that of the other.
                rounds.run(repeats, keep_all=True, batch=batch, seconds=seconds)
                results.append(_describe(shape, batch, rounds))
                times = (f"{peer} {figures['seconds'] * 1e3:.2f}" for peer, figures in results[-1]["peers"].items())
                say(f"  batch {batch}, ms: {', '.join(times)}")
    return {"results": results}


def _describe(shape: Shape, batch: int, rounds: Rounds) -> dict[str, Any]:
    best = rounds.best()
    ratios = {
        name: ratio(best[stock], best[ours])
        for name, (stock, ours) in _RATIOS.items()
        if stock in best and ours in best
    }
    return {
        "shape": shape.to_json(),
        "label": shape.label,
        "batch": batch,
        "time": TOKENS,
        "peers": {peer: _figures(entry, batch) for peer, entry in best.items()},
        "errors": dict(rounds.errors),
        "speedups": ratios,
    }


def _figures(entry: Entry, batch: int) -> dict[str, Any]:
    seconds = median(entry.seconds)
    return {
        "threads": entry.threads,
        "seconds": seconds,
        "rounds": list(entry.seconds),
        "tokens_per_second": batch * TOKENS / seconds,
        **entry.worker.facts,
    }
