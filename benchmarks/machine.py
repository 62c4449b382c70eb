"""What the figures were measured on."""

import os
import platform
import time
from importlib import metadata
from typing import Any

_PACKAGES = ("tensorflow", "tensorflow-cpu", "keras", "torch", "numpy")


def describe_machine() -> dict[str, Any]:
    """Returns processor, cores, load and versions."""
    from rnnzoo import __version__
    from rnnzoo.training.environment import num_cores, processor_name

    versions = {"python": platform.python_version(), "rnnzoo": __version__}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {
        "processor": processor_name(),
        "cores": num_cores(),
        "system": platform.system(),
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "date": time.strftime("%Y-%m-%d"),
        "versions": versions,
    }
