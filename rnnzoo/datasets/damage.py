"""Whether the files of a TFDS set are all there and whole, and what is wrong with one that cannot be read."""

import struct
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rnnzoo.config import UserError

if TYPE_CHECKING:
    import tensorflow as tf
    import tensorflow_datasets as tfds

# A record of a TFRecord file: its length and a checksum of that, the record, and a checksum of it.
_LENGTH_FORMAT = "<Q"
_BYTES_BEFORE, _BYTES_AFTER = 12, 4
_FILE_FORMAT = "tfrecord"


@dataclass(frozen=True)
class _Source:
    """What was read: enough to read it again."""

    folder: Path
    split: str
    examples: "tf.data.Dataset"
    files: tuple[tuple[Path, int], ...]


# An error of TensorFlow does not say which file it is about, nor do data sets know what they were made of.
_read_lately: deque[_Source] = deque(maxlen=16)


def check_split_files(builder: "tfds.core.DatasetBuilder", split: str) -> None:
    """Checks the files of a split before they are read; what takes time only where sizes are not as they should be.

    Args:
        builder: A builder of a prepared set.
        split: TFDS split, slices allowed.

    Raises:
        UserError: The split has no examples, or a file is missing, or does not hold the examples it should.
    """
    info = builder.info.splits[split]
    if not info.num_examples:
        raise UserError(f"the split `{split}` has no examples", file=builder.data_dir, key="data")
    for instruction in info.file_instructions:
        if not Path(instruction.filename).is_file():
            raise _complain(Path(instruction.filename), f"a file of the split `{split}` is missing")
    files = _list_files(builder, split)
    if _have_sizes_as_written(builder, {path for path, _ in files}):
        return
    for path, num_examples in files:
        num_whole = sum(1 for _ in _iterate_record_lengths(path))
        if num_whole != num_examples:
            problem = f"the file holds {num_whole:,} whole examples of the split `{split}`, not {num_examples:,}"
            raise _complain(path, problem)


def remember_source(builder: "tfds.core.DatasetBuilder", split: str, examples: "tf.data.Dataset") -> None:
    """Remembers what is being read, so that an error in the middle of it can be explained."""
    source = _Source(Path(builder.data_dir), split, examples, tuple(_list_files(builder, split)))
    _read_lately.append(source)


def told_where_damaged(elements: Iterable) -> Iterator:
    """Yields what was read; where the data are damaged, the complaint says which file and which example.

    Args:
        elements: A `tf.data.Dataset` that was made of what `Dataset.read` returned.

    Raises:
        UserError: A file is damaged, gone, or an example is not what the features of the set say.
    """
    import tensorflow as tf

    try:
        yield from elements
    except tf.errors.OpError as error:
        complaint = _explain(error)
        if complaint is None:  # not the data's fault
            raise
        raise complaint from error


def _explain(error: "tf.errors.OpError") -> UserError | None:
    import tensorflow as tf

    may_be_odd = isinstance(error, tf.errors.InvalidArgumentError)
    for source in reversed(_read_lately):
        complaint = _examine_files(source) or (_examine_examples(source) if may_be_odd else None)
        if complaint is not None:
            return complaint
    return None


def _examine_files(source: _Source) -> UserError | None:
    import tensorflow as tf

    for path, _ in source.files:
        number = 0
        try:
            for _ in tf.data.TFRecordDataset(str(path)):
                number += 1
        except tf.errors.NotFoundError:
            return _complain(path, f"a file of the split `{source.split}` is missing")
        except tf.errors.OpError:
            return _complain(path, f"example {number:,} of the file is damaged (split `{source.split}`)")
    return None


def _examine_examples(source: _Source) -> UserError | None:
    import tensorflow as tf

    number = 0
    try:
        for _ in source.examples:
            number += 1
    except tf.errors.OpError as error:
        reason = str(error.message).strip().rpartition("}} ")[2].partition("\n")[0][:200]
        problem = f"example {number:,} of the split `{source.split}` is not what the set's features say: {reason}"
        return _complain(source.folder, problem)
    return None


def _list_files(builder: "tfds.core.DatasetBuilder", split: str) -> list[tuple[Path, int]]:
    """Returns the TFRecord files that a split is read from, and how many examples each should hold."""
    file_format = builder.info.file_format
    if file_format is None or file_format.value != _FILE_FORMAT:
        return []
    instructions = builder.info.splits[split].file_instructions
    return [(Path(instruction.filename), instruction.examples_in_shard) for instruction in instructions]


def _have_sizes_as_written(builder: "tfds.core.DatasetBuilder", files: set[Path]) -> bool:
    """Whether the splits that some files belong to have as many bytes as were written."""
    for info in builder.info.splits.values():
        paths = [Path(path) for path in info.filepaths]
        if files.isdisjoint(paths):
            continue
        if not all(path.is_file() for path in paths):
            return False
        num_bytes = info.num_bytes + (_BYTES_BEFORE + _BYTES_AFTER) * info.num_examples
        if sum(path.stat().st_size for path in paths) != num_bytes:
            return False
    return True


def _iterate_record_lengths(path: Path) -> Iterator[int]:
    """Yields the lengths of a file's whole records, by their headers alone."""
    size = path.stat().st_size
    end = 0
    with path.open("rb") as file:
        while len(header := file.read(_BYTES_BEFORE)) == _BYTES_BEFORE:
            (length,) = struct.unpack_from(_LENGTH_FORMAT, header)
            end += _BYTES_BEFORE + length + _BYTES_AFTER
            if end > size:
                return
            yield length
            file.seek(end)


def _complain(path: Path, problem: str) -> UserError:
    folder = path if path.is_dir() else path.parent
    return UserError(problem, file=path, hint=f"delete the folder {folder} and have the set prepared again")
