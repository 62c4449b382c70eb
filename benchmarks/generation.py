"""Times the generation of text: rnnzoo's exported graph, a Keras `predict` loop, a PyTorch loop."""

from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.peers import GENERATION_PEERS, available
from benchmarks.rounds import Entry, Rounds, Say, ratio
from benchmarks.shapes import Shape

# The model of zoo_configs/lm/shakespeare.toml.
SHAKESPEARE = Shape("shakespeare", 64, 1000, 384, 384, 69, num_layers=3, stack="residual")
QUICK_SHAPE = Shape("quick", 4, 30, 8, 8, 30, num_layers=2, stack="residual")
TEMPERATURE = 0.8
# Whose time is divided by ours.
_RATIOS = {"keras": "keras_predict", "torch": "torch"}


def time_generation(shape: Shape, threads: Sequence[int], repeats: int, seconds: float, say: Say) -> dict[str, Any]:
    """Times the generation of one text, and of a batch of them.

    All have the same random weights and draw at the same temperature.

    Args:
        shape: The model, the texts of a batch and the characters of a text.
        threads: Numbers of threads to try.
        repeats: Rounds.
        seconds: How long a worker is timed in each round; two texts are, if they take longer.
        say: Told what goes on.

    Returns:
        `results`, one for each size of batch.
    """
    results = []
    with Rounds(say) as rounds:
        say(f"generation: {shape.name} ({describe_model(shape)})")
        rounds.start("generation", available(GENERATION_PEERS), threads, shape=shape.to_json())
        for batch in (1, shape.batch):
            # The best number of threads of one size is not that of the other.
            rounds.run(repeats, keep_all=True, batch=batch, temperature=TEMPERATURE, seconds=seconds)
            results.append(_describe(shape, batch, rounds))
            peers = results[-1]["peers"].items()
            speeds = (f"{peer} {figures['characters_per_second']:,.0f}" for peer, figures in peers)
            say(f"  batch {batch}, characters/s: {', '.join(speeds)}")
    return {
        "shape": shape.to_json(),
        "label": describe_model(shape),
        "temperature": TEMPERATURE,
        "results": results,
    }


def describe_model(shape: Shape) -> str:
    """Returns the sizes of a model in words.

    Example:

    >>> describe_model(SHAKESPEARE)
    'vocabulary 69, embedding 384, 3 × 384 residual'
    """
    return f"vocabulary {shape.num_classes}, embedding {shape.embedding}, {shape.num_layers} × {shape.units} residual"


def _describe(shape: Shape, batch: int, rounds: Rounds) -> dict[str, Any]:
    best = rounds.best()
    ours = best.get("rnnzoo_session")
    return {
        "batch": batch,
        "peers": {peer: _figures(entry, batch * shape.time) for peer, entry in best.items()},
        "errors": dict(rounds.errors),
        "speedups": {name: ratio(best[peer], ours) for name, peer in _RATIOS.items() if ours and peer in best},
    }


def _figures(entry: Entry, characters: int) -> dict[str, Any]:
    seconds = median(entry.seconds)
    return {
        "threads": entry.threads,
        "seconds": seconds,
        "rounds": list(entry.seconds),
        "characters_per_second": characters / seconds,
        **entry.worker.facts,
    }
