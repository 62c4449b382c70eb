"""A file of answers that is written in steps, so that a run which was killed can go on."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rnnzoo.config.atomic_files import write_atomically
from rnnzoo.config.errors import UserError

try:
    import fcntl
except ImportError:  # not on Windows, where two runs on one file are not told apart
    fcntl = None


def _partial_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


def _progress_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.progress")


def is_resumable(path: str | Path) -> bool:
    """Returns whether a run that was to write this file has left answers to go on from."""
    return _progress_path(Path(path)).is_file() and _partial_path(Path(path)).is_file()


class ResumableFile:
    """A file that appears when all of it is written; until then its beginning lies beside it.

    What was written before the last `commit` survives a kill, what came after it is cut off by the next run.

    Args:
        path: The file.
        request: What decides about its content. A run goes on only from one with the same.
        resume: Whether to go on from what an earlier run left; otherwise that is dropped.

    Attributes:
        num_committed: How many answers there are already.

    Raises:
        UserError: What was left belongs to something else, or another run is writing the file.
    """

    def __init__(self, path: Path, request: Mapping[str, Any], resume: bool):
        self._path = path
        self._request = dict(request)
        self.num_committed = 0
        progress = self._read_progress() if resume and is_resumable(path) else None
        self._file = _partial_path(path).open("ab")
        if fcntl:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._file.close()
                raise UserError("another run is writing this file", file=path) from None
        if progress:
            self.num_committed = progress["answers"]
            self._file.truncate(progress["bytes"])
        else:
            _progress_path(path).unlink(missing_ok=True)
            self._file.truncate(0)

    def write(self, text: str) -> None:
        """Writes text behind what there is."""
        self._file.write(text.encode("utf-8"))

    def commit(self, num_answers: int) -> None:
        """Makes everything so far survive a kill.

        Args:
            num_answers: How many answers that is.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        progress = {"request": self._request, "answers": num_answers, "bytes": self._file.tell()}
        write_atomically(_progress_path(self._path), json.dumps(progress))
        self.num_committed = num_answers

    def finish(self) -> None:
        """Puts the file in its place."""
        self._file.flush()
        _partial_path(self._path).replace(self._path)
        _progress_path(self._path).unlink(missing_ok=True)
        self._file.close()

    def abandon(self) -> None:
        """Leaves what was committed to a later run; nothing if nothing was."""
        self._file.close()
        if not self.num_committed:
            _partial_path(self._path).unlink(missing_ok=True)

    def _read_progress(self) -> dict[str, Any]:
        path = _progress_path(self._path)
        hint = "run it without resuming, which begins anew"
        try:
            progress = json.loads(path.read_text(encoding="utf-8"))
            before, is_whole = progress["request"], _partial_path(self._path).stat().st_size >= progress["bytes"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"cannot be read: {error}", file=path, hint=hint) from error
        if not is_whole:
            raise UserError("is shorter than it was", file=_partial_path(self._path), hint=hint)
        for key, value in self._request.items():
            if before.get(key) != value:
                raise UserError(
                    f"what was left comes from another {key}",
                    file=path,
                    got=value,
                    allowed=str(before.get(key)),
                    hint=hint,
                )
        return progress
