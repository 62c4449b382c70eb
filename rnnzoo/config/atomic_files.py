"""Files and folders that appear whole or not at all, and what is said where the disk does not take them."""

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rnnzoo.config.errors import UserError

_PREFIX = ".partial-"
_HINTS = {
    errno.ENOSPC: "make room on the disk; what was there before is as it was",
    errno.EDQUOT: "make room in your quota; what was there before is as it was",
    errno.EACCES: "see who may write there, or name another folder",
    errno.EPERM: "see who may write there, or name another folder",
    errno.EROFS: "name a folder on a disk that may be written",
}
# What the disk or the path is to blame for; any other failure to write is a defect of ours.
_DISK_ERRORS = {
    *_HINTS,
    *(errno.EIO, errno.EFBIG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY, errno.ELOOP),
    *(errno.ENAMETOOLONG, errno.ENODEV, errno.ENXIO, errno.ESTALE),
}


def explain_disk_error(
    error: Exception, path: str | Path | None = None, key: str | None = None, problem: str = "cannot be written"
) -> UserError | None:
    """Returns what to tell the user where a disk is full, read-only or the like; None for other errors.

    Args:
        error: What was raised.
        path: The file or folder that was to be written; None: the one that the error names.
        key: The option that named it.
        problem: What to say of it.
    """
    number = getattr(error, "errno", None)
    if number is None and (isinstance(error, OSError) or type(error).__module__.startswith("tensorflow")):
        # HDF5 and TensorFlow tell only in words.
        number = next((number for number in _HINTS if os.strerror(number) in str(error)), None)
    if number not in _DISK_ERRORS:
        return None
    file = path or getattr(error, "filename", None)
    return UserError(f"{problem}: {os.strerror(number)}", file=file, key=key, hint=_HINTS.get(number))


@contextmanager
def write_beside(path: Path, key: str | None = None) -> Iterator[Path]:
    """Gives a free place beside a path to write a file or folder to; what is still there in the end is removed.

    Folders above are made.

    Args:
        path: Where it is to be in the end.
        key: The option that named it, for complaints.

    Yields:
        The place; its name ends like that of `path`, and starts so that nobody takes it for finished.

    Raises:
        UserError: The disk is full, read-only or the like.
    """
    # A name that no other process has, on whatever machine; its ending tells some writers the format.
    partial = path.with_name(f"{_PREFIX}{secrets.token_hex(4)}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
    except Exception as error:
        if isinstance(error, UserError):
            raise
        explained = explain_disk_error(error, path, key)
        if explained is None:
            raise
        raise explained from error
    finally:
        _remove(partial)


@contextmanager
def replace_atomically(path: Path, key: str | None = None) -> Iterator[Path]:
    """Gives a place to write a file or folder to, which then takes the place of `path`, once it is on the disk.

    Args:
        path: Where it is to be in the end. A folder takes the place of none, or of an empty one.
        key: The option that named it, for complaints.

    Raises:
        UserError: The disk is full, read-only or the like; what was there before is untouched.
    """
    with write_beside(path, key) as partial:
        yield partial
        put_in_place(partial, path)


def write_atomically(path: Path, content: bytes | str, key: str | None = None) -> None:
    """Writes a file so that no reader, and no later run, ever finds half of it; text in UTF-8.

    Raises:
        UserError: The disk is full, read-only or the like; what was there before is untouched.
    """
    with replace_atomically(path, key) as partial:
        partial.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def put_in_place(partial: Path, path: Path) -> None:
    """Renames what was written beside a path, after all of it is on the disk, where a loss of power leaves it too."""
    folders = [Path(folder) for folder, _, _ in os.walk(partial)]
    files = [file for folder in folders for file in folder.iterdir() if file.is_file()] or [partial]
    for part in (*files, *folders):
        _flush_to_disk(part)
    os.replace(partial, path)
    _flush_to_disk(path.parent)


def remove_leftovers(folder: Path, older_than_seconds: float = 0.0) -> None:
    """Removes what processes that were killed left half-written in a folder and those below it.

    Args:
        folder: The folder; nobody may be writing in it, unless `older_than_seconds` says otherwise.
        older_than_seconds: Younger ones are left, as somebody may still be writing them.
    """
    for partial in sorted(folder.rglob(f"{_PREFIX}*")):
        if partial.exists() and time.time() - partial.stat().st_mtime >= older_than_seconds:
            _remove(partial)


def _flush_to_disk(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):  # as where what should be a folder is a file
            path.unlink()
