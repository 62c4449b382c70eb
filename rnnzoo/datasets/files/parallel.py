"""Rows of parallel files: a folder with a file for each language and split, whose lines of a number belong together."""

import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from rnnzoo.config import UserError
from rnnzoo.config.data_sections import FilesSection
from rnnzoo.datasets.files.lines import read_lines
from rnnzoo.datasets.files.parts import Part
from rnnzoo.datasets.files.rows import Defect, Row, check_row

# As TFDS' TranslateFolder has it.
_LAYOUT = "LANGUAGE.SPLIT.txt"
_NAME = re.compile(r"(?P<language>[\w-]+)\.(?P<split>[\w-]+)\.txt(?:\.gz)?")
# TFDS' name for all splits together.
_NO_SPLIT = "all"

_Line = tuple[int, str | None]


def is_parallel_folder(folder: Path) -> bool:
    """Returns whether all files of a folder are named LANGUAGE.SPLIT.txt; hidden ones do not matter."""
    children = _list_children(folder)
    return bool(children) and all(_NAME.fullmatch(child.name) and child.is_file() for child in children)


def find_parallel_parts(folder: Path, name: str, languages: dict[str, str]) -> tuple[list[Part], list[Defect]]:
    """Finds the files of some languages in a folder.

    Args:
        folder: The folder.
        name: What the config calls it.
        languages: The languages to read, by config key.

    Returns:
        A part for each split that has all the languages, and the files that are none of the data. Files of other
        languages are neither.

    Raises:
        UserError: There is no file of a language, or no split has them all.
    """
    name = name.rstrip("/")
    splits, strays = _group_files(folder, name)
    known = sorted({language for files in splits.values() for language in files})
    if not known:
        raise UserError(f"no file in it is named {_LAYOUT}, such as de.train.txt", file=folder, key="data.files.path")
    for key, language in languages.items():
        if language not in known:
            raise UserError("no file of this language", file=folder, key=key, got=language, allowed=known)
    parts = []
    for split, files in splits.items():
        wanted = {language: files[language] for language in languages.values() if language in files}
        missing = [language for language in languages.values() if language not in files]
        if not missing:
            path = next(iter(wanted.values()))
            parts.append(Part(split, f"{name}/*.{split}.txt", path, "parallel", languages=wanted))
        for path in wanted.values() if missing else ():
            strays.append(Defect(f"{name}/{path.name}", 0, f"no {missing[0]}.{split}.txt beside it", is_stray=True))
    if not parts:
        shown = " and ".join(f"`{language}`" for language in languages.values())
        raise UserError(f"no split has both a file of {shown}", file=folder, key="data.files.path")
    return parts, strays


def read_parallel(part: Part, options: FilesSection, features: list[str]) -> Iterator[Row | Defect]:
    """Yields the rows of a split, a text for each language; defects name the file of the language they are in.

    Raises:
        UserError: One file has more lines than another: no telling which lines belong together.
    """
    files = {language: part.languages[language] for language in features}
    for lines in zip_longest(*(_read(path, options) for path in files.values())):
        if None not in lines:
            yield _make_row(part, options, dict(zip(files, lines, strict=True)))
        # Blank lines at the end are forgiven.
        elif any(line is not None and (line[1] is None or line[1].strip()) for line in lines):
            _refuse_unequal(files, options)


def _list_children(folder: Path) -> list[Path]:
    return [child for child in sorted(folder.iterdir()) if not child.name.startswith(".")]


def _group_files(folder: Path, name: str) -> tuple[dict[str, dict[str, Path]], list[Defect]]:
    """Returns the files by split and language, and the others."""
    splits: dict[str, dict[str, Path]] = {}
    strays = []
    for child in _list_children(folder):
        match = _NAME.fullmatch(child.name) if child.is_file() else None
        reason = ""
        if match is None:
            reason = f"not a file named {_LAYOUT}"
        elif match["split"] == _NO_SPLIT:
            reason = f"no split can be called `{_NO_SPLIT}`"
        elif match["language"] in splits.setdefault(match["split"], {}):
            reason = f"{splits[match['split']][match['language']].name} is read instead"
        if reason:
            strays.append(Defect(f"{name}/{child.name}", 0, reason, is_stray=True))
        else:
            splits[match["split"]][match["language"]] = child
    return splits, strays


def _read(path: Path, options: FilesSection) -> Iterator[_Line]:
    return read_lines(path, options.encoding, options.max_characters)


def _make_row(part: Part, options: FilesSection, lines: dict[str, _Line]) -> Row | Defect:
    folder = part.name.rpartition("/")[0]
    values = {}
    for language, (number, line) in lines.items():
        file = f"{folder}/{part.languages[language].name}"
        if line is None:
            return Defect(file, number, "too long", f"over {options.max_characters:,} characters")
        values[language] = line.rstrip("\r\n")
        checked = check_row(Row(file, number, {language: values[language]}), language, options.encoding)
        if isinstance(checked, Defect):
            return checked
    return Row(part.name, number, values)


def _refuse_unequal(files: dict[str, Path], options: FilesSection) -> None:
    counts = {path: sum(1 for _ in _read(path, options)) for path in files.values()}
    shortest, longest = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    raise UserError(
        f"{counts[shortest]:,} lines, but {longest} has {counts[longest]:,}: lines of the same number belong together",
        file=shortest,
        hint="a line is missing, or a line break stands within a text",
    )
