"""Arrays that grow at their end: in memory while they are small, in files while they are not."""

import json
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

# All arrays of a store together. Whoever fits into it is done before the files would have been of use.
MOST_BYTES_IN_MEMORY = 1 << 26
_MANIFEST = "arrays.json"
_BYTES_AT_ONCE = 1 << 22


class ArrayStore:
    """Named arrays that parts are appended to.

    Args:
        make_folder: Returns an empty folder for the files; asked once, when the arrays outgrow the memory they may
            take.
        most_bytes: So many bytes stay in memory; None: `MOST_BYTES_IN_MEMORY`.

    Attributes:
        folder: Where the files are; None: everything is in memory.
    """

    def __init__(self, make_folder: Callable[[], Path], most_bytes: int | None = None):
        self._make_folder = make_folder
        self._most_bytes = MOST_BYTES_IN_MEMORY if most_bytes is None else most_bytes
        self._arrays: dict[str, _GrowingArray] = {}
        self._num_bytes = 0
        self.folder: Path | None = None

    def append(self, name: str, part: np.ndarray) -> None:
        """Puts a part, (some, ...), at the end of an array; all parts have the dtype and inner shape of the first."""
        if name not in self._arrays:
            self._arrays[name] = _GrowingArray(part)
            if self.folder is not None:
                self._arrays[name].move_to(self.folder / name)
        self._arrays[name].append(part)
        self._num_bytes += part.nbytes
        if self._num_bytes > self._most_bytes:
            self.move_to_files()

    def move_to_files(self) -> None:
        """Moves all arrays to files, unless they are there."""
        if self.folder is None:
            self.folder = self._make_folder()
            for name, array in self._arrays.items():
                array.move_to(self.folder / name)

    def finish(self, details: Mapping[str, Any] | None = None) -> None:
        """Ends the files, if there are any, so that `load_arrays` can read them with their details."""
        if self.folder is None:
            return
        manifest = {name: array.finish_file() for name, array in self._arrays.items()}
        content = json.dumps({"arrays": manifest, "details": details or {}})
        (self.folder / _MANIFEST).write_text(content, encoding="utf-8")

    def take(self) -> dict[str, np.ndarray]:
        """Returns the arrays, which must be in memory; the store is empty then."""
        arrays = {name: array.take() for name, array in self._arrays.items()}
        self._arrays, self._num_bytes = {}, 0
        return arrays

    def close(self) -> None:
        """Closes the files, finished or not."""
        for array in self._arrays.values():
            array.close()


class _GrowingArray:
    def __init__(self, like: np.ndarray):
        if like.dtype.hasobject:
            raise TypeError(f"not an array of numbers: {like.dtype}")
        self._dtype, self._shape = like.dtype, like.shape[1:]
        self._parts: list[np.ndarray] = []
        self._length = 0
        self._file: Any = None
        self._checksum = 0

    def append(self, part: np.ndarray) -> None:
        if part.dtype != self._dtype or part.shape[1:] != self._shape:
            raise ValueError(f"a part {part.dtype} {part.shape[1:]} of an array {self._dtype} {self._shape}")
        self._length += len(part)
        if self._file is None:
            self._parts.append(part)
        else:
            self._write(part)

    def move_to(self, path: Path) -> None:
        self._file = path.open("wb")
        for part in self._parts:
            self._write(part)
        self._parts = []

    def _write(self, part: np.ndarray) -> None:
        content = np.ascontiguousarray(part).tobytes()
        self._checksum = zlib.crc32(content, self._checksum)
        self._file.write(content)

    def finish_file(self) -> dict[str, Any]:
        self._file.close()
        return {"dtype": self._dtype.str, "shape": [self._length, *self._shape], "checksum": self._checksum}

    def take(self) -> np.ndarray:
        return np.concatenate([np.zeros((0, *self._shape), self._dtype), *self._parts])

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def load_arrays(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
    """Maps the files of a finished store into memory.

    Returns:
        The arrays and their details; None where anything is missing or not as it was written.
    """
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        arrays = {name: _load_array(folder / name, **about) for name, about in manifest["arrays"].items()}
        return arrays, manifest["details"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _load_array(path: Path, dtype: str, shape: list[int], checksum: int) -> np.ndarray:
    found = 0
    with path.open("rb") as file:
        while content := file.read(_BYTES_AT_ONCE):
            found = zlib.crc32(content, found)
    array = np.zeros(shape, dtype)[:0] if 0 in shape else np.memmap(path, dtype, mode="r", shape=tuple(shape))
    if found != checksum or path.stat().st_size != array.nbytes:
        raise ValueError(f"{path} is damaged")
    return array.reshape(shape)
