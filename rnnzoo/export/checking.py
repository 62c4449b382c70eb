"""Checks of an export in fresh processes, without rnnzoo."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from rnnzoo.config.errors import UserError
from rnnzoo.export.checks.reference_format import REFERENCE_FILE

CHECKS = ("session", "c_api", "audit")
_HERE = Path(__file__).resolve().parent
_TIMEOUT_SECONDS = 900
_MOST_LINES_SHOWN = 30


@dataclass
class CheckReport:
    """What the checks of an export found.

    Attributes:
        directory: The version folder that was checked.
        failures: What is wrong, one sentence each, led by the name of the check.
        notes: What was skipped, and other remarks.
        seconds: How long each check took.
        facts: `num_bytes`, `num_stored` (numbers in the variables) and `operations` (kinds of op).
    """

    directory: Path
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    facts: dict = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def raise_on_failures(self) -> None:
        """Raises `ExportCheckError` if anything failed."""
        if self.failures:
            raise ExportCheckError(self)


class ExportCheckError(UserError):
    """An export that failed its checks.

    Args:
        report: What the checks found.
    """

    def __init__(self, report: CheckReport):
        self.report = report
        self.failures = report.failures
        lines = [f"  - {failure}" for failure in report.failures[:_MOST_LINES_SHOWN]]
        if len(report.failures) > _MOST_LINES_SHOWN:
            lines.append(f"  … {len(report.failures)} in all")
        super().__init__("\n".join(["the export failed its checks", *lines]), file=report.directory)


def _start(check: str, directory: Path, options: dict) -> subprocess.Popen:
    environment = {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "CUDA_VISIBLE_DEVICES": "-1",  # the exporting process may hold all of the GPU's memory
        "PYTHONIOENCODING": "utf-8",
    }
    # As modules of a package `checks`, so that rnnzoo itself is never imported; -P: nor a `checks` of the user's.
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_HERE), environment.get("PYTHONPATH")]))
    command = [sys.executable, "-P", "-m", f"checks.{check}_check", str(directory), json.dumps(options)]
    return subprocess.Popen(  # noqa: S603 - our own module, run by our own interpreter
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", errors="replace", env=environment
    )


def _finish(check: str, process: subprocess.Popen) -> dict:
    try:
        printed, complaints = process.communicate(timeout=_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return {"failures": [f"gave up after {_TIMEOUT_SECONDS} seconds"]}
    lines = printed.strip().splitlines()
    if process.returncode == 0 and lines:
        return json.loads(lines[-1])
    last_words = " | ".join(complaints.strip().splitlines()[-3:])
    return {"failures": [f"the process of the check ended with code {process.returncode}: {last_words}"]}


def check_export(
    directory: str | Path,
    *,
    max_bytes: int | None = None,
    checks: Iterable[str] = CHECKS,
    forbidden: Iterable[str] = (),
) -> CheckReport:
    """Checks an export against the reference answers stored in it, in processes that do not know rnnzoo.

    - `session`: a graph session, as in TensorFlow Serving, gives the stored answers to the stored
      requests, for whole batches and for each row alone; every warm-up request works.
    - `c_api`: so does TensorFlow's C library, without Python. Skipped, with a note, where there is none.
    - `audit`: ops, XLA, variables, signatures, paths of this machine, size.

    Args:
        directory: The version folder.
        max_bytes: The size that all files together may have; the limit the export was made under unless given.
        checks: The names of the checks to run.
        forbidden: Further strings that may stand in no file of the export.

    Returns:
        The report; `raise_on_failures` turns it into an exception.

    Raises:
        UserError: The folder is no export of rnnzoo.
    """
    directory = Path(directory)
    for name in ("saved_model.pb", REFERENCE_FILE):
        if not (directory / name).is_file():
            raise UserError("not an export that can be checked", file=directory, hint=f"it has no {name}")
    options: dict = {"forbidden": list(forbidden)}
    if max_bytes is not None:
        options["max_bytes"] = max_bytes
    report = CheckReport(directory)
    processes = {}
    try:
        for check in checks:
            processes[check] = _start(check, directory, options)
        for check, process in processes.items():
            result = _finish(check, process)
            report.failures += [f"{check}: {failure}" for failure in result["failures"]]
            report.notes += [f"{check}: {note}" for note in result.get("notes", [])]
            report.seconds[check] = result.get("seconds", 0.0)
            report.facts.update(result.get("facts", {}))
    finally:
        for process in processes.values():
            if process.poll() is None:
                process.kill()
    return report
