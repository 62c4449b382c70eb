"""Where the files of a config are, and what kind they are of."""

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from rnnzoo.config import UserError
from rnnzoo.config.data_sections import DataSection, FilesSection
from rnnzoo.datasets.files.parallel import find_parallel_parts, is_parallel_folder
from rnnzoo.datasets.files.parts import Part
from rnnzoo.datasets.files.rows import Defect
from rnnzoo.datasets.locating import find_file

_FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".conll": "conll",
    ".conllu": "conllu",
}
_SENTENCE_FORMATS = ("conll", "conllu")
_FEATURE_KEYS = (
    "data.text_feature",
    "data.label_feature",
    "data.condition_feature",
    "data.tokens_feature",
    "data.tags_feature",
    "data.source_feature",
    "data.target_feature",
)
_SEQUENCE_KEYS = ("data.tokens_feature", "data.tags_feature")
_PAIR_KEYS = ("data.source_feature", "data.target_feature")
_TEXT_KEYS = {"data.text_feature", "data.tokens_feature", "data.source_feature"}
_FOLDER_FORMATS = ("folders", "parallel")
_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class FileSource:
    """The files of a config.

    Attributes:
        options: The section `[data.files]`.
        features: The features to read by config key, that of texts first.
        parts: The files.
        strays: What lies beside them and is none of the data.
    """

    options: FilesSection
    features: dict[str, str]
    parts: tuple[Part, ...]
    strays: tuple[Defect, ...] = ()

    @property
    def sequences(self) -> dict[str, str]:
        """Of the features those with an item for each word, by config key."""
        return {key: name for key, name in self.features.items() if key in _SEQUENCE_KEYS}

    @property
    def text_feature(self) -> str:
        """The feature whose text decides what is equal: the text, the tokens or the source."""
        return next(iter(self.sequences.values()), next(iter(self.features.values())))

    @property
    def pair(self) -> tuple[str, ...]:
        """The features with the two texts of a pair; none where rows are no pairs."""
        return tuple(name for key, name in self.features.items() if key in _PAIR_KEYS)

    @property
    def is_running_text(self) -> bool:
        """Whether rows are pieces of texts, of which each tells whether a document starts with it."""
        return any(part.format == "text" for part in self.parts)

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
    features = {key: name for key in _FEATURE_KEYS if (name := getattr(data, key.removeprefix("data."), ""))}
    if not _TEXT_KEYS & features.keys():
        raise UserError("files hold texts, which this task does not read", key="data.files")
    options = data.files
    if options.max_length_ratio and not all(key in features for key in _PAIR_KEYS):
        key = "data.files.max_length_ratio"
        raise UserError("only pairs of texts have one, which this task does not read", key=key, allowed="0")
    keys = ["path"] if options.path else [split for split in _SPLITS if getattr(options, split)]
    parts = [_find_part(options, key, data_dir, features) for key in keys]
    for part in parts:
        _check_format(part, features)
    strays: list[Defect] = []
    if options.path and parts[0].format == "parallel":
        parts, strays = find_parallel_parts(parts[0].path, parts[0].name, features)
    elif options.path and _holds_splits(parts[0]):
        whole, parts = parts[0], []
        for child in sorted(whole.path.iterdir()):
            name = f"{whole.name}/{child.name}"
            if child.name in _SPLITS and child.is_dir():
                parts.append(Part(child.name, name, child, whole.format))
            else:
                strays.append(Defect(name, 0, "not the folder of a split", is_stray=True))
    return FileSource(options, features, tuple(parts), tuple(strays))


def _find_part(options: FilesSection, key: str, data_dir: Path | None, features: dict[str, str]) -> Part:
    name = getattr(options, key)
    path = find_file(name, f"data.files.{key}", data_dir)
    labels_key = "labels" if key == "path" else f"{key}_labels"
    labels = getattr(options, labels_key)
    file_format = options.format
    if file_format == "auto":
        file_format = _guess_format(path, key, bool(labels), features)
    if file_format != "text" and path.is_dir() != (file_format in _FOLDER_FORMATS):
        kind = "a folder" if path.is_dir() else "a file"
        raise UserError(f'{kind}, which is not what format = "{file_format}" reads', file=path, key=f"data.files.{key}")
    return Part(
        "" if key == "path" else key,
        name,
        path,
        file_format,
        find_file(labels, f"data.files.{labels_key}", data_dir) if labels else None,
    )


def _check_format(part: Part, features: dict[str, str]) -> None:
    reads_sentences = "data.tokens_feature" in features
    if reads_sentences != (part.format in _SENTENCE_FORMATS):
        formats = [name for name in get_args(FilesSection.model_fields["format"].annotation) if name != "auto"]
        raise UserError(
            f"{'tagged words, not texts' if not reads_sentences else 'texts, not tagged words'}",
            file=part.path,
            key="data.files.format",
            got=part.format,
            allowed=[name for name in formats if reads_sentences == (name in _SENTENCE_FORMATS)],
        )
    beside = next(iter(list(features)[1:]), None)
    if part.format == "text" and beside:
        raise UserError(
            "running text, which has nothing beside it",
            file=part.path,
            key=beside,
            got=features[beside],
            hint='a folder for each class is format = "folders"; a file for each language is format = "parallel"',
        )


def _guess_format(path: Path, key: str, has_labels: bool, features: dict[str, str]) -> str:
    has_only_text = features.keys() == {"data.text_feature"}
    if path.is_dir():
        if has_only_text:
            return "text"
        reads_pairs = any(name in features for name in _PAIR_KEYS)
        return "parallel" if key == "path" and (reads_pairs or is_parallel_folder(path)) else "folders"
    if has_labels:
        return "lines"
    ending = Path(path.name.removesuffix(".gz")).suffix.lower()
    if ending not in _FORMATS and has_only_text:
        return "text"
    if ending not in _FORMATS:
        raise UserError(
            "the name does not tell the format",
            file=path,
            key="data.files.format",
            allowed=["csv", "tsv", "jsonl", "lines", "conll", "conllu"],
            hint='format = "lines" reads a text a line, and needs a file of labels: data.files.labels',
        )
    return _FORMATS[ending]


def _holds_splits(part: Part) -> bool:
    train = part.path / "train"
    if part.format == "text":
        return train.is_dir()
    return part.format == "folders" and train.is_dir() and any(child.is_dir() for child in train.iterdir())
