"""Where running text is cut into `train` and `test`."""

from rnnzoo.datasets.files.reading import read_rows
from rnnzoo.datasets.files.rows import Row
from rnnzoo.datasets.files.source import FileSource
from rnnzoo.datasets.files.text_files import STARTS_DOCUMENT


class TextCut:
    """Tells for the pieces of running text, one after the other, which split they belong to.

    Args:
        num_train: So many pieces are `train`, and the rest is `test`; None: files are cut, whole, by a hash.
    """

    def __init__(self, num_train: int | None):
        self._num_train = num_train
        self._num_seen = 0
        self._side_of_document = ""

    def side(self, row: Row, side_by_hash: str) -> str:
        """Returns the split of the next piece; of files that are cut by a hash, that of their first piece decides."""
        self._num_seen += 1
        if self._num_train is not None:
            return "train" if self._num_seen <= self._num_train else "test"
        if row.values[STARTS_DOCUMENT]:
            self._side_of_document = side_by_hash
        return self._side_of_document


def count_training_pieces(source: FileSource) -> int | None:
    """Returns how many pieces of one file are `train`, when the end of it is `test`; None for a folder.

    A hash would tear a text to shreds, and test on places whose surroundings were trained on.
    """
    (part,) = source.parts
    if part.path.is_dir():
        return None
    num_pieces = sum(isinstance(item, Row) for item in read_rows(source, part))
    num_test = max(1, round(num_pieces * source.options.test_fraction))
    return max(min(num_pieces, 1), num_pieces - num_test)
