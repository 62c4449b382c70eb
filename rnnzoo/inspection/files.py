"""Writing a picture: whole or not at all."""

from collections.abc import Callable
from pathlib import Path

from rnnzoo.config import UserError


def write_file(path: Path, write: Callable[[Path], None], key: str) -> None:
    """Writes a file beside its place and puts it there when it is whole; folders are made.

    Args:
        path: The file.
        write: Writes to the path that it is given.
        key: The option that named the file, for messages.

    Raises:
        UserError: The file cannot be written.
    """
    beside = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(beside)
        beside.replace(path)
    except OSError as error:
        raise UserError(f"cannot be written: {error.strerror}", file=path, key=key) from None
