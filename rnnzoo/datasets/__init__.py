"""TFDS sets by name, files as TFDS sets, encoded examples, running text, and batches of a few fixed shapes."""

from rnnzoo.datasets.batches import EXAMPLE_INDEX, Batches
from rnnzoo.datasets.buckets import choose_widths
from rnnzoo.datasets.columns import Column
from rnnzoo.datasets.description import DatasetDescription, Feature
from rnnzoo.datasets.document_columns import DocumentColumn
from rnnzoo.datasets.encoding import collect_columns, encode_batches, encode_columns
from rnnzoo.datasets.holdout import split_holdout
from rnnzoo.datasets.loading import Dataset, default_data_dir, describe_if_prepared, open_dataset
from rnnzoo.datasets.locating import find_file
from rnnzoo.datasets.opening import describe_data, open_data
from rnnzoo.datasets.progress import watch_reading
from rnnzoo.datasets.reading import batch_examples, iterate_batches, iterate_values
from rnnzoo.datasets.stream_batches import StreamBatches
from rnnzoo.datasets.streams import EncodedText, encode_text, iterate_pieces

__all__ = [
    "EXAMPLE_INDEX",
    "Batches",
    "Column",
    "Dataset",
    "DatasetDescription",
    "DocumentColumn",
    "EncodedText",
    "Feature",
    "StreamBatches",
    "batch_examples",
    "choose_widths",
    "collect_columns",
    "default_data_dir",
    "describe_data",
    "describe_if_prepared",
    "encode_batches",
    "encode_columns",
    "encode_text",
    "find_file",
    "iterate_batches",
    "iterate_pieces",
    "iterate_values",
    "open_data",
    "open_dataset",
    "split_holdout",
    "watch_reading",
]
