"""Exporting in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from rnnzoo.config.errors import UserError
from rnnzoo.training.cluster import VARIABLE
from rnnzoo.training.run_folder import RunFolder


def export_apart(folder: RunFolder, output: Path) -> Path:
    """Exports a finished run by `rnnzoo export`, in a process that is of no cluster and has no GPU.

    Args:
        folder: The run's folder.
        output: Folder of the exports.

    Returns:
        The folder of the new version.

    Raises:
        UserError: The export was refused.
    """
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    environment.pop(VARIABLE, None)
    arguments = ["export", str(folder.path), "--output", str(output), "--json"]
    command = [sys.executable, "-m", "rnnzoo.cli.main", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise UserError(done.stderr.strip().removeprefix("Error: ") or "the export has failed")
    return Path(json.loads(done.stdout)["path"])
