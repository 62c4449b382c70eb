"""Trains one classifier on real texts: `rnnzoo train`'s loop, a plain Keras script, a plain PyTorch script."""

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peers import END_TO_END_PEERS, available
from benchmarks.rounds import Say
from benchmarks.workers import Worker, WorkerError


@dataclass(frozen=True)
class TextTraining:
    """What is trained: a bidirectional SimpleRNN whose steps are averaged, on token ids.

    Attributes:
        dataset: TFDS name.
        split: What to train on; a part is held back to see that all learn alike.
        label_feature: Feature with the class.
        num_classes: Classes.
        vocabulary_size: Largest number of token ids.
        max_length: Longest text; what lies past it is cut.
        embedding: Width of the embedding.
        units: Width of the layer, for each direction.
        batch_size: Texts of a batch.
        epochs: Passes over the texts.
        learning_rate: Adam's.
        clip_norm: The global norm of the gradient is clipped to this.
    """

    dataset: str = "imdb_reviews"
    split: str = "train[:20%]"
    label_feature: str = "label"
    num_classes: int = 2
    vocabulary_size: int = 20_000
    max_length: int = 400
    embedding: int = 128
    units: int = 128
    batch_size: int = 64
    epochs: int = 2
    learning_rate: float = 1e-3
    clip_norm: float = 1.0


REAL = TextTraining()
QUICK = TextTraining(
    dataset="rnnzoo_mini/sentences",
    split="train[:20%]",
    label_feature="sentiment",
    max_length=64,
    embedding=8,
    units=8,
    epochs=1,
)


def time_end_to_end(
    training: TextTraining, data_dir: Path | None, threads: Sequence[int], repeats: int, say: Say
) -> dict[str, Any]:
    """Times whole trainings, each in a process of its own, in turn.

    All start from the same encoded texts. The clock runs from the first batch of the first epoch to the
    last of the last: compilation, shuffling and padding count; reading, encoding and scoring do not.

    Args:
        training: What is trained.
        data_dir: TFDS' `data_dir`.
        threads: Numbers of threads to try in the first round; the best goes on.
        repeats: Rounds.
        say: Told what goes on.

    Returns:
        For each peer its real tokens a second, over all epochs and over the last one.
    """
    say(f"end to end: {training.dataset}, {training.split}, {training.epochs} epochs")
    results: dict[str, Any] = {"training": asdict(training), "peers": {}, "errors": {}}
    with tempfile.TemporaryDirectory() as folder:
        encoded = str(Path(folder) / "texts.npz")
        fields = {"training": asdict(training), "encoded": encoded}
        place = str(data_dir) if data_dir else None
        with Worker("encode", max(threads), **fields, data_dir=place) as worker:
            results["data"] = worker.facts
        tries: dict[str, dict[int, list[dict]]] = {
            peer.name: {count: [] for count in threads} for peer in available(END_TO_END_PEERS)
        }
        for _ in range(repeats):
            for peer, by_threads in list(tries.items()):
                try:
                    _train_once(peer, by_threads, fields, say)
                except WorkerError as error:
                    results["errors"][peer] = str(error)
                    say(f"  {peer} fails: {error}")
                    del tries[peer]
    for peer, by_threads in tries.items():
        ((count, runs),) = by_threads.items()
        results["peers"][peer] = _describe(count, runs, results["data"]["tokens"])
    results["speedups"] = {
        peer: _speedup(results["peers"][peer], results["peers"]["rnnzoo"])
        for peer in results["peers"]
        if peer != "rnnzoo" and "rnnzoo" in results["peers"]
    }
    return results


def _train_once(peer: str, by_threads: dict[int, list[dict]], fields: dict[str, Any], say: Say) -> None:
    for count, runs in by_threads.items():
        with Worker(f"end_to_end/{peer}", count, **fields) as worker:
            runs.append(worker.ask())
        epochs = ", ".join(f"{seconds:.1f}" for seconds in runs[-1]["epoch_seconds"])
        accuracy = runs[-1]["validation_accuracy"]
        say(f"  {peer}, {count} threads: epochs {epochs} s, validation accuracy {accuracy:.3f}")
    best = min(by_threads, key=lambda count: sum(by_threads[count][0]["epoch_seconds"]))
    for count in set(by_threads) - {best}:
        del by_threads[count]


def _describe(threads: int, runs: list[dict[str, Any]], tokens: int) -> dict[str, Any]:
    return {
        "threads": threads,
        "seconds": median(sum(run["epoch_seconds"]) for run in runs),
        "tokens_per_second": median(tokens * len(run["epoch_seconds"]) / sum(run["epoch_seconds"]) for run in runs),
        "last_epoch_tokens_per_second": median(tokens / run["epoch_seconds"][-1] for run in runs),
        "validation_accuracy": median(run["validation_accuracy"] for run in runs),
        "parameters": runs[0]["parameters"],
        "runs": runs,
    }


def _speedup(slower: dict[str, Any], faster: dict[str, Any]) -> dict[str, float]:
    pairs = list(zip(slower["runs"], faster["runs"], strict=True))
    return {
        "all_epochs": median(sum(a["epoch_seconds"]) / sum(b["epoch_seconds"]) for a, b in pairs),
        "last_epoch": median(a["epoch_seconds"][-1] / b["epoch_seconds"][-1] for a, b in pairs),
    }
