"""What to type after `rnnzoo train` was interrupted."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def tell_how_to_resume(options: Mapping[str, Any], folder: Path, num_finished: int, is_alone: bool) -> str:
    """Returns how to go on with a run that is not finished.

    Args:
        options: The options of the command.
        folder: The run's folder.
        num_finished: How many seeds are done already.
        is_alone: Whether no other workers train with this process.
    """
    if not is_alone:
        return f"go on by starting all workers again with {folder} --resume"
    parts = ["rnnzoo", "train", str(folder), "--resume"]
    if options["data_dir"] is not None:
        parts += ["--data-dir", str(options["data_dir"])]
    if options["offline"]:
        parts.append("--offline")
    # The export is that of the first seed.
    parts += _name_output(options) if options["wants_export"] and not num_finished else ["--no-export"]
    advice = f"go on with: {shlex.join(parts)}"
    if options["seeds"] > 1:
        advice += f" (of {options['seeds']} seeds {num_finished} are done; the others begin with --seed)"
    return advice


def tell_how_to_export(options: Mapping[str, Any], folder: Path) -> str:
    """Returns how to export a run that is finished."""
    parts = ["rnnzoo", "export", str(folder), *_name_output(options)]
    return f"the run is finished; export it with: {shlex.join(parts)}"


def _name_output(options: Mapping[str, Any]) -> list[str]:
    is_default = options["output"] == Path("saved_models")
    return [] if is_default else ["--output", str(options["output"])]
