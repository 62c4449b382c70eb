"""Several processes of one training on this machine: started together, ended together."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rnnzoo.config.errors import UserError
from rnnzoo.training.environment import num_cores
from rnnzoo.training.meeting import LostWorkerError

_HOST = "127.0.0.1"
_THREAD_VARIABLES = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
_POLL_SECONDS = 0.1
# After the first failure the others notice it, say so and end.
_NOTICE_SECONDS = 3.0
_STOP_SECONDS = 3.0
_LOG_LINES_SHOWN = 12
# Nothing would be gained by trying again: a mistake of the user, and Ctrl-C.
_FINAL_CODES = (UserError.exit_code, 128 + signal.SIGINT)


class Launch:
    """Starts processes with a `TF_CONFIG` each.

    Args:
        command: Program and arguments of each of them.
        num_processes: How many.
        log_folder: Where the output of all but the first goes, `worker-1.log` and so on.
        say: Tells the user a line.
    """

    def __init__(self, command: Sequence[str], num_processes: int, log_folder: Path, say: Callable[[str], None]):
        self._command = list(command)
        self._num_processes = num_processes
        self._log_folder = log_folder
        self._say = say

    def run(self, restarts: int = 0) -> int:
        """Runs all to the end.

        Args:
            restarts: How often to start all again, with `--resume`, after one has died.

        Returns:
            The exit code of what failed first, 0 where nothing did; 128 and its number for a signal.
        """
        command = self._command
        for attempt in range(restarts + 1):
            code = self._run_once(command)
            if code == 0 or code in _FINAL_CODES:
                return code
            if attempt < restarts:
                self._say(f"starting all {self._num_processes} workers again ({attempt + 1} of {restarts})")
                command = self._command if "--resume" in self._command else [*self._command, "--resume"]
        return code

    def _run_once(self, command: list[str]) -> int:
        with self._started(command) as processes:
            try:
                while any(process.poll() is None for process in processes):
                    if any(process.poll() for process in processes):
                        _wait(processes, _NOTICE_SECONDS)
                        break
                    time.sleep(_POLL_SECONDS)
            except KeyboardInterrupt:
                _end(processes, signal.SIGINT)
                return 128 + signal.SIGINT
            codes = [process.poll() for process in processes]
            _end(processes, signal.SIGTERM)
        failed = [rank for rank, code in enumerate(codes) if code]
        if not failed:
            return 0
        # One that only says that another has gone did not fail first.
        first = min(failed, key=lambda rank: codes[rank] == LostWorkerError.exit_code)
        return self._report(first, codes[first])

    def _report(self, rank: int, code: int) -> int:
        """Says what the user has not seen of a failure and returns its exit code."""
        if code < 0:
            self._say(f"worker {rank} was ended by signal {-code} ({signal.Signals(-code).name})")
        elif rank > 0:
            self._say(f"worker {rank} ended with exit code {code}")
        if rank > 0:
            log = self._log_of(rank)
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
            self._say("\n".join([f"the end of {log}:", *(f"  {line}" for line in lines)]) if lines else f"log: {log}")
        return 128 - code if code < 0 else code

    def _log_of(self, rank: int) -> Path:
        return self._log_folder / f"worker-{rank}.log"

    @contextlib.contextmanager
    def _started(self, command: list[str]) -> Iterator[list[subprocess.Popen]]:
        addresses = [f"{_HOST}:{port}" for port in _find_free_ports(self._num_processes)]
        threads = str(max(1, num_cores() // self._num_processes))
        processes: list[subprocess.Popen] = []
        self._log_folder.mkdir(parents=True, exist_ok=True)
        try:
            for rank in range(self._num_processes):
                place = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": rank}}
                environment = dict.fromkeys(_THREAD_VARIABLES, threads) | os.environ | {"TF_CONFIG": json.dumps(place)}
                with contextlib.ExitStack() as files:
                    output = None if rank == 0 else files.enter_context(self._log_of(rank).open("ab"))
                    processes.append(
                        subprocess.Popen(  # noqa: S603
                            command,
                            env=environment,
                            stdin=subprocess.DEVNULL,
                            stdout=output,
                            stderr=output,
                            # Ctrl-C is for this process, which passes it on.
                            start_new_session=True,
                        )
                    )
            yield processes
        finally:
            _end(processes, signal.SIGTERM)


def _find_free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        # All open at once, so that they differ.
        listeners = [stack.enter_context(socket.create_server((_HOST, 0))) for _ in range(number)]
        return [listener.getsockname()[1] for listener in listeners]


def _wait(processes: list[subprocess.Popen], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(process.poll() is None for process in processes) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _end(processes: list[subprocess.Popen], number: int) -> None:
    """Asks what still runs to end, and kills what does not."""
    for process in processes:
        if process.poll() is None:
            process.send_signal(number)
    _wait(processes, _STOP_SECONDS)
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.wait()
