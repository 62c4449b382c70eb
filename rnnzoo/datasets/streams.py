"""Running text as ids, end to end: in memory while it is small, in a file while it is not."""

from array import array
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rnnzoo.datasets.array_store import ArrayStore
from rnnzoo.datasets.encoding_cache import keep_arrays
from rnnzoo.datasets.reading import batch_examples, iterate_batches
from rnnzoo.text.special_tokens import BOS_ID, EOS_ID

if TYPE_CHECKING:
    import tensorflow as tf

_TOKEN_IDS, _OFFSETS = "token_ids", "offsets"
_MOST_PIECES_AT_ONCE = 512
_MOST_BYTES_AT_ONCE = 1 << 20
# One may be a whole corpus.
_EXAMPLES_AT_ONCE = 16


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


def encode_text(
    pieces: Iterable[tuple[bytes, bool]],
    pipeline: StreamPipeline,
    *,
    is_stream: bool = False,
    make_key: Callable[[], str] | None = None,
) -> EncodedText:
    """Encodes running text that need not fit into memory: what is large lies in files.

    Args:
        pieces: Pieces of text in order, and whether each begins a document; the first does in any case. Long ones
            are cut further.
        pipeline: Normalises text and encodes it.
        is_stream: Whether all is one stream, whatever pieces say of documents.
        make_key: Returns the key under which to keep large texts, see `encoding_cache.make_key`; None: not at all.
    """
    import tensorflow as tf

    def make_arrays(store: ArrayStore) -> dict[str, int]:
        # As few bytes an id as the vocabulary allows.
        dtype = np.min_scalar_type(max(pipeline.num_ids - 1, 0))
        store.append(_TOKEN_IDS, np.zeros(0, dtype))
        num_tokens = 0
        starts = array("q", [0] if is_stream else [])
        for batch in _batch_pieces(_prepare(pieces, pipeline)):
            encoded = pipeline.encode(tf.constant([piece for piece, _ in batch]))
            for (_, starts_document), place in zip(batch, encoded.row_starts().numpy().tolist(), strict=True):
                if not starts or (starts_document and not is_stream):
                    starts.append(num_tokens + place)
            store.append(_TOKEN_IDS, encoded.values.numpy().astype(dtype))
            num_tokens += len(encoded.values)
        store.append(_OFFSETS, np.array([*starts, num_tokens], np.int64))
        return {}

    arrays, _ = keep_arrays(make_arrays, make_key)
    return EncodedText(arrays[_TOKEN_IDS], arrays[_OFFSETS], is_stream)


def _batch_pieces(pieces: Iterator[tuple[bytes, bool]]) -> Iterator[list[tuple[bytes, bool]]]:
    batch, num_bytes = [], 0
    for piece in pieces:
        batch.append(piece)
        num_bytes += len(piece[0])
        if len(batch) == _MOST_PIECES_AT_ONCE or num_bytes >= _MOST_BYTES_AT_ONCE:
            yield batch
            batch, num_bytes = [], 0
    if batch:
        yield batch


def _prepare(pieces: Iterable[tuple[bytes, bool]], pipeline: StreamPipeline) -> Iterator[tuple[bytes, bool]]:
    for text, starts_document in pieces:
        if starts_document and not text:
            yield b"", True  # an empty document is one
        for piece in pipeline.cut_and_normalize(text):
            yield piece, starts_document
            starts_document = False


def iterate_pieces(
    examples: "tf.data.Dataset", text_feature: str, starts_feature: str | None = None, activity: str = "reading"
) -> Iterator[tuple[bytes, bool]]:
    """Yields the texts of single examples, and whether each begins a document.

    Args:
        examples: Dictionaries from feature to tensor.
        text_feature: The feature with the text.
        starts_feature: The feature that tells whether the example begins a document; None: each does.
        activity: What is done, for who watches.
    """
    for batch in iterate_batches(batch_examples(examples, _EXAMPLES_AT_ONCE), activity, _EXAMPLES_AT_ONCE):
        texts = batch[text_feature].numpy()
        starts = [True] * len(texts) if starts_feature is None else batch[starts_feature].numpy().tolist()
        yield from zip(texts, map(bool, starts), strict=True)
