"""TFDS sets by name, files as TFDS sets, encoded examples, and batches of a few fixed shapes."""

from rnnzoo.datasets.batches import EXAMPLE_INDEX, Batches
from rnnzoo.datasets.buckets import choose_widths
from rnnzoo.datasets.columns import Column, batch_examples, encode_columns, iterate_values
from rnnzoo.datasets.description import DatasetDescription, Feature
from rnnzoo.datasets.holdout import split_holdout
from rnnzoo.datasets.loading import Dataset, default_data_dir, describe_if_prepared, open_dataset
from rnnzoo.datasets.locating import find_file
from rnnzoo.datasets.opening import describe_data, open_data

__all__ = [
    "EXAMPLE_INDEX",
    "Batches",
    "Column",
    "Dataset",
    "DatasetDescription",
    "Feature",
    "batch_examples",
    "choose_widths",
    "default_data_dir",
    "describe_data",
    "describe_if_prepared",
    "encode_columns",
    "find_file",
    "iterate_values",
    "open_data",
    "open_dataset",
    "split_holdout",
]
