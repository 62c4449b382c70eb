"""Worker processes, seen from the process that asks them."""

import json
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 1200.0
_LAST_LINES = 5


class WorkerError(RuntimeError):
    """A worker failed, died or did not answer in time."""


class Worker:
    """A process of `benchmarks.worker`. Use as a context manager.

    Args:
        work: Name of the work.
        threads: Number of threads it may use.
        fields: What the work takes, ready for JSON.

    Attributes:
        facts: What the worker said when it was ready.
    """

    def __init__(self, work: str, threads: int, **fields: Any):
        spec = json.dumps({"work": work, "threads": threads, **fields})
        # OpenMP and OpenBLAS read their number of threads when they are loaded.
        limits = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
        self._log = tempfile.TemporaryFile()  # noqa: SIM115, closed with the worker
        self._process = subprocess.Popen(  # noqa: S603, our own module
            [sys.executable, "-m", "benchmarks.worker", spec],
            cwd=_ROOT,
            env={"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1", **os.environ, **limits},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        try:
            self.facts = self._receive()
        except BaseException:
            self.close()
            raise

    def ask(self, **request: Any) -> dict[str, Any]:
        """Sends a request and waits for the answer.

        Raises:
            WorkerError: There is none.
        """
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise WorkerError(f"the worker has ended ({error})") from None
        return self._receive()

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            stream.close()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _receive(self) -> dict[str, Any]:
        # One line for each request: nothing is left in the buffer that select would not see.
        ready, _, _ = select.select([self._process.stdout], [], [], _PATIENCE)
        if not ready:
            raise WorkerError(f"no answer in {_PATIENCE:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            raise WorkerError(f"the worker ended with code {self._process.wait()}: {self._last_words()}")
        message = json.loads(line)
        if "error" in message:
            raise WorkerError(message["error"])
        return message

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return " | ".join(lines[-_LAST_LINES:])
