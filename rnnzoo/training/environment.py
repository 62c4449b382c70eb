"""What a run is computed by, as far as it can change bits: recorded in its folder at every start."""

import os
import platform
import sys
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import rnnzoo
from rnnzoo.config import UserError
from rnnzoo.training.run_folder import RunFolder

_FILE = "environment.json"
_VERSIONED = ("tensorflow", "keras", "tensorflow-datasets", "numpy")
_VARIABLES = ("TF_", "XLA_", "OMP_", "MKL_", "KERAS_", "CUDA_VISIBLE_DEVICES", "PYTHONHASHSEED")
# Recorded by what it says about this process; the whole names other machines.
_NOT_RECORDED = ("TF_CONFIG",)
# The rest of what is recorded tells when, where and how a run was started: that changes no bit of it.
_DECIDING = ("python", "versions", "commit", "processor", "threads", "devices", "variables", "computation")
# These say what is printed, or are in `threads` as what they amount to.
_NOT_DECIDING = ("TF_CPP_", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "PYTHONHASHSEED")


def record_start(folder: RunFolder, computation: dict[str, Any]) -> list[str]:
    """Adds to a run's `environment.json` what this start of it is computed by.

    Args:
        folder: The run's folder.
        computation: What the run chose: whether XLA compiles, the type to compute in, the number of replicas.

    Returns:
        What differs from the run's first start and may change bits, a piece for each; nothing at the first.
    """
    start = describe_environment() | {"computation": computation}
    starts = _read_starts(folder)
    folder.write_json(_FILE, {"starts": [*starts, start]})
    return _find_differences(starts[0], start) if starts else []


def describe_environment() -> dict[str, Any]:
    """Returns versions, command, machine, threads and the environment variables that TensorFlow heeds."""
    return {
        "command": sys.argv,
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "versions": {"rnnzoo": rnnzoo.__version__} | {name: metadata.version(name) for name in _VERSIONED},
        "commit": find_commit(Path(rnnzoo.__file__).parent.parent),
        "system": platform.platform(),
        "processor": processor_name(),
        "cores": num_cores(),
        "threads": _count_threads(),
        "devices": _list_devices(),
        "variables": {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith(_VARIABLES) and name not in _NOT_RECORDED
        },
    }


def find_commit(clone: Path) -> str | None:
    """Returns the git commit that is checked out, as the files of git tell it; None where there is no clone.

    Changes that are not committed do not show.

    Args:
        clone: The folder in which `.git` lies.
    """
    git = clone / ".git"
    try:
        if git.is_file():  # a work tree or a submodule: the file names the folder
            git = clone / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref:"):
            return head
        reference = head.removeprefix("ref:").strip()
        shared = git / "commondir"
        folders = [git, git / shared.read_text(encoding="utf-8").strip()] if shared.is_file() else [git]
        for folder in folders:
            if (folder / reference).is_file():
                return (folder / reference).read_text(encoding="utf-8").strip()
            packed = folder / "packed-refs"
            for line in packed.read_text(encoding="utf-8").splitlines() if packed.is_file() else ():
                commit, _, name = line.partition(" ")
                if name == reference:
                    return commit
    except (OSError, UnicodeDecodeError):
        pass
    return None


def num_cores() -> int:
    """Returns how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor_name() -> str:
    """Returns the name of the processor, as far as the system tells."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _count_threads() -> dict[str, int]:
    import tensorflow as tf

    given = {
        "intra_op": (tf.config.threading.get_intra_op_parallelism_threads(), "TF_NUM_INTRAOP_THREADS"),
        "inter_op": (tf.config.threading.get_inter_op_parallelism_threads(), "TF_NUM_INTEROP_THREADS"),
    }
    return {name: threads or _read_number(variable) or num_cores() for name, (threads, variable) in given.items()}


def _read_number(variable: str) -> int:
    value = os.environ.get(variable, "")
    return int(value) if value.isdigit() else 0


def _list_devices() -> list[str]:
    import tensorflow as tf

    return [device.name.removeprefix("/physical_device:") for device in tf.config.list_physical_devices()]


def _read_starts(folder: RunFolder) -> list[dict[str, Any]]:
    try:
        starts = folder.read_json(_FILE)["starts"]
    except (UserError, KeyError, TypeError):
        return []  # the first start, or a file that somebody changed
    return starts if isinstance(starts, list) and all(isinstance(start, dict) for start in starts) else []


def _find_differences(first: dict[str, Any], start: dict[str, Any]) -> list[str]:
    before, now = _flatten(first), _flatten(start)
    return [
        f"{name} {_show(before.get(name))} → {_show(now.get(name))}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]


def _flatten(start: dict[str, Any]) -> dict[str, Any]:
    deciding = {}
    for name in _DECIDING:
        value = start.get(name)
        for part, content in value.items() if isinstance(value, dict) else ((name, value),):
            if not part.startswith(_NOT_DECIDING):
                deciding[part] = content
    return deciding


def _show(value: Any) -> str:
    return "none" if value is None else ", ".join(value) if isinstance(value, list) else str(value)
