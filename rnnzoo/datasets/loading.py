"""TFDS sets by name: prepared data is read as it is, other data is downloaded unless that is forbidden."""

import importlib
import io
import os
import sys
from collections.abc import Callable
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnzoo.config import UserError
from rnnzoo.datasets.damage import check_split_files, remember_source
from rnnzoo.datasets.description import DatasetDescription, describe_prepared, find_prepared, list_prepared
from rnnzoo.datasets.encoding_cache import fingerprint_data

if TYPE_CHECKING:
    import tensorflow as tf
    import tensorflow_datasets as tfds

MINI = "rnnzoo_mini"


def default_data_dir() -> Path:
    """Returns the folder TFDS itself would use."""
    return Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()


class Dataset:
    """A prepared TFDS set.

    Args:
        folder: Its folder, down to the version.
        description: What is known of it; None: what its folder says.
        data_dir: TFDS' `data_dir`, as it was given.

    Attributes:
        description: Its features and splits.
        data_dir: As given.
    """

    def __init__(self, folder: Path, description: DatasetDescription | None = None, data_dir: Path | None = None):
        self._folder = folder
        self.description: DatasetDescription = description or describe_prepared(folder)
        self.data_dir = data_dir

    def read(self, split: str, features: list[str]) -> "tf.data.Dataset":
        """Reads some features of a split, in the order of the files.

        Args:
            split: TFDS split, slices allowed.
            features: Paths of the features, such as `text` or `answer/text`.

        Returns:
            A `tf.data.Dataset` of dictionaries from path to tensor.

        Raises:
            UserError: The split has no examples, or its files are missing or damaged.
        """
        import tensorflow_datasets as tfds

        builder = tfds.builder_from_directory(str(self._folder))
        check_split_files(builder, split)
        wanted = _select_features(builder.info.features, [path.split("/") for path in features])
        dataset = builder.as_dataset(
            split=split,
            shuffle_files=False,
            decoders=tfds.decode.PartialDecoding(wanted),
            read_config=tfds.ReadConfig(try_autocache=False),
        )

        def flatten(example):
            return {path: _at_path(example, path) for path in features}

        examples = dataset.map(flatten)
        remember_source(builder, split, examples)
        return examples

    def fingerprint(self) -> list[Any]:
        """Returns what tells this set from all others, of JSON's types; see `fingerprint_data`."""
        return fingerprint_data(self._folder)


def _select_features(feature, paths: list[list[str]]) -> "dict | bool":
    """Returns the features at some paths below one, nested as `PartialDecoding` wants them; True: all of it."""
    import tensorflow_datasets as tfds

    while type(feature) is tfds.features.Sequence:
        feature = feature.feature
    # PartialDecoding does not look into their subclasses, such as Translation.
    if type(feature) is not tfds.features.FeaturesDict or [] in paths:
        return True
    names = dict.fromkeys(name for name, *_ in paths)
    return {name: _select_features(feature[name], [rest for first, *rest in paths if first == name]) for name in names}


def _at_path(example, path: str):
    for name in path.split("/"):
        example = example[name]
    return example


def describe_if_prepared(name: str, data_dir: Path | None, offline: bool = False) -> DatasetDescription | None:
    """Describes a set without TensorFlow, or returns None where it must be prepared first.

    Raises:
        UserError: Neither TFDS nor the data folder knows the name, or the set is not prepared and
            `offline` forbids to download it.
    """
    prepared = _find(name, data_dir, offline)
    if prepared:
        return describe_prepared(prepared)
    return _describe_mini(name) if _base_name(name) == MINI else None


def _describe_mini(name: str) -> DatasetDescription:
    from rnnzoo.datasets.mini.description import CONFIGURATIONS

    config = name.partition(":")[0].partition("/")[2] or next(iter(CONFIGURATIONS))
    if config not in CONFIGURATIONS:
        raise UserError(f"`{MINI}` has no such config", key="data.dataset", got=config, allowed=CONFIGURATIONS)
    configuration = CONFIGURATIONS[config]
    return DatasetDescription(f"{MINI}/{config}", dict(configuration.features), dict(configuration.splits))


def open_dataset(name: str, data_dir: Path | None = None, offline: bool = False) -> Dataset:
    """Opens a set, preparing it first where that is needed.

    Args:
        name: TFDS name, with config and version where wanted.
        data_dir: TFDS' `data_dir`; its default where None.
        offline: Whether to fail rather than open a connection.

    Raises:
        UserError: The name is unknown, the set is not prepared and `offline` forbids to download
            it, or its preparation failed.
    """
    prepared = _find(name, data_dir, offline)
    return Dataset(prepared or _prepare(name, _search_folders(name, data_dir)[-1]), data_dir=data_dir)


def _find(name: str, data_dir: Path | None, offline: bool) -> Path | None:
    folders = _search_folders(name, data_dir)
    for folder in folders:
        prepared = find_prepared(name, folder)
        if prepared:
            return prepared
    if _base_name(name) == MINI:
        _describe_mini(name)  # complains of an unknown config
        return None
    _check_known(name, folders[0])
    if offline:
        raise UserError(
            f"the data set is not prepared in {folders[0]}, and --offline forbids to download it",
            key="data.dataset",
            got=name,
            allowed=list_prepared(folders[0]),
            hint="name the folder of prepared data by --data-dir",
        )
    return None


def _search_folders(name: str, data_dir: Path | None) -> list[Path]:
    if _base_name(name) == MINI:
        return folders_for_made_data(data_dir)
    return [data_dir or default_data_dir()]


def folders_for_made_data(data_dir: Path | None) -> list[Path]:
    """Returns the folders of data that is made here, not downloaded; new data goes to the last.

    That is the given folder; where it is read-only, TFDS' own besides.
    """
    if data_dir is None:
        return [default_data_dir()]
    return [data_dir] if _is_writable(data_dir) else [data_dir, default_data_dir()]


def _is_writable(path: Path) -> bool:
    path = path.absolute()
    while not path.exists():
        path = path.parent
    # Root may write everywhere, but a folder that nobody may write into is meant to stay as it is.
    return os.access(path, os.W_OK) and bool(path.stat().st_mode & 0o222)


def _base_name(name: str) -> str:
    return name.partition(":")[0].partition("/")[0]


def _check_known(name: str, data_dir: Path) -> None:
    # TFDS' own error prints its whole catalogue, and comes only after TensorFlow is imported.
    import tensorflow_datasets as tfds

    known = tfds.list_builders(with_community_datasets=False)
    base = _base_name(name)
    if base not in known:
        allowed = sorted({*known, MINI, *list_prepared(data_dir)})
        raise UserError(f"no such data set in TFDS or in {data_dir}", key="data.dataset", got=base, allowed=allowed)
    config = name.partition(":")[0].partition("/")[2]
    configs = tfds.builder_cls(base).builder_configs
    if config and config not in configs:
        allowed = [f"{base}/{config}" for config in configs] or [base]
        raise UserError(f"`{base}` has no such config", key="data.dataset", got=name, allowed=allowed)


def _prepare(name: str, data_dir: Path) -> Path:
    import tensorflow_datasets as tfds

    is_mini = _base_name(name) == MINI
    if is_mini:
        importlib.import_module("rnnzoo.datasets.mini")  # registers the builder

    def make_builder():
        return tfds.builder(name, data_dir=str(data_dir))

    # The miniature language is there in seconds.
    hint = "see its page in the TFDS catalogue"
    return prepare(name, make_builder, data_dir, key="data.dataset", show_progress=not is_mini, hint=hint)


def prepare(
    name: str,
    make_builder: Callable[[], "tfds.core.DatasetBuilder"],
    data_dir: Path,
    *,
    key: str,
    show_progress: bool,
    hint: str = "",
) -> Path:
    """Has a TFDS builder prepare its data, and returns the folder.

    Args:
        name: TFDS name of the set.
        make_builder: Returns its builder.
        data_dir: TFDS' `data_dir`.
        key: Config key that names the data, for the complaint.
        show_progress: Whether TFDS may show how far it is.
        hint: What to do if it fails.

    Raises:
        UserError: The preparation failed.
    """
    try:
        # What TFDS prints is no result of a command.
        with redirect_stdout(sys.stderr) if show_progress else _without_progress():
            builder = make_builder()
            builder.download_and_prepare()
        return Path(builder.data_dir)
    # Builders of TFDS fail in as many ways as there are sites to download from.
    except Exception as error:
        prepared = find_prepared(name, data_dir)
        if prepared:  # by another process, in the meantime
            return prepared
        first_line = str(error).strip().partition("\n")[0][:300]
        raise UserError(
            f"the data set could not be prepared: {type(error).__name__}: {first_line}",
            key=key,
            got=name,
            hint="; ".join(filter(None, (f"TFDS prepares it in {data_dir}", hint))),
        ) from error


@contextmanager
def _without_progress():
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        tfds.enable_progress_bar()
