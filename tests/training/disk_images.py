"""What `kill -9` can leave on the disk: a copy of a folder before each change that Python makes in it."""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir")
_watching: list["_Images"] = []
_hooks: list[Callable] = []


@contextmanager
def copy_before_each_change(folder: Path, images: Path, is_ignored: Callable[[Path], bool]) -> Iterator[list[Path]]:
    """Copies a folder before each change of it, one copy for each state of the files that matter.

    It is the last one of that state, with what is then being written beside its place; half of that is cut off, as
    no one knows how far it got.

    Args:
        folder: What is copied.
        images: Where the copies go.
        is_ignored: Tells of a path below the folder whether it does not matter.

    Yields:
        The copies, in the order of time.
    """
    if not _hooks:
        _hooks.append(_hook)
        sys.addaudithook(_hook)  # which stays until the process ends
    watched = _Images(folder, images, is_ignored)
    _watching.append(watched)
    try:
        yield watched.paths
    finally:
        _watching.clear()


class _Images:
    def __init__(self, folder, images, is_ignored):
        self.paths = []
        self._folder, self._images, self._is_ignored = folder, images, is_ignored
        self._by_state = {}

    def copy(self, changed: Path) -> None:
        if not changed.is_relative_to(self._folder):
            return
        digest = hashlib.sha256()
        for file in sorted(self._folder.rglob("*")):
            relative = file.relative_to(self._folder)
            if file.is_file() and not self._is_ignored(relative) and ".partial-" not in str(relative):
                digest.update(str(relative).encode() + file.read_bytes())
        image = self._by_state.setdefault(digest.digest(), self._images / f"{len(self._by_state):03}")
        shutil.rmtree(image, ignore_errors=True)
        shutil.copytree(self._folder, image)
        for file in image.rglob("*"):
            if file.is_file() and ".partial-" in str(file.relative_to(image)):
                os.truncate(file, file.stat().st_size // 2)
        if image not in self.paths:
            self.paths.append(image)


def _hook(event, arguments):
    if not _watching:
        return
    is_write = event == "open" and not isinstance(arguments[0], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    if is_write or event in _CHANGES:
        images = _watching.pop()  # what the copying itself changes does not count
        images.copy(Path(os.fsdecode(arguments[0])))
        _watching.append(images)
