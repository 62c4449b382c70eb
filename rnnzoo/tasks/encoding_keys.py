"""What the encoding of a split depends on."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rnnzoo.config import RunConfig
from rnnzoo.datasets import Dataset
from rnnzoo.datasets.encoding_cache import fingerprint_files, make_key

_SECTIONS = {"task", "data", "text", "features"}


def make_encoding_key(
    config: RunConfig, dataset: Dataset, split: str, save_vocabularies: Callable[[Path], None], **more: Any
) -> str:
    """Makes the key under which the encoding of a split may be kept.

    Args:
        config: The config; its sections on data and text are all part of the key.
        dataset: The data set.
        split: The split, or what part of one.
        save_vocabularies: Writes what was learned to a folder.
        more: What else it depends on, of JSON's types.
    """
    with tempfile.TemporaryDirectory() as folder:
        save_vocabularies(Path(folder))
        vocabularies = fingerprint_files(file for file in Path(folder).rglob("*") if file.is_file())
    parts = {"data": dataset.fingerprint(), "split": split, "vocabularies": vocabularies, **more}
    return make_key({"config": config.model_dump(mode="json", include=_SECTIONS), **parts})
