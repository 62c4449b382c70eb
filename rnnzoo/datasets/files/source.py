"""Where the files of a config are, and what kind they are of."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rnnzoo.config import UserError
from rnnzoo.config.schema import DataSection, FilesSection
from rnnzoo.datasets.files.rows import Defect
from rnnzoo.datasets.loading import default_data_dir

_FORMATS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Part:
    """A file or a folder of class folders.

    Attributes:
        split: The split it is; "" if it is to be cut into splits.
        name: What the config calls it.
        path: Where it is.
        format: `csv`, `tsv`, `jsonl`, `folders` or `lines`.
        labels: Of `lines`: the file of the labels.
    """

    split: str
    name: str
    path: Path
    format: str
    labels: Path | None = None


@dataclass(frozen=True)
class FileSource:
    """The files of a config.

    Attributes:
        options: The section `[data.files]`.
        features: The features to read by config key, the text first.
        parts: The files.
        strays: What lies beside them and is none of the data.
    """

    options: FilesSection
    features: dict[str, str]
    parts: tuple[Part, ...]
    strays: tuple[Defect, ...] = ()

    @property
    def is_cut(self) -> bool:
        """Whether the splits are cut from one part."""
        return not self.parts[0].split


def find_source(data: DataSection, data_dir: Path | None) -> FileSource:
    """Finds the files of a config.

    Args:
        data: The section `[data]`; its `files` are given.
        data_dir: TFDS' `data_dir`.

    Raises:
        UserError: A file is missing or of another kind, or the task does not read texts.
    """
    keys = ("text_feature", "label_feature")
    features = {f"data.{key}": getattr(data, key) for key in keys if hasattr(data, key)}
    if "data.text_feature" not in features:
        raise UserError("files hold texts, which this task does not read", key="data.files")
    options = data.files
    if options.path:
        parts = [_find_part(options, "path", data_dir)]
    else:
        parts = [_find_part(options, split, data_dir) for split in _SPLITS if getattr(options, split)]
    strays: list[Defect] = []
    if options.path and parts[0].format == "folders" and _has_folders(parts[0].path / "train"):
        whole, parts = parts[0], []
        for child in sorted(whole.path.iterdir()):
            name = f"{whole.name}/{child.name}"
            if child.name in _SPLITS and child.is_dir():
                parts.append(Part(child.name, name, child, "folders"))
            else:
                strays.append(Defect(name, 0, "not the folder of a split", is_stray=True))
    return FileSource(options, features, tuple(parts), tuple(strays))


def _find_part(options: FilesSection, key: str, data_dir: Path | None) -> Part:
    name = getattr(options, key)
    path = _find(name, f"data.files.{key}", data_dir)
    labels_key = "labels" if key == "path" else f"{key}_labels"
    labels = getattr(options, labels_key)
    file_format = options.format if options.format != "auto" else _guess_format(path, bool(labels))
    if path.is_dir() != (file_format == "folders"):
        kind = "a folder" if path.is_dir() else "a file"
        raise UserError(f'{kind}, which is not what format = "{file_format}" reads', file=path, key=f"data.files.{key}")
    return Part(
        "" if key == "path" else key,
        name,
        path,
        file_format,
        _find(labels, f"data.files.{labels_key}", data_dir) if labels else None,
    )


def _find(name: str, key: str, data_dir: Path | None) -> Path:
    tried = list(_places(Path(name).expanduser(), data_dir))
    for path in tried:
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


def _guess_format(path: Path, has_labels: bool) -> str:
    if path.is_dir():
        return "folders"
    if has_labels:
        return "lines"
    ending = Path(path.name.removesuffix(".gz")).suffix.lower()
    if ending not in _FORMATS:
        raise UserError(
            "the name does not tell the format",
            file=path,
            key="data.files.format",
            allowed=["csv", "tsv", "jsonl", "lines"],
            hint='format = "lines" reads a text a line, and needs a file of labels: data.files.labels',
        )
    return _FORMATS[ending]


def _has_folders(path: Path) -> bool:
    return path.is_dir() and any(child.is_dir() for child in path.iterdir())
