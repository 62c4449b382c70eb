"""Checkpoints: everything a run needs to go on as if it had never stopped, in one file."""

import io
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnzoo.config import UserError

if TYPE_CHECKING:
    import keras

_STATE = "state"


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a file beside its place and renames it, so that no reader ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.partial")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def save_variables(path: Path, variables: Iterable["keras.Variable"], state: dict[str, Any]) -> None:
    """Writes variables, in their order, and a JSON-ready state as one `.npz` file."""
    # By place, not by path: Keras numbers the names of a process's second model on from its first.
    arrays = {str(place): variable.numpy() for place, variable in enumerate(variables)}
    arrays[_STATE] = np.frombuffer(json.dumps(state).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_atomically(path, buffer.getvalue())


def load_variables(path: Path, variables: Iterable["keras.Variable"]) -> dict[str, Any]:
    """Restores what `save_variables` wrote and returns the state.

    Raises:
        UserError: The file is damaged, or belongs to another model.
    """
    variables = list(variables)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            values = [arrays[str(place)] for place in range(len(variables))]
            state = json.loads(arrays[_STATE].tobytes())
            is_whole = len(arrays.files) == len(values) + 1
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"the checkpoint is damaged or of another model ({error})", file=path) from None
    if not is_whole or any(
        value.shape != tuple(variable.shape) for value, variable in zip(values, variables, strict=True)
    ):
        raise UserError("the checkpoint is of another model", file=path)
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return state


class CheckpointFolder:
    """The checkpoints of a run: one for each of the last epochs, and the best weights.

    Args:
        folder: Where they lie.
        keep: How many epochs to keep.
    """

    def __init__(self, folder: Path, keep: int):
        self._folder = folder
        self._keep = keep

    @property
    def best(self) -> Path:
        """The file of the best weights so far."""
        return self._folder / "best.npz"

    def epochs(self) -> dict[int, Path]:
        """Returns the checkpoint files by the number of finished epochs."""
        found = {}
        for path in self._folder.glob("epoch-*.npz"):
            match = re.fullmatch(r"epoch-(\d+)\.npz", path.name)
            if match:
                found[int(match[1])] = path
        return found

    def save(self, num_epochs: int, variables: Iterable["keras.Variable"], state: dict[str, Any]) -> None:
        """Writes the checkpoint after an epoch and deletes those that are too old."""
        save_variables(self._folder / f"epoch-{num_epochs:04d}.npz", variables, state)
        found = self.epochs()
        for number in sorted(found)[: -self._keep]:
            found[number].unlink()

    def restore_latest(self, variables: Iterable["keras.Variable"]) -> dict[str, Any] | None:
        """Restores the newest checkpoint and returns its state, or None where there is none."""
        found = self.epochs()
        return load_variables(found[max(found)], variables) if found else None
