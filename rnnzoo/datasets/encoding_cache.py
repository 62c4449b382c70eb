"""What takes long to encode is kept on the disk, under a key made of everything that it depends on."""

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import rnnzoo
from rnnzoo.config import UserError
from rnnzoo.config.atomic_files import put_in_place, remove_leftovers, write_beside
from rnnzoo.datasets.array_store import ArrayStore, load_arrays

# What is small and made sooner is not worth keeping.
SECONDS_WITHOUT_CACHE = 30.0
# The entries that were not used for longest go first.
MOST_BYTES_KEPT = 20 << 30
_FOLDER_VARIABLE = "RNNZOO_CACHE_DIR"
_KEY = re.compile(r"[0-9a-f]{64}")
_PACKAGES = ("text", "tasks", "datasets")
# Whoever still writes has touched its files since.
_LEFTOVER_SECONDS = 24 * 3600

MakeArrays = Callable[[ArrayStore], Mapping[str, Any]]


def cache_folder() -> Path:
    """Returns where encodings are kept: below `$RNNZOO_CACHE_DIR`, else `rnnzoo` below the user's cache folder."""
    folder = os.environ.get(_FOLDER_VARIABLE) or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "rnnzoo"
    return Path(folder).expanduser() / "encodings"


def keep_arrays(
    make_arrays: MakeArrays, make_key: Callable[[], str] | None = None
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Returns what was made before under the same key, or makes it; what is small and soon made is made each time.

    What is large lies in files, and is mapped into memory. Where the cache folder cannot be written, or there is no
    key, the files are in the system's folder for temporary ones and gone with the last use of the arrays.

    Args:
        make_arrays: Appends to the arrays of a store, and returns what else there is to keep, of JSON's types.
        make_key: Returns the key, see `make_key`; None: nothing is kept.

    Returns:
        The arrays by name, and the rest.

    Raises:
        UserError: The disk is full.
    """
    root = cache_folder()
    key = make_key() if make_key and root.is_dir() else None
    if key and (kept := load_arrays(root / key)):
        with suppress(OSError):  # of somebody else, who lets us read it
            os.utime(root / key)
        return kept
    with ExitStack() as stack:
        path: Path | None = None

        def make_folder() -> Path:
            nonlocal path
            path = _find_place(root, key or (make_key() if make_key else None))
            if path.parent != root:  # what is mapped stays after the files are gone
                stack.callback(shutil.rmtree, path.parent, ignore_errors=True)
            folder = stack.enter_context(write_beside(path))
            folder.mkdir()
            return folder

        store = ArrayStore(make_folder)
        stack.callback(store.close)
        start = time.monotonic()
        details = dict(make_arrays(store))
        if make_key and time.monotonic() - start > SECONDS_WITHOUT_CACHE:
            store.move_to_files()
        store.finish(details)
        if store.folder is None:
            return store.take(), details
        if path.parent == root:
            _put_in_place(store.folder, path)
            with suppress(OSError):  # others drop them too
                _drop_oldest(root, path)
            store.folder = path
        arrays = load_arrays(store.folder)
    if arrays is None:
        raise UserError("what was just written cannot be read again", file=path, hint="see to the disk")
    return arrays


def _find_place(root: Path, key: str | None) -> Path:
    if key is not None:
        try:
            root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=root):
                remove_leftovers(root, _LEFTOVER_SECONDS)
                return root / key
        except OSError:
            pass  # read-only, or somebody else's
    return Path(tempfile.mkdtemp(prefix="rnnzoo-")) / "encoded"


def _put_in_place(partial: Path, path: Path) -> None:
    if path.exists():  # damaged, or made by another process meanwhile
        shutil.rmtree(path, ignore_errors=True)
    try:
        put_in_place(partial, path)
    except OSError:
        if load_arrays(path) is None:
            raise


def _drop_oldest(root: Path, newest: Path) -> None:
    entries = sorted(
        (path for path in root.iterdir() if _KEY.fullmatch(path.name)),
        key=lambda path: (path == newest, path.stat().st_mtime),
        reverse=True,
    )
    num_bytes = 0
    for entry in entries:
        num_bytes += sum(file.stat().st_size for file in entry.iterdir())
        if num_bytes > MOST_BYTES_KEPT and entry != newest:
            shutil.rmtree(entry, ignore_errors=True)


def make_key(parts: Mapping[str, Any]) -> str:
    """Makes a key of what an encoding depends on, rnnzoo's own code and TensorFlow's version among it.

    Args:
        parts: Of JSON's types, by name.
    """
    import tensorflow as tf

    everything = {"rnnzoo": rnnzoo.__version__, "code": _fingerprint_code(), "tensorflow": tf.__version__, **parts}
    return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()


@cache
def _fingerprint_code() -> str:
    root = Path(rnnzoo.__file__).parent
    return fingerprint_files(file for package in _PACKAGES for file in root.joinpath(package).rglob("*.py"))


def fingerprint_files(files: Iterable[Path]) -> str:
    """Returns a digest of the names and contents of files, whatever their order."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(json.dumps([file.name, hashlib.sha256(file.read_bytes()).hexdigest()]).encode())
    return digest.hexdigest()


def fingerprint_data(folder: Path) -> list[Any]:
    """Returns what tells a prepared TFDS set from others: the contents of its JSON files, and the size and time of all.

    The folder's place does not matter.
    """
    files = sorted(file for file in folder.iterdir() if file.is_file())
    stats = [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files]
    return [stats, fingerprint_files(file for file in files if file.suffix in (".json", ".txt"))]
