"""The processes of a training, as a scheduler tells them in `TF_CONFIG`."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rnnzoo.config.errors import UserError

VARIABLE = "TF_CONFIG"
_JOBS = ("chief", "worker")
_EXAMPLE = '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'


@dataclass(frozen=True)
class Cluster:
    """The processes of a training, and which of them this one is.

    Attributes:
        jobs: Addresses `host:port` by job, `chief` and `worker`; the first of all is the chief.
        job: The job of this process.
        index: Its place among the processes of its job.
    """

    jobs: dict[str, tuple[str, ...]]
    job: str
    index: int

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of all, the chief's first."""
        return self.jobs.get("chief", ()) + self.jobs.get("worker", ())

    @property
    def rank(self) -> int:
        """The place of this process among all; 0: the chief."""
        return self.index + (len(self.jobs.get("chief", ())) if self.job == "worker" else 0)

    @property
    def is_chief(self) -> bool:
        """Whether this process writes, prints and exports."""
        return self.rank == 0

    @property
    def fingerprint(self) -> str:
        """The same for all processes of a cluster, and different for any other."""
        return hashlib.sha256(json.dumps(self.addresses).encode()).hexdigest()[:16]

    def describe(self, rank: int) -> str:
        """Names a process for a message."""
        return f"worker {rank} ({'the chief, ' if rank == 0 else ''}{self.addresses[rank]})"


def read_cluster(environment: Mapping[str, str] = os.environ) -> Cluster | None:
    """Reads `TF_CONFIG`.

    Args:
        environment: Environment variables.

    Returns:
        The cluster, or None where the variable is not set or names one process alone.

    Raises:
        UserError: The variable is not what TensorFlow's own engine understands, or has other jobs than `chief`
            and `worker`.

    Example:

    >>> tf_config = '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}'
    >>> cluster = read_cluster({"TF_CONFIG": tf_config})
    >>> cluster.rank, cluster.is_chief, cluster.describe(0)
    (1, False, 'worker 0 (the chief, a:1)')
    """
    text = environment.get(VARIABLE, "").strip()
    if not text:
        return None
    try:
        content = json.loads(text)
    except ValueError as error:
        raise UserError(f"not valid JSON: {error}", key=VARIABLE, got=text, allowed=_EXAMPLE) from None
    if content == {}:
        return None
    if not isinstance(content, dict) or not isinstance(content.get("cluster", {}), dict):
        raise UserError("wrong type", key=VARIABLE, got=content, allowed=_EXAMPLE)
    jobs = {job: _read_addresses(job, content["cluster"][job]) for job in content.get("cluster", {})}
    if not any(jobs.values()):
        raise UserError("names no processes", key=f"{VARIABLE}.cluster", got=content.get("cluster"), allowed=_EXAMPLE)
    addresses = [address for job in jobs.values() for address in job]
    twice = sorted({address for address in addresses if addresses.count(address) > 1})
    if twice:
        raise UserError("an address is named twice", key=f"{VARIABLE}.cluster", got=twice[0])
    if len(jobs.get("chief", ())) > 1:
        raise UserError("more than one chief", key=f"{VARIABLE}.cluster.chief", got=list(jobs["chief"]))
    job, index = _read_task(content.get("task"), jobs)
    return Cluster(jobs, job, index) if len(addresses) > 1 else None


def _check_job(job: object, key: str) -> None:
    if job not in _JOBS:
        hint = "parameter servers and evaluators are not used: every process trains, and the chief evaluates"
        raise UserError("no such job", key=key, got=job, allowed=_JOBS, hint=hint)


def _read_addresses(job: str, addresses: Any) -> tuple[str, ...]:
    key = f"{VARIABLE}.cluster.{job}"
    _check_job(job, f"{VARIABLE}.cluster")
    if not isinstance(addresses, list):
        raise UserError("wrong type", key=key, got=addresses, allowed='a list of "host:port"')
    for address in addresses:
        host, _, port = address.rpartition(":") if isinstance(address, str) else ("", "", "")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise UserError("not an address", key=key, got=address, allowed='"host:port"')
    return tuple(addresses)


def _read_task(task: Any, jobs: dict[str, tuple[str, ...]]) -> tuple[str, int]:
    if not isinstance(task, dict) or "type" not in task or "index" not in task:
        allowed = '{"type": "worker", "index": 0}, the place of this process in the cluster'
        raise UserError("names no process", key=f"{VARIABLE}.task", got=task, allowed=allowed)
    job, index = task["type"], task["index"]
    _check_job(job, f"{VARIABLE}.task.type")
    if job not in jobs:
        raise UserError("no such job in the cluster", key=f"{VARIABLE}.task.type", got=job, allowed=jobs)
    # Made by a shell, an index is often a string.
    if isinstance(index, str) and index.isdecimal():
        index = int(index)
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(jobs[job]):
        allowed = f"0 to {len(jobs[job]) - 1}, the processes of this job" if jobs[job] else "nothing: the job is empty"
        raise UserError("no such process", key=f"{VARIABLE}.task.index", got=index, allowed=allowed)
    return job, index
