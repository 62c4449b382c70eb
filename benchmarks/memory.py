"""Memory of this process, in megabytes."""

import ctypes
import resource
import sys
from contextlib import suppress
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR_PEAK = Path("/proc/self/clear_refs")


def peak_since_start() -> float:
    """Returns the most memory that was ever resident."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def resident() -> float:
    """Returns the memory that is resident now."""
    return _read("VmRSS")


def peak() -> float:
    """Returns the most memory that was resident since `forget_peak`, or since the start where that cannot be told."""
    return _read("VmHWM")


def forget_peak() -> None:
    """Gives freed memory back to the system and starts a new peak, where the system can do that."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    with suppress(OSError):
        _CLEAR_PEAK.write_text("5")


def _read(name: str) -> float:
    with suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 2**10
    return peak_since_start()
