"""The data of a config, whether it is a TFDS set or files."""

from pathlib import Path

from rnnzoo.config.data_sections import DataSection
from rnnzoo.datasets.description import DatasetDescription
from rnnzoo.datasets.files import describe_files, open_files
from rnnzoo.datasets.loading import Dataset, describe_if_prepared, open_dataset


def describe_data(data: DataSection, data_dir: Path | None = None, offline: bool = False) -> DatasetDescription | None:
    """Describes the data of a config without TensorFlow, or returns None where a TFDS set must be prepared first.

    Args:
        data: The section `[data]`.
        data_dir: TFDS' `data_dir`.
        offline: Whether to fail rather than open a connection later.

    Raises:
        UserError: There is no such set or file, or it is not what the config says.
    """
    if data.files.is_given:
        return describe_files(data, data_dir)
    return describe_if_prepared(data.dataset, data_dir, offline)


def open_data(data: DataSection, data_dir: Path | None = None, offline: bool = False) -> Dataset:
    """Opens the data of a config, preparing it first where that is needed.

    Args:
        data: The section `[data]`.
        data_dir: TFDS' `data_dir`.
        offline: Whether to fail rather than open a connection.

    Raises:
        UserError: There is no such set or file, or it is not what the config says.
    """
    if data.files.is_given:
        return open_files(data, data_dir)
    return open_dataset(data.dataset, data_dir, offline)
