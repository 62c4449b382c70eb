"""A file or folder of a config, and what is known of it before it is read."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """A file, a folder of class folders, a folder of running text, or the parallel files of a split.

    Attributes:
        split: The split it is; "" if it is to be cut into splits.
        name: What the config calls it.
        path: Where it is; of parallel files the first.
        format: `csv`, `tsv`, `jsonl`, `folders`, `lines`, `conll`, `conllu`, `text` or `parallel`.
        labels: Of `lines`: the file of the labels.
        languages: Of `parallel`: the file of each language that is read.
    """

    split: str
    name: str
    path: Path
    format: str
    labels: Path | None = None
    languages: dict[str, Path] = field(default_factory=dict)
