"""Where the files are that a config names."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from rnnzoo.config import UserError
from rnnzoo.datasets.loading import default_data_dir


def find_file(name: str, key: str, data_dir: Path | None) -> Path:
    """Finds a file or folder that a config names.

    Args:
        name: Its path, absolute or relative.
        key: The config key that names it, for the complaint.
        data_dir: TFDS' `data_dir`.

    Raises:
        UserError: It is in none of the places where it may be.
    """
    tried = list(_places(Path(name).expanduser(), data_dir))
    for path in tried:
        with suppress(OSError):  # such as a name that is too long
            if path.exists():
                return path
    raise UserError(
        f"no such file or folder: {', '.join(map(str, tried))}",
        key=key,
        got=name,
        hint="relative paths are looked for in --data-dir, in the folder that holds it, and in the current folder",
    )


def _places(path: Path, data_dir: Path | None) -> Iterator[Path]:
    if path.is_absolute():
        yield path
    elif data_dir is None:
        yield from (path, default_data_dir() / path)
    else:
        folder = Path(os.path.abspath(data_dir))
        yield from (folder / path, folder.parent / path, path)
