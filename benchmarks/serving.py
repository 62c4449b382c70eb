"""Times the exports of the zoo from string to answer, beside what one writes with Keras and with PyTorch."""

from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np

from benchmarks.peers import SERVING_PEERS, available
from benchmarks.rounds import Entry, Rounds, Say, ratio
from benchmarks.serving_exports import Question, make_questions, same
from benchmarks.workers import Worker, WorkerError

BATCHES = (1, 64)
QUICK_ROWS = "lm/hello,sentiment/mini"
_OURS = ("rnnzoo_session", "rnnzoo_c_api")
# By which ours is compared: as a server runs it.
_OUR_ANSWERER = "rnnzoo_session"
# Whose p50 is divided by ours.
_RATIOS = {"keras": "keras_pipeline", "torch": "torch"}
_WRITTEN_IN_TORCH = ("text_classification", "language_modeling")


def time_serving(rows: Sequence[str], threads: Sequence[int], repeats: int, seconds: float, say: Say) -> dict[str, Any]:
    """Times loading, the first request, and requests of one row and of a batch.

    Args:
        rows: Names of rows with an export.
        threads: Numbers of threads to try.
        repeats: Rounds.
        seconds: How long a worker is timed in each round.
        say: Told what goes on.

    Returns:
        `cold`, one for each row, and `results`, one for each row, signature and size of batch.
    """
    cold, results = [], []
    for row in rows:
        say(f"serving: {row}")
        questions = list(make_questions(row))
        with Rounds(say) as rounds:
            _start(rounds, questions, threads)
            cold.append({"row": row, **_describe_cold(rounds, questions[0], threads[0])})
            for question in questions:
                # Others answer the last question alone: of texts that are written they have nothing.
                only = SERVING_PEERS if question is questions[-1] else _OURS
                for batch in BATCHES:
                    asked = {"question": question.to_json(), "batch": batch}
                    rounds.run(repeats, keep_all=True, only=only, **asked, seconds=seconds)
                    result = {"row": row, "signature": question.signature, "batch": batch, **_describe(batch, rounds)}
                    results.append(result)
                    times = (f"{peer} {1e3 * figures['p50']:.2f}" for peer, figures in result["peers"].items())
                    say(f"  {question.signature}, batch {batch}, p50 in ms: {', '.join(times)}")
    return {"cold": cold, "results": results}


def _start(rounds: Rounds, questions: Sequence[Question], threads: Sequence[int]) -> None:
    for peer in available(SERVING_PEERS):
        if peer.layers == "torch" and not _is_written_in_torch(questions[0]):
            continue
        first = questions[0] if peer.name in _OURS else questions[-1]
        rounds.start("serving", [peer], threads, question=first.to_json())


def _is_written_in_torch(question: Question) -> bool:
    is_conditioned = question.task == "language_modeling" and set(question.inputs) != {"prompt"}
    return question.task in _WRITTEN_IN_TORCH and not is_conditioned


def _describe_cold(rounds: Rounds, question: Question, threads: int) -> dict[str, Any]:
    """Returns the seconds until TensorFlow and the export are loaded and until the first answer, by peer.

    The warm-up requests are run by another process: they are of use only once.
    """
    peers = {entry.peer: dict(entry.worker.facts) for entry in reversed(rounds.entries)}
    warmed = {}
    # By the C library, where there is one: it loads in a fraction of the time.
    peer = next((name for name in reversed(_OURS) if name in peers), None)
    if peer is not None:
        try:
            with Worker("serving/tensorflow", threads, peer=peer, question=question.to_json(), warm=True) as worker:
                warmed = {"peer": peer, **worker.facts}
        except WorkerError as error:
            warmed = {"peer": peer, "error": str(error)}
    return {"peers": peers, "warmed": warmed}


def _describe(batch: int, rounds: Rounds) -> dict[str, Any]:
    best = rounds.best()
    ours = best.get(_OUR_ANSWERER)
    return {
        "peers": {peer: _figures(entry, batch) for peer, entry in best.items()},
        "errors": dict(rounds.errors),
        "speedups": {name: ratio(best[peer], ours) for name, peer in _RATIOS.items() if ours and peer in best},
        "same_answers": _compare(list(best.values())),
    }


def _figures(entry: Entry, batch: int) -> dict[str, Any]:
    seconds = np.concatenate([answer["seconds"] for answer in entry.answers])
    p50, p99 = (float(np.percentile(seconds, share)) for share in (50, 99))
    return {
        "threads": entry.threads,
        "p50": p50,
        "p99": p99,
        "requests": len(seconds),
        "rounds": list(entry.seconds),
        "rows_per_second": batch / median(entry.seconds),
    }


def _compare(entries: Sequence[Entry]) -> float | None:
    """Returns for how many rows all give the same answer, as a share; None where there is one peer only."""
    answers = [entry.answers[-1]["answers"] for entry in entries]
    if len(answers) < 2:
        return None
    first, *others = answers
    return sum(all(same(row, other[place]) for other in others) for place, row in enumerate(first)) / len(first)
