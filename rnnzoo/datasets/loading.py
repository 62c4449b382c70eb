"""TFDS sets by name: prepared data is read as it is, other data is downloaded unless that is forbidden."""

import importlib
import io
import os
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from rnnzoo.config import UserError
from rnnzoo.datasets.description import DatasetDescription, Feature, describe_prepared, find_prepared, list_prepared

if TYPE_CHECKING:
    import tensorflow as tf

MINI = "rnnzoo_mini"


def default_data_dir() -> Path:
    """Returns the folder TFDS itself would use."""
    return Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()


class Dataset:
    """A prepared TFDS set.

    Attributes:
        description: Its features and splits.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self.description: DatasetDescription = describe_prepared(folder)

    def read(self, split: str, features: list[str]) -> "tf.data.Dataset":
        """Reads some features of a split, in the order of the files.

        Args:
            split: TFDS split, slices allowed.
            features: Paths of the features, such as `text` or `answer/text`.

        Returns:
            A `tf.data.Dataset` of dictionaries from path to tensor.
        """
        import tensorflow_datasets as tfds

        wanted: dict = {}
        for path in features:
            *parents, name = path.split("/")
            node = wanted
            for parent in parents:
                node = node.setdefault(parent, {})
            node[name] = True
        dataset = tfds.builder_from_directory(str(self._folder)).as_dataset(
            split=split,
            shuffle_files=False,
            decoders=tfds.decode.PartialDecoding(wanted),
            read_config=tfds.ReadConfig(try_autocache=False),
        )

        def flatten(example):
            return {path: _at_path(example, path) for path in features}

        return dataset.map(flatten)


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
    features = {
        path: Feature(
            "class_label" if feature.names else "text", "", feature.names or (), int(feature.kind.endswith("s"))
        )
        for path, feature in configuration.features.items()
    }
    return DatasetDescription(f"{MINI}/{config}", features, dict(configuration.splits))


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
    return Dataset(prepared or _prepare(name, _search_folders(name, data_dir)[-1]))


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
    if data_dir is None:
        return [default_data_dir()]
    # The miniature language is made here, not downloaded: where the given folder is read-only it goes to TFDS' own.
    if _base_name(name) == MINI and not os.access(_nearest_existing(data_dir), os.W_OK):
        return [data_dir, default_data_dir()]
    return [data_dir]


def _nearest_existing(path: Path) -> Path:
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path


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
    try:
        # The miniature language is there in seconds: not worth TFDS' talk of downloads.
        with _without_progress() if is_mini else nullcontext():
            builder = tfds.builder(name, data_dir=str(data_dir))
            builder.download_and_prepare()
        return Path(builder.data_dir)
    # Builders of TFDS fail in as many ways as there are sites to download from.
    except Exception as error:
        first_line = str(error).strip().partition("\n")[0][:300]
        raise UserError(
            f"the data set could not be prepared: {type(error).__name__}: {first_line}",
            key="data.dataset",
            got=name,
            hint=f"TFDS prepares it in {data_dir}; see its page in the TFDS catalogue",
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
