"""Running text as ids, end to end: in memory while it is small, in a file while it is not."""

import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rnnzoo.text.special_tokens import BOS_ID, EOS_ID

if TYPE_CHECKING:
    import tensorflow as tf

MOST_BYTES_IN_MEMORY = 1 << 28
_PIECES_AT_ONCE = 16


class StreamPipeline(Protocol):
    """What turns running text into ids; `rnnzoo.text.LanguagePipeline` does."""

    @property
    def num_ids(self) -> int:
        """Number of ids, those of special tokens included."""

    def cut_and_normalize(self, text: bytes) -> Iterator[bytes]:
        """Yields a text in pieces that can be encoded one by one."""

    def encode(self, text: "tf.Tensor") -> "tf.RaggedTensor":
        """Returns the ids of strings, (batch,), without boundaries: (batch, (time)) int."""


class EncodedText:
    """Token ids of running text, document after document, without boundary tokens.

    Args:
        token_ids: (tokens,) int; may be mapped from a file.
        offsets: Where each document begins, and the end: (documents + 1,) int64.
        is_stream: Whether it is one long stream, that begins but does not end: it has no `<eos>`.

    Attributes:
        token_ids: As given.
        offsets: As given.
        is_stream: As given.

    Example:

    >>> text = EncodedText(np.array([7, 8, 9], np.uint8), np.array([0, 2, 3]))
    >>> text.num_documents, text.document(0).tolist(), text.with_boundaries().tolist()
    (2, [7, 8], [2, 7, 8, 3, 2, 9, 3])
    """

    def __init__(self, token_ids: np.ndarray, offsets: np.ndarray, is_stream: bool = False):
        if is_stream and len(offsets) != 2:
            raise ValueError(f"a stream is one document, not {len(offsets) - 1}")
        self.token_ids = token_ids
        self.offsets = np.asarray(offsets, np.int64)
        self.is_stream = is_stream

    @property
    def num_documents(self) -> int:
        """How many documents there are; a stream is one."""
        return len(self.offsets) - 1

    @property
    def num_tokens(self) -> int:
        """How many tokens there are, without boundaries."""
        return int(self.offsets[-1])

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each document, (documents,) int64."""
        return np.diff(self.offsets)

    @property
    def num_targets(self) -> int:
        """How many tokens a model has to predict: all, and the end of each document that ends."""
        return self.num_tokens + (0 if self.is_stream else self.num_documents)

    def document(self, number: int) -> np.ndarray:
        """Returns the ids of a document, (time,)."""
        return self.token_ids[self.offsets[number] : self.offsets[number + 1]]

    def with_boundaries(self) -> np.ndarray:
        """Returns all ids, (time,) int32: `<bos>` before each document, `<eos>` after each that ends."""
        ends = [] if self.is_stream else [EOS_ID]
        parts = chain.from_iterable(([BOS_ID], self.document(number), ends) for number in range(self.num_documents))
        return np.concatenate([np.asarray(part, np.int32) for part in parts] or [np.zeros(0, np.int32)])


class EncodedTextWriter:
    """Collects the ids of a text that arrives in pieces.

    Args:
        vocabulary_size: Number of ids; decides how many bytes each takes.
        is_stream: Whether all is one stream, whatever pieces say of documents.
        folder: Where a file is put when the ids outgrow the memory they may take; None: the system's own folder
            for such files. The file has no name and is gone with the last use of the ids.
        most_bytes: So many bytes stay in memory.
    """

    def __init__(
        self,
        vocabulary_size: int,
        *,
        is_stream: bool = False,
        folder: Path | None = None,
        most_bytes: int = MOST_BYTES_IN_MEMORY,
    ):
        self._dtype = np.min_scalar_type(max(vocabulary_size - 1, 0))
        self._is_stream = is_stream
        self._folder = folder
        self._most_bytes = most_bytes
        self._parts: list[np.ndarray] = []
        self._file = None
        self._num_bytes_in_memory = 0
        self._num_tokens = 0
        self._starts: list[int] = []

    def append(self, token_ids: np.ndarray, starts_document: bool) -> None:
        """Adds a piece: ids, (time,) int, of a new document or of the one before; the first is always new."""
        if not self._starts or (starts_document and not self._is_stream):
            self._starts.append(self._num_tokens)
        part = np.asarray(token_ids).astype(self._dtype)
        self._parts.append(part)
        self._num_tokens += len(part)
        self._num_bytes_in_memory += part.nbytes
        if self._num_bytes_in_memory > self._most_bytes:
            self._spill()

    def finish(self) -> EncodedText:
        """Returns the text; the writer takes no more."""
        if not self._starts and self._is_stream:
            self._starts.append(0)
        offsets = np.array([*self._starts, self._num_tokens], np.int64)
        if self._file is None:
            token_ids = np.concatenate([*self._parts, np.zeros(0, self._dtype)])
        else:
            self._spill()
            token_ids = np.memmap(self._file, self._dtype, mode="r", shape=(self._num_tokens,))
            self._file.close()  # the mapping stays
        return EncodedText(token_ids, offsets, self._is_stream)

    def _spill(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder, prefix="token_ids_")  # noqa: SIM115
        for part in self._parts:
            self._file.write(part.tobytes())
        self._file.flush()
        self._parts, self._num_bytes_in_memory = [], 0


def encode_text(
    pieces: Iterable[tuple[bytes, bool]],
    pipeline: StreamPipeline,
    *,
    is_stream: bool = False,
    folder: Path | None = None,
    most_bytes: int = MOST_BYTES_IN_MEMORY,
) -> EncodedText:
    """Encodes running text that need not fit into memory.

    Args:
        pieces: Pieces of text in order, and whether each begins a document. Long ones are cut further.
        pipeline: Normalises text and encodes it.
        is_stream: Whether all is one stream, whatever pieces say of documents.
        folder: Where ids are put that outgrow the memory they may take; None: the system's own folder for such files.
        most_bytes: So many bytes of ids stay in memory.
    """
    import tensorflow as tf

    writer = EncodedTextWriter(pipeline.num_ids, is_stream=is_stream, folder=folder, most_bytes=most_bytes)
    prepared = _prepare(pieces, pipeline)
    while batch := list(islice(prepared, _PIECES_AT_ONCE)):
        encoded = pipeline.encode(tf.constant([piece for piece, _ in batch]))
        token_ids, ends = encoded.values.numpy(), encoded.row_splits.numpy()
        for row, (_, starts_document) in enumerate(batch):
            writer.append(token_ids[ends[row] : ends[row + 1]], starts_document)
    return writer.finish()


def _prepare(pieces: Iterable[tuple[bytes, bool]], pipeline: StreamPipeline) -> Iterator[tuple[bytes, bool]]:
    for text, starts_document in pieces:
        if starts_document and not text:
            yield b"", True  # an empty document is one
        for piece in pipeline.cut_and_normalize(text):
            yield piece, starts_document
            starts_document = False


def iterate_pieces(
    examples: "tf.data.Dataset", text_feature: str, starts_feature: str | None = None
) -> Iterator[tuple[bytes, bool]]:
    """Yields the texts of single examples, and whether each begins a document.

    Args:
        examples: Dictionaries from feature to tensor.
        text_feature: The feature with the text.
        starts_feature: The feature that tells whether the example begins a document; None: each does.
    """
    for example in examples.as_numpy_iterator():
        yield example[text_feature], starts_feature is None or bool(example[starts_feature])
