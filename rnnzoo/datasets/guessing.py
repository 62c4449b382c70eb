"""What a file or a folder holds: its format, encoding, delimiter, and which file is which split."""

import codecs
import csv
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from rnnzoo.config import UserError
from rnnzoo.config.data_sections import FilesSection
from rnnzoo.datasets.description import describe_prepared, find_prepared
from rnnzoo.datasets.files.lines import open_text, read_lines
from rnnzoo.datasets.sentence_guessing import refuse_tagged_words

TABLE_FORMATS = ("csv", "tsv", "jsonl")
FORMATS = (*TABLE_FORMATS, "folders", "lines")

_HEAD_BYTES = 1 << 20
_HEAD_LINES = 200
_LONGEST_LINE = FilesSection.model_fields["max_characters"].default
_DELIMITERS = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"}
# Of the first rows this share must have the same number of fields, or a sign is no delimiter.
_EVEN_SHARE = 0.8
_BYTE_ORDER_MARKS = {
    b"\xff\xfe\x00\x00": "utf-32",  # before UTF-16, whose mark it begins with
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
# Those that no text has, but for a stray one.
_CONTROL_BYTES = [bytes([code]) for code in (*range(9), *range(14, 27), *range(28, 32))]
_MOST_CONTROL_BYTES = 0.005
_JSON_ENDINGS = (".json", ".jsonl", ".ndjson")
_TABLE_ENDINGS = (".csv", ".tsv", ".tab", *_JSON_ENDINGS)
_PLAIN_ENDINGS = ("", ".txt", ".text", ".data", ".dat", ".labels", ".label")
_SPLIT_WORDS = {
    "train": {"train", "training", "trn"},
    "validation": {"validation", "valid", "val", "dev", "development"},
    "test": {"test", "testing", "tst"},
}
_NOT_DATA = {"readme", "license", "licence", "changelog"}
_LABEL_WORDS = {"label", "labels", "target", "targets", "class", "classes"}


@dataclass(frozen=True)
class Layout:
    """What a file or a folder seems to be.

    Attributes:
        format: One of `FORMATS`.
        files: The file or folder of each split; one under "" if it is to be cut into splits.
        labels: Of `lines`: the file of labels of each.
        encoding: Python's name of the encoding.
        delimiter: What parts the fields of a table; "" for what the format has by default.
        num_fields: Fields of most rows of a table.
        reason: What it was seen by, in a few words.
    """

    format: str
    files: dict[str, Path]
    labels: dict[str, Path] = field(default_factory=dict)
    encoding: str = "utf-8"
    delimiter: str = ""
    num_fields: int = 0
    reason: str = ""


def guess_layout(path: Path, file_format: str | None = None) -> Layout:
    """Looks at a file or a folder.

    Args:
        path: The file or folder.
        file_format: Its format, where the user says it.

    Raises:
        UserError: It is nothing that can be read.
    """
    if file_format not in (None, *FORMATS):
        raise UserError("no such format", key="--format", got=file_format, allowed=FORMATS)
    if not path.exists():
        raise UserError("no such file or folder", file=path)
    if not path.is_dir():
        if file_format == "lines":
            raise UserError(
                "a file of texts needs a file of labels", file=path, hint="give the folder that holds the two"
            )
        return _guess_file({"": path}, file_format)
    _refuse_prepared_set(path)
    if file_format in (None, "folders"):
        layout = _guess_class_folders(path)
        if layout is not None:
            return layout
    files = [file for file in _children(path) if file.is_file() and not _NOT_DATA & _words(file)]
    if file_format in (None, "lines"):
        layout = _guess_lines([file for file in files if _ending(file) in _PLAIN_ENDINGS])
        if layout is not None:
            return layout
    tables = [file for file in files if _ending(file) in (*_TABLE_ENDINGS, ".conll", ".conllu")]
    chosen = _choose_files(path, tables or [file for file in files if _ending(file) in _PLAIN_ENDINGS])
    return _guess_file(chosen, file_format)


def _refuse_prepared_set(path: Path) -> None:
    prepared = path if (path / "dataset_info.json").is_file() else find_prepared(path.name, path.parent)
    if prepared:
        description = describe_prepared(prepared)
        raise UserError(
            "a prepared TFDS set, which a config names without looking at it",
            file=path,
            allowed=f'dataset = "{description.name}", text_feature and label_feature in the section [data]',
            hint=f"its features: {', '.join(description.features)}",
        )


def _children(folder: Path) -> list[Path]:
    return [child for child in sorted(folder.iterdir()) if not child.name.startswith((".", "__"))]


def _ending(file: Path) -> str:
    return Path(file.name.removesuffix(".gz")).suffix.lower()


def _words(path: Path) -> set[str]:
    return set(re.split(r"[\W_]+", path.name.lower()))


def _by_split(paths: Iterable[Path]) -> dict[str, list[Path]]:
    """Returns the paths by the split that their names tell; under "" those that tell none."""
    found: dict[str, list[Path]] = {}
    for path in paths:
        splits = [split for split, words in _SPLIT_WORDS.items() if words & _words(path)]
        found.setdefault(splits[0] if len(splits) == 1 else "", []).append(path)
    return {split: found[split] for split in (*_SPLIT_WORDS, "") if split in found}


def _guess_class_folders(path: Path) -> Layout | None:
    by_split = _by_split(child for child in _children(path) if child.is_dir())
    folders = {split: children[0] for split, children in by_split.items() if split and len(children) == 1}
    if len(folders) < 2 or "train" not in folders:
        folders = {"": path}
    texts = (
        file
        for kind in _children(next(iter(folders.values())))
        if kind.is_dir()
        for file in _children(kind)
        if file.name.endswith((".txt", ".txt.gz"))
    )
    text = next(texts, None)
    if text is None:
        return None
    return Layout(
        "folders", folders, encoding=_guess_encoding(text, _read_head(text)), reason="a folder for each class"
    )


def _guess_lines(files: list[Path]) -> Layout | None:
    labels = _by_split(file for file in files if _LABEL_WORDS & _words(file))
    texts = _by_split(file for file in files if not _LABEL_WORDS & _words(file))
    pairs = {split: (texts[split], labels[split]) for split in texts if split in labels}
    if not pairs or any(len(of_texts) != 1 or len(of_labels) != 1 for of_texts, of_labels in pairs.values()):
        return None
    if len(pairs) == 1 or "train" not in pairs:
        pairs = {"": next(iter(pairs.values()))}
    files_of_texts = {split: of_texts[0] for split, (of_texts, _) in pairs.items()}
    first = next(iter(files_of_texts.values()))
    return Layout(
        "lines",
        files_of_texts,
        {split: of_labels[0] for split, (_, of_labels) in pairs.items()},
        encoding=_guess_encoding(first, _read_head(first)),
        reason="files of texts and of labels, by their names",
    )


def _choose_files(path: Path, files: list[Path]) -> dict[str, Path]:
    if len(files) == 1:
        return {"": files[0]}
    by_split = _by_split(files)
    if "train" in by_split:
        for split, candidates in by_split.items():
            if split and len(candidates) > 1:
                names = [file.name for file in candidates]
                raise UserError(f"more than one file for {split}: {', '.join(names)}", file=path, hint="give one file")
        chosen = {split: candidates[0] for split, candidates in by_split.items() if split}
        return chosen if len(chosen) > 1 else {"": chosen["train"]}
    names = [file.name for file in files[:10]]
    raise UserError(
        f"a folder of files of which none is named as train: {', '.join(names)}" if names else "a folder without data",
        file=path,
        allowed=(
            "a csv, tsv or jsonl file, or one each for train, validation and test; a folder of .txt files for each "
            "class; a file of texts and one of labels"
        ),
    )


def _guess_file(files: dict[str, Path], file_format: str | None) -> Layout:
    file = next(iter(files.values()))
    head = _read_head(file)
    if not head.strip():
        raise UserError("the file is empty", file=file)
    if file_format == "folders":
        raise UserError("a file, not a folder of folders", file=file, key="--format", got=file_format)
    encoding = _guess_encoding(file, head)
    head_lines = [line or "" for _, line in islice(read_lines(file, encoding, _LONGEST_LINE), _HEAD_LINES)]
    refuse_tagged_words(file, head_lines)
    lines = [line for line in head_lines if line.strip()]
    if not lines:
        raise UserError(f"no line of at most {_LONGEST_LINE:,} characters", file=file)
    is_json = _ending(file) in _JSON_ENDINGS or _is_object(lines[0])
    if file_format == "jsonl" or (file_format is None and is_json):
        if not any(map(_is_object, lines)):
            raise UserError(
                "no line is a JSON object",
                file=file,
                allowed='{"text": "…", "label": "…"}, one in each line',
                hint=f"`jq -c '.[]' {file.name} > {file.stem}.jsonl` makes it of a list",
            )
        return Layout("jsonl", files, encoding=encoding, reason="a JSON object a line")
    by_name = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv"}.get(_ending(file))
    delimiter, num_fields = _guess_delimiter(lines, {"csv": ",", "tsv": "\t"}.get(file_format or by_name or ""))
    if num_fields < 2:
        raise UserError(
            "one column only: no texts and labels side by side",
            file=file,
            hint="a file of texts and one of labels in a folder of their own are read too: give the folder",
        )
    table = file_format or ("csv" if delimiter != "\t" or _has_quotes(lines) else "tsv")
    default = {"csv": ",", "tsv": "\t"}[table]
    reason = f"{num_fields} fields parted by {_DELIMITERS[delimiter]}{', quoted' if table == 'csv' else ''}"
    return Layout(table, files, {}, encoding, delimiter if delimiter != default else "", num_fields, reason)


def _read_head(file: Path) -> bytes:
    # In latin-1 each byte is a character.
    with open_text(file, "latin-1") as text:
        return text.read(_HEAD_BYTES).encode("latin-1")


def _guess_encoding(file: Path, head: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding
    if head.count(0) * 4 > len(head):
        # Of ASCII in UTF-16 every second byte is zero.
        even, odd = head[::2].count(0), head[1::2].count(0)
        if min(even, odd) * 10 < max(even, odd):
            return "utf-16-le" if odd > even else "utf-16-be"
    if sum(map(head.count, _CONTROL_BYTES)) > _MOST_CONTROL_BYTES * len(head):
        raise UserError("not a text file", file=file, allowed="csv, tsv, jsonl, or a text a line")
    # Incremental: the head may end within a character.
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(head)
    num_broken = sum("\udc80" <= character <= "\udcff" for character in text)
    num_whole = sum(character > "\x7f" for character in text) - num_broken
    # A few broken rows are reported when they are read; in another encoding most of what is not ASCII is broken.
    return "utf-8" if num_broken <= num_whole else "cp1252"


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _guess_delimiter(lines: list[str], usual: str | None) -> tuple[str, int]:
    """Returns what parts the fields, and their number; of several candidates the usual one."""
    counts = {delimiter: _count_fields(lines, delimiter, _EVEN_SHARE) for delimiter in _DELIMITERS}
    # A blank after it is how prose has commas.
    candidates = [
        delimiter for delimiter, count in counts.items() if count and not all(f"{delimiter} " in line for line in lines)
    ]
    if candidates:
        best = usual if usual in candidates else candidates[0]
        return best, counts[best]
    return (usual, _count_fields(lines, usual, 0.0)) if usual else ("", 0)


def _count_fields(lines: list[str], delimiter: str, share: float) -> int:
    """Returns the number of fields that at least this share of the rows has; 0 if there is none, or it is one."""
    try:
        if delimiter == "\t" and not _has_quotes(lines):
            counts = Counter(line.count(delimiter) + 1 for line in lines)
        else:
            counts = Counter(len(fields) for fields in csv.reader(lines, delimiter=delimiter) if fields)
    except csv.Error:  # such as a field that is too long
        return 0
    number, count = counts.most_common(1)[0]
    return number if number > 1 and count >= share * counts.total() else 0


def _has_quotes(lines: list[str]) -> bool:
    """Whether fields between tabs are quoted as in csv."""
    quoted = re.compile(r'(?:^|\t)"[^\t]*"(?:\t|\r?$)')
    return sum(bool(quoted.search(line)) for line in lines) * 2 > len(lines)
