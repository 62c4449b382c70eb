"""Rows of folders: a folder a class, a file a text."""

from collections.abc import Iterator
from pathlib import Path

from rnnzoo.config.data_sections import FilesSection
from rnnzoo.datasets.files.lines import open_text
from rnnzoo.datasets.files.parts import Part
from rnnzoo.datasets.files.rows import Defect, Row

COLUMNS = ["text", "label"]
_ENDINGS = (".txt", ".txt.gz")


def read_class_folders(part: Part, options: FilesSection, features: list[str]) -> Iterator[Row | Defect]:
    """Yields the texts below a folder with a folder for each class; other files are reported as strays."""
    for item in list_class_folders(part):
        if isinstance(item, Defect):
            yield item
            continue
        name = f"{part.name}/{item.relative_to(part.path).as_posix()}"
        with open_text(item, options.encoding) as file:
            text = file.read(options.max_characters + 1)
        if len(text) > options.max_characters:
            yield Defect(name, 0, "too long", f"over {options.max_characters:,} characters")
            continue
        values = dict(zip(COLUMNS, (text.rstrip("\r\n"), item.parent.name), strict=True))
        yield Row(name, 0, {feature: values[feature] for feature in features})


def list_class_folders(part: Part) -> Iterator[Path | Defect]:
    """Yields the texts below a folder, in order, and what lies there besides."""
    for folder in sorted(part.path.iterdir()):
        if not folder.is_dir():
            yield _stray(part, folder, "not in the folder of a class")
        elif folder.name.startswith((".", "__")):
            yield _stray(part, folder, "not the folder of a class")
        else:
            for file in sorted(folder.iterdir()):
                if file.is_dir():
                    yield _stray(part, file, "a folder in the folder of a class")
                elif file.name.endswith(_ENDINGS) and not file.name.startswith("."):
                    yield file
                else:
                    yield _stray(part, file, "not a .txt file")


def _stray(part: Part, path: Path, reason: str) -> Defect:
    return Defect(f"{part.name}/{path.relative_to(part.path).as_posix()}", 0, reason, is_stray=True)
