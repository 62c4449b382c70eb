"""Workers that take turns, so that what else the machine does hits all alike."""

import os
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks.peers import Peer
from benchmarks.workers import Worker, WorkerError

Say = Callable[[str], None]
# A thread count that is this much slower than the peer's best one after two rounds is given up.
_HOPELESS = 1.25
_TRIAL_ROUNDS = 2


def thread_counts(cores: int | None = None) -> list[int]:
    """Returns the numbers of threads to try: powers of two up to the cores this process may use.

    Example:

    >>> thread_counts(6)
    [1, 2, 4, 6]
    """
    if cores is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return sorted({count for count in (2**power for power in range(16)) if count < cores} | {cores})


@dataclass
class Entry:
    """One peer with one number of threads, and what was timed.

    Attributes:
        peer: Its name.
        threads: Its number of threads.
        worker: Its process, idle between turns.
        seconds: Median seconds of a step, for each round.
        answers: What the worker answered, for each round.
    """

    peer: str
    threads: int
    worker: Worker
    seconds: list[float] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)


class Rounds(AbstractContextManager):
    """Starts a worker for each peer and number of threads, and asks them in turn.

    A peer that fails is left out; `errors` says why, by its name.

    Args:
        say: Told what goes on.
    """

    def __init__(self, say: Say):
        self._say = say
        self._workers = ExitStack()
        self.entries: list[Entry] = []
        self.errors: dict[str, str] = {}

    def __exit__(self, *error: object) -> None:
        self._workers.close()

    def start(self, kind: str, peers: Iterable[Peer], threads: Iterable[int], **fields: Any) -> None:
        """Starts workers, one after the other: each warms up on a machine that is otherwise idle."""
        for peer in peers:
            framework = "torch" if peer.layers == "torch" else "tensorflow"
            for count in threads:
                try:
                    worker = Worker(f"{kind}/{framework}", count, peer=peer.name, **fields)
                except WorkerError as error:
                    self._give_up(peer.name, error)
                    break
                self._workers.callback(worker.close)
                self.entries.append(Entry(peer.name, count, worker))

    def run(self, repeats: int, keep_all: bool = False, only: Collection[str] | None = None, **request: Any) -> None:
        """Asks everybody the same, `repeats` times round.

        Args:
            repeats: Number of rounds.
            keep_all: Whether to go on with hopeless numbers of threads.
            only: The peers that are asked; all if None.
            request: What is asked; the answer has `seconds`, a list.
        """
        for entry in self.entries:
            entry.seconds, entry.answers = [], []
        for turn in range(repeats):
            # From the other end every second time: no peer always follows the same one.
            for entry in list(self.entries if turn % 2 == 0 else reversed(self.entries)):
                if only is not None and entry.peer not in only:
                    continue
                try:
                    entry.answers.append(entry.worker.ask(**request))
                    entry.seconds.append(median(entry.answers[-1]["seconds"]))
                except WorkerError as error:
                    self._give_up(entry.peer, error)
                    self.entries = [other for other in self.entries if other.peer != entry.peer]
            if turn + 1 == _TRIAL_ROUNDS and not keep_all:
                self._drop_hopeless()

    def best(self) -> dict[str, Entry]:
        """Returns each peer's entry with its best number of threads, by the median of the rounds."""
        best: dict[str, Entry] = {}
        for entry in self.entries:
            other = best.get(entry.peer)
            if entry.seconds and (other is None or median(entry.seconds) < median(other.seconds)):
                best[entry.peer] = entry
        return best

    def _drop_hopeless(self) -> None:
        best = {peer: median(entry.seconds) for peer, entry in self.best().items()}
        kept = []
        for entry in self.entries:
            if median(entry.seconds) > _HOPELESS * best[entry.peer]:
                entry.worker.close()
            else:
                kept.append(entry)
        self.entries = kept

    def _give_up(self, peer: str, error: WorkerError) -> None:
        self.errors[peer] = str(error)
        self._say(f"  {peer} fails: {error}")


def ratio(slower: Entry, faster: Entry) -> float:
    """Returns the median over the rounds of how many times longer one takes than the other in the same round."""
    return median(a / b for a, b in zip(slower.seconds, faster.seconds, strict=False))
