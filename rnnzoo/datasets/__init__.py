"""TFDS sets by name, encoded examples, and batches of a few fixed shapes."""

from rnnzoo.datasets.batches import EXAMPLE_INDEX, Batches
from rnnzoo.datasets.buckets import choose_widths
from rnnzoo.datasets.columns import Column, encode_columns, iterate_texts
from rnnzoo.datasets.description import DatasetDescription, Feature
from rnnzoo.datasets.holdout import split_holdout
from rnnzoo.datasets.loading import Dataset, default_data_dir, describe_if_prepared, open_dataset

__all__ = [
    "EXAMPLE_INDEX",
    "Batches",
    "Column",
    "Dataset",
    "DatasetDescription",
    "Feature",
    "choose_widths",
    "default_data_dir",
    "describe_if_prepared",
    "encode_columns",
    "iterate_texts",
    "open_dataset",
    "split_holdout",
]
