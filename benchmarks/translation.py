"""Times a translator: its training step, and what it translates, ours exported, PyTorch in a plain loop."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from benchmarks.peers import TRANSLATION_PEERS, TRANSLATOR_TRAINING_PEERS, available
from benchmarks.rounds import Entry, Rounds, Say, ratio
from benchmarks.translation_shape import TranslatorShape, make_pairs
from benchmarks.translation_work import BEAM_WIDTHS

# As `rnnzoo train` trains the model of the zoo.
_OUR_TRAINER, _OUR_TRANSLATOR = "rnnzoo_xla", "rnnzoo_session"
# The fastest of each is compared with ours.
_OTHERS = {"keras": ("keras_fit",), "torch": ("torch", "torch_padded")}


def time_translation(
    shape: TranslatorShape, threads: Sequence[int], repeats: int, seconds: float, say: Say
) -> dict[str, Any]:
    """Times training and translating with the same random weights.

    Args:
        shape: The translator.
        threads: Numbers of threads to try.
        repeats: Rounds.
        seconds: How long a worker is timed in each round.
        say: Told what goes on.

    Returns:
        `training`, with one of `results` for each width of batches and a `summary` of an epoch, and `decoding`, with
        one for each size of batch and beam width.
    """
    say(f"translation: {shape.name} ({shape.label})")
    return {
        "shape": shape.to_json(),
        "label": shape.label,
        "training": _time_training(shape, threads, repeats, seconds, say),
        "decoding": _time_decoding(shape, threads, repeats, seconds, say),
    }


def _time_training(shape, threads, repeats, seconds, say) -> dict[str, Any]:
    results = []
    with Rounds(say) as rounds:
        rounds.start("translator_training", available(TRANSLATOR_TRAINING_PEERS), threads, shape=shape.to_json())
        for width, num_batches in shape.widths:
            # The best number of threads of one width is not that of the other.
            rounds.run(repeats, keep_all=True, width=width, seconds=seconds)
            source_ids, target_ids = make_pairs(shape, width)
            num_written = int((target_ids[:, 1:] != 0).sum())
            tokens = {"tokens_per_second": num_written + int((source_ids != 0).sum())}
            result = _describe(rounds, _OUR_TRAINER, {"target_tokens_per_second": num_written, **tokens})
            results.append({"width": width, "batches": num_batches, **result})
            _say_speeds(say, f"batches of {shape.batch} × {width}, target tokens/s", result, "target_tokens_per_second")
    return {"results": results, "summary": _summarize(results)}


def _time_decoding(shape, threads, repeats, seconds, say) -> dict[str, Any]:
    results = []
    with Rounds(say) as rounds:
        rounds.start("translating", available(TRANSLATION_PEERS), threads, shape=shape.to_json())
        for batch in (1, shape.batch):
            for beam_width in BEAM_WIDTHS:
                request = {"batch": batch, "beam_width": beam_width}
                rounds.run(repeats, keep_all=True, **request, seconds=seconds)
                result = _describe(rounds, _OUR_TRANSLATOR, {"sentences_per_second": batch})
                result["same_outputs"] = _compare_outputs(rounds.best().values(), request)
                results.append({**request, **result})
                _say_speeds(say, f"batch {batch}, beam {beam_width}, sentences/s", result, "sentences_per_second")
    return {"results": results}


def _describe(rounds: Rounds, our_name: str, things: dict[str, int]) -> dict[str, Any]:
    best = rounds.best()
    ours = best.get(our_name)
    speedups = {}
    for name, peers in _OTHERS.items():
        others = [best[peer] for peer in peers if peer in best]
        if ours and others:
            speedups[name] = ratio(min(others, key=lambda entry: median(entry.seconds)), ours)
    return {
        "peers": {peer: _figures(entry, things) for peer, entry in best.items()},
        "errors": dict(rounds.errors),
        "speedups": speedups,
    }


def _figures(entry: Entry, things: dict[str, int]) -> dict[str, Any]:
    seconds = median(entry.seconds)
    return {
        "threads": entry.threads,
        "seconds": seconds,
        "rounds": list(entry.seconds),
        **{name: number / seconds for name, number in things.items()},
        **entry.worker.facts,
    }


def _summarize(results: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Returns how many times longer others take for the steps of an epoch."""

    def epoch_seconds(peers: Iterable[str]) -> float | None:
        total = 0.0
        for result in results:
            seconds = [result["peers"][peer]["seconds"] for peer in peers if peer in result["peers"]]
            if not seconds:
                return None
            total += result["batches"] * min(seconds)
        return total

    ours = epoch_seconds([_OUR_TRAINER])
    theirs = {name: epoch_seconds(peers) for name, peers in _OTHERS.items()}
    return {name: seconds / ours for name, seconds in theirs.items() if seconds and ours}


def _compare_outputs(entries: Iterable[Entry], request: dict[str, int]) -> float | None:
    """Returns for how many texts all write the same, as a share; None where there is one peer only."""
    outputs = [entry.worker.ask(**request, seconds=0.0)["outputs"] for entry in entries]
    if len(outputs) < 2:
        return None
    return sum(len(set(each)) == 1 for each in zip(*outputs, strict=True)) / len(outputs[0])


def _say_speeds(say: Say, what: str, result: dict[str, Any], key: str) -> None:
    speeds = (f"{peer} {figures[key]:,.0f}" for peer, figures in result["peers"].items())
    say(f"  {what}: {', '.join(speeds)}")
