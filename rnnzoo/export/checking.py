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


def _start(check: str, directories: list[Path], options: dict) -> subprocess.Popen:
    environment = {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "CUDA_VISIBLE_DEVICES": "-1",  # the exporting process may hold all of the GPU's memory
        "PYTHONIOENCODING": "utf-8",
    }
    # As modules of a package `checks`, so that rnnzoo itself is never imported; -P: nor a `checks` of the user's.
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_HERE), environment.get("PYTHONPATH")]))
    command = [sys.executable, "-P", "-m", f"checks.{check}_check", json.dumps(options), *map(str, directories)]
    return subprocess.Popen(  # noqa: S603 - our own module, run by our own interpreter
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", errors="replace", env=environment
    )


def _finish(process: subprocess.Popen, num_exports: int) -> list[dict]:
    """Returns what a process found out about each export."""
    try:
        printed, complaints = process.communicate(timeout=_TIMEOUT_SECONDS * num_exports)
    except subprocess.TimeoutExpired:
        process.kill()
        printed, _ = process.communicate()
        trouble = f"gave up after {_TIMEOUT_SECONDS * num_exports} seconds"
    else:
        last_words = " | ".join(complaints.strip().splitlines()[-3:])
        trouble = f"the process of the check ended with code {process.returncode}: {last_words}"
    results = [json.loads(line) for line in printed.splitlines() if line.startswith("{")][:num_exports]
    return results + [{"failures": [trouble]}] * (num_exports - len(results))


def check_export(directory: str | Path, **options) -> CheckReport:
    """Checks one export; see `check_exports`."""
    (report,) = check_exports([directory], **options)
    return report


def check_exports(
    directories: Iterable[str | Path],
    *,
    max_bytes: int | None = None,
    checks: Iterable[str] = CHECKS,
    forbidden: Iterable[str] = (),
) -> list[CheckReport]:
    """Checks exports against the reference answers stored in them, in processes that do not know rnnzoo.

    One process a check, whatever the number of exports.

    - `session`: a graph session, as in TensorFlow Serving, gives the stored answers to the stored
      requests, for whole batches and for each row alone; every warm-up request works.
    - `c_api`: so does TensorFlow's C library, without Python. Skipped, with a note, where there is none.
    - `audit`: ops, XLA, variables, signatures, paths of this machine, size.

    Args:
        directories: The version folders.
        max_bytes: The size that all files together may have; the limit the export was made under unless given.
        checks: The names of the checks to run.
        forbidden: Further strings that may stand in no file of the export.

    Returns:
        The report of each; `raise_on_failures` turns it into an exception.

    Raises:
        UserError: A folder is no export of rnnzoo.
    """
    directories = [Path(directory) for directory in directories]
    for directory in directories:
        for name in ("saved_model.pb", REFERENCE_FILE):
            if not (directory / name).is_file():
                raise UserError("not an export that can be checked", file=directory, hint=f"it has no {name}")
    options: dict = {"forbidden": list(forbidden)}
    if max_bytes is not None:
        options["max_bytes"] = max_bytes
    reports = [CheckReport(directory) for directory in directories]
    processes = {}
    try:
        for check in checks:
            processes[check] = _start(check, directories, options)
        for check, process in processes.items():
            for report, result in zip(reports, _finish(process, len(directories)), strict=True):
                report.failures += [f"{check}: {failure}" for failure in result["failures"]]
                report.notes += [f"{check}: {note}" for note in result.get("notes", [])]
                report.seconds[check] = result.get("seconds", 0.0)
                report.facts.update(result.get("facts", {}))
    finally:
        for process in processes.values():
            if process.poll() is None:
                process.kill()
    return reports
