"""Checkpoints: everything a run needs to go on as if it had never stopped, in one file."""

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnzoo.config import UserError
from rnnzoo.config.atomic_files import write_atomically

if TYPE_CHECKING:
    import keras

_STATE = "state"
_CHECKSUM = "sha256"


class DamagedCheckpointError(UserError):
    """A checkpoint that is not what was written."""

    def __init__(self, path: Path, reason: object):
        super().__init__(f"the checkpoint is damaged ({reason})", file=path)


def save_variables(path: Path, variables: Iterable["keras.Variable"], state: dict[str, Any]) -> None:
    """Writes variables, in their order, and a JSON-ready state as one `.npz` file with a checksum of all of it."""
    # By place, not by path: Keras numbers the names of a process's second model on from its first.
    arrays = {str(place): variable.numpy() for place, variable in enumerate(variables)}
    arrays[_STATE] = np.frombuffer(json.dumps(state).encode(), np.uint8)
    arrays[_CHECKSUM] = _compute_checksum(arrays)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_atomically(path, buffer.getvalue())


def load_variables(path: Path, variables: Iterable["keras.Variable"]) -> dict[str, Any]:
    """Restores what `save_variables` wrote and returns the state.

    Raises:
        UserError: The file is damaged, or belongs to another model; no variable was changed.
    """
    arrays, state = _read(path)
    variables = list(variables)
    shapes = {str(place): tuple(variable.shape) for place, variable in enumerate(variables)}
    if shapes != {name: array.shape for name, array in arrays.items()}:
        raise UserError("the checkpoint is of another model", file=path)
    for place, variable in enumerate(variables):
        variable.assign(arrays[str(place)])
    return state


class CheckpointFolder:
    """The checkpoints of a run: one for each of the last epochs, and the best weights that these speak of.

    The state of a checkpoint says by `best_epoch` which epoch was the best so far, 0: none.

    Args:
        folder: Where they lie.
        keep: How many epochs to keep.
        say: Tells the user what was found damaged.
    """

    def __init__(self, folder: Path, keep: int, say: Callable[[str], None] = lambda message: None):
        self._folder = folder
        self._keep = keep
        self._say = say

    def epochs(self) -> dict[int, Path]:
        """Returns the checkpoint files by the number of finished epochs."""
        return self._find("epoch")

    def save(self, num_epochs: int, variables: Iterable["keras.Variable"], state: dict[str, Any]) -> None:
        """Writes the checkpoint after an epoch and deletes those that are too old."""
        save_variables(self._folder / f"epoch-{num_epochs:04d}.npz", variables, state)
        self._remove_old()

    def save_best(self, epoch: int, variables: Iterable["keras.Variable"]) -> None:
        """Writes the weights of an epoch, counted from 1, that is the best so far.

        Those of the best epoch before stay for as long as a checkpoint speaks of it: a run may be killed before that
        of this epoch is written.
        """
        save_variables(self._best(epoch), variables, {"epoch": epoch})

    def load_best(self, epoch: int, variables: Iterable["keras.Variable"]) -> None:
        """Restores the weights of the best epoch, counted from 1.

        Raises:
            UserError: They are damaged.
        """
        try:
            load_variables(self._best(epoch), variables)
        except DamagedCheckpointError as error:
            hint = "`rnnzoo train RUN --resume`, with the folder of the run, makes them again"
            raise UserError(f"the best weights: {error.problem}", file=error.file, hint=hint) from error

    def restore_latest(self, variables: Iterable["keras.Variable"]) -> dict[str, Any] | None:
        """Restores the newest checkpoint and returns its state, or None where there is none.

        A damaged one, or one whose best weights are, is named, and the one before it is used.

        Raises:
            UserError: The checkpoint belongs to another model.
        """
        self._rename_single_best()
        found = sorted(self.epochs().items(), reverse=True)
        for place, (_, path) in enumerate(found):
            try:
                _, state = _read(path)
                if state.get("best_epoch"):
                    _read(self._best(state["best_epoch"]))
            except DamagedCheckpointError as error:
                is_last = place + 1 == len(found)
                instead = "training begins anew" if is_last else f"going on from {found[place + 1][1].name}"
                self._say(f"warning: {error}; {instead}")
                continue
            load_variables(path, variables)
            if place == 0:
                self._remove_old()  # which a kill may have prevented
            return state
        return None

    def _remove_old(self) -> None:
        found = self.epochs()
        for number in sorted(found)[: -self._keep]:
            found.pop(number).unlink()
        oldest_best = min(map(_read_best_epoch, found.values()))
        for number, path in self._find("best").items():
            if number < oldest_best:
                path.unlink()

    def _best(self, epoch: int) -> Path:
        return self._folder / f"best-{epoch:04d}.npz"

    def _find(self, kind: str) -> dict[int, Path]:
        matches = (re.fullmatch(rf"{kind}-(\d+)\.npz", path.name) for path in self._folder.glob(f"{kind}-*.npz"))
        return {int(match[1]): self._folder / match[0] for match in matches if match}

    def _rename_single_best(self) -> None:
        # Runs that an earlier version began have one file for the best weights of whatever epoch.
        single = self._folder / "best.npz"
        if single.is_file():
            epoch = _read_state(single).get("epoch", 0)
            single.replace(self._best(epoch))


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Reads a checkpoint and compares it with its checksum: arrays by place, and the state."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        # Runs that an earlier version began have none; their files rely on the checks of zip.
        checksum = arrays.pop(_CHECKSUM, None)
        if checksum is not None and not np.array_equal(checksum, _compute_checksum(arrays)):
            raise DamagedCheckpointError(path, "its checksum is another")
        return arrays, json.loads(arrays.pop(_STATE).tobytes())
    except (OSError, EOFError, ValueError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise DamagedCheckpointError(path, getattr(error, "strerror", None) or error) from None


def _read_state(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return json.loads(file[_STATE].tobytes())
    except (OSError, EOFError, ValueError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        return {}


def _read_best_epoch(path: Path) -> int:
    return _read_state(path).get("best_epoch", 0)


def _compute_checksum(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype.str} {array.shape};".encode())
        digest.update(array.tobytes())
    return np.frombuffer(digest.digest(), np.uint8)
