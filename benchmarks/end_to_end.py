"""Trains models on real texts: `rnnzoo train`'s loop, a plain Keras script, a plain PyTorch script."""

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
    """What is trained: an embedding, a bidirectional SimpleRNN, an output layer.

    A tagger may read characters too: their embeddings are convolved within each word, and the maximum of each filter
    is joined to the embedding of the word.

    Attributes:
        task: rnnzoo's: `text_classification`, of the average of a text's steps, or `sequence_tagging`, of
            every step.
        data: The section `[data]` of rnnzoo's config: what to train on. A part is held back to see that all
            learn alike.
        epochs: Passes over the texts.
        vocabulary_size: Largest number of token ids.
        max_length: Longest text; what lies past it is cut.
        embedding: Width of the embedding.
        units: Width of the layer, for each direction.
        batch_size: Texts of a batch.
        learning_rate: Adam's.
        clip_norm: The global norm of the gradient is clipped to this.
        word_length: Characters of each word that a tagger reads; 0: none.
        character_embedding: Width of the embedding of a character.
        character_width: Width of the convolution in characters.
        character_filters: Filters of the convolution.
    """

    task: str
    data: dict[str, Any]
    epochs: int
    vocabulary_size: int = 20_000
    max_length: int = 400
    embedding: int = 128
    units: int = 128
    batch_size: int = 64
    learning_rate: float = 1e-3
    clip_norm: float = 1.0
    word_length: int = 0
    character_embedding: int = 30
    character_width: int = 3
    character_filters: int = 64


_TREEBANK = {
    "dataset": "universal_dependencies/en_ewt",
    "train_split": "train",
    "tags_feature": "upos",
    "ignored_tags": ["_"],
}
TRAININGS = (
    TextTraining("text_classification", {"dataset": "imdb_reviews", "train_split": "train[:20%]"}, epochs=2),
    TextTraining("sequence_tagging", _TREEBANK, epochs=5),
    TextTraining("sequence_tagging", _TREEBANK, epochs=5, word_length=16),
)
QUICK_TRAININGS = tuple(
    TextTraining(
        task,
        {"dataset": "rnnzoo_mini/sentences", "train_split": "train[:20%]", **labels},
        epochs=1,
        max_length=64,
        embedding=8,
        units=8,
        word_length=word_length,
        character_filters=8,
    )
    for task, labels, word_length in (
        ("text_classification", {"label_feature": "sentiment"}, 0),
        ("sequence_tagging", {"tags_feature": "upos"}, 0),
        ("sequence_tagging", {"tags_feature": "upos"}, 6),
    )
)


def time_end_to_end(
    trainings: Sequence[TextTraining], data_dir: Path | None, threads: Sequence[int], repeats: int, say: Say
) -> dict[str, Any]:
    """Times whole trainings, each in a process of its own, in turn.

    All start from the same encoded texts. The clock runs from the first batch of an epoch to its last:
    compilation, shuffling and padding count; reading, encoding and scoring do not.

    Args:
        trainings: What is trained, one after the other.
        data_dir: TFDS' `data_dir`.
        threads: Numbers of threads to try in the first round; the best goes on.
        repeats: Rounds.
        say: Told what goes on.

    Returns:
        For each training and peer its real tokens a second, over all epochs and over the last one.
    """
    place = str(data_dir) if data_dir else None
    with tempfile.TemporaryDirectory() as folder:
        fields = [
            {"training": asdict(training), "encoded": str(Path(folder) / f"{number}.npz")}
            for number, training in enumerate(trainings)
        ]
        # All are encoded first: a data set that is missing shows before anything is timed.
        data = [_encode(each, max(threads), place) for each in fields]
        return {
            "trainings": [
                {"training": each["training"], "data": facts, **_time_training(each, facts, threads, repeats, say)}
                for each, facts in zip(fields, data, strict=True)
            ]
        }


def describe_kind(training: dict[str, Any]) -> str:
    """Returns the task of a training in words, and whether characters are read.

    Example:

    >>> describe_kind({"task": "sequence_tagging", "word_length": 16})
    'sequence tagging with characters'
    """
    # Results of before there were characters have no length of words.
    return training["task"].replace("_", " ") + (" with characters" if training.get("word_length") else "")


def _encode(fields: dict[str, Any], threads: int, data_dir: str | None) -> dict[str, Any]:
    with Worker("encode", threads, **fields, data_dir=data_dir) as worker:
        return worker.facts


def _time_training(
    fields: dict[str, Any], data: dict[str, Any], threads: Sequence[int], repeats: int, say: Say
) -> dict[str, Any]:
    training = fields["training"]
    kind = describe_kind(training)
    say(f"end to end: {kind} on {training['data']['dataset']}, {training['epochs']} epochs")
    tries: dict[str, dict[int, list[dict]]] = {
        peer.name: {count: [] for count in threads} for peer in available(END_TO_END_PEERS)
    }
    results: dict[str, Any] = {"peers": {}, "errors": {}}
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
        results["peers"][peer] = _describe(count, runs, data["tokens"])
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
        "xla": runs[0].get("xla", False),
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
