"""Prepared files are named by their content, so that a changed file is never read stale."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from rnnzoo.config import UserError
from rnnzoo.datasets.files.class_folders import list_class_folders
from rnnzoo.datasets.files.parts import Part
from rnnzoo.datasets.files.rows import Defect
from rnnzoo.datasets.files.source import FileSource
from rnnzoo.datasets.files.text_files import list_text_files

BUILDER_NAME = "rnnzoo_files"
# A new one whenever the same files would give other examples.
VERSION = "1.0.0"
_LONGEST_STEM = 40
_HASH_DIGITS = 12


def name_source(source: FileSource) -> str:
    """Returns a readable name that ends in a hash over all that decides which examples the files give.

    Raises:
        UserError: A file cannot be read.
    """
    options = source.options.model_dump(exclude={"max_errors"})
    strays = [stray.file for stray in source.strays]
    digest = hashlib.blake2b(json.dumps([options, source.features, strays]).encode())
    for part in source.parts:
        digest.update(json.dumps([part.split, part.format]).encode())
        for name, path in _list_content(part):
            digest.update(json.dumps(name).encode())
            if path:
                digest.update(_hash_file(path))
    first = source.options.path or source.options.train
    stem = re.sub(r"[^A-Za-z0-9]+", "_", PurePath(first).name.partition(".")[0]).strip("_") or "data"
    return f"{stem[:_LONGEST_STEM]}_{digest.hexdigest()[:_HASH_DIGITS]}"


def _list_content(part: Part) -> Iterator[tuple[str, Path | None]]:
    if part.format == "folders":
        for item in list_class_folders(part):
            yield (item.file, None) if isinstance(item, Defect) else (f"{item.parent.name}/{item.name}", item)
    elif part.format == "text" and part.path.is_dir():
        yield from ((path.relative_to(part.path).as_posix(), path) for path in list_text_files(part))
    elif part.format == "parallel":
        yield from ((path.name, path) for path in part.languages.values())
    else:
        yield from ((path.name, path) for path in (part.path, part.labels) if path)


def _hash_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "blake2b").digest()
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", file=path) from None
