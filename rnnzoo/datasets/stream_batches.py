"""Batches for truncated back-propagation through time: windows of parallel streams, each going on where it was."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnnzoo.datasets.columns import Column
from rnnzoo.datasets.streams import EncodedText
from rnnzoo.text.special_tokens import BOS_ID, EOS_ID, PAD_ID


@dataclass(frozen=True)
class _Plan:
    """What the windows of an epoch hold, all (batches, rows) int64.

    Attributes:
        document: Which document a window is of.
        first: The place in it of the window's first target.
        length: Targets of the window; 0: an empty one.
        keeps_state: Whether the window goes on where the row's window before it ended.
    """

    document: np.ndarray
    first: np.ndarray
    length: np.ndarray
    keeps_state: np.ndarray


class StreamBatches:
    """Cuts running text into batches whose rows go on from batch to batch.

    A model that is given the state it ended a row with reads that row as one text, window by window. Each token
    is a target exactly once an epoch: the first input of a document is `<bos>`, so its first token is one too, and
    the last target of a document that ends is `<eos>`.

    One stream is cut into as many rows of equal length as a batch has; where windows begin moves with the epoch.
    Of several documents each begins at the start of a window, with a new state; a row gets the next one when its
    last one has ended. Which rows have them, and in what order, is drawn for each epoch. A document that is longer
    than its share of an epoch is cut into parts that begin with a new state, as the rows of one stream do.

    All batches have the same shape. What is left of a window after the end of a document is padding, and a row may
    be empty; the state passes through padding as it is.

    Args:
        text: The encoded text.
        batch_size: Rows of a batch.
        window_length: Tokens of a window; gradients reach back no further.
        seed: Seed of where windows begin and of the order of documents; None: the first begins at the start of the
            stream, and documents are in the order of their length, whatever the epoch.
        columns: What else is known of each document, (documents, ...) by name.

    Example:

    >>> text = EncodedText(np.array([7, 8, 9]), np.array([0, 3]), is_stream=True)
    >>> for batch in StreamBatches(text, batch_size=1, window_length=2).epoch():
    ...     print(batch["token_ids"].tolist(), batch["target_ids"].tolist(), batch["keep_state"].tolist())
    [[2, 7]] [[7, 8]] [0.0]
    [[8, 0]] [[9, 0]] [1.0]
    """

    def __init__(
        self,
        text: EncodedText,
        batch_size: int,
        window_length: int,
        seed: int | None = None,
        columns: dict[str, Column] | None = None,
    ):
        self._text = text
        self._columns = columns or {}
        self._batch_size = batch_size
        self._window_length = window_length
        self._seed = seed
        # How many targets each document has.
        self.lengths = text.lengths + (0 if text.is_stream else 1)
        self.num_steps = text.num_targets
        self.num_examples = text.num_documents
        self._parts = None if text.is_stream else _cut_documents(self.lengths, batch_size, window_length)
        self._num_batches = self._count_batches()

    def __len__(self) -> int:
        """Number of batches of an epoch, the same for all."""
        return self._num_batches

    @property
    def shapes(self) -> dict[tuple[int, int], int]:
        """How many batches of an epoch have which shape (rows, width)."""
        return {(self._batch_size, self._window_length): len(self)} if len(self) else {}

    def epoch(self, epoch: int = 0, start: int = 0) -> Iterator[dict[str, np.ndarray]]:
        """Yields the batches of an epoch, from batch number `start` on.

        Returns:
            Dictionaries of arrays: `token_ids`, (rows, window) int32, what the model reads; `target_ids`, (rows,
            window) int32, what comes next, 0 where nothing is to be predicted; and `keep_state`, (rows,) float32,
            1 where the row goes on, 0 where it is to begin with the initial state. And the columns of documents,
            of the one each row has a window of, zeros for an empty row.
        """
        plan = self._plan_stream(epoch) if self._parts is None else self._plan_documents(epoch)
        for number in range(start, len(self)):
            yield self._make_batch(plan, number)

    def _make_batch(self, plan: _Plan, number: int) -> dict[str, np.ndarray]:
        places = plan.first[number][:, None] + np.arange(self._window_length)
        is_real = np.arange(self._window_length) < plan.length[number][:, None]
        documents = plan.document[number]
        rows = np.where(plan.length[number] > 0, documents, -1)
        last = max(self._text.num_tokens - 1, 0)
        tokens = self._text.offsets[documents][:, None] + places
        ids = self._text.token_ids if self._text.num_tokens else np.zeros(1, np.int32)
        token_ids = np.where(places == 0, BOS_ID, ids[np.clip(tokens - 1, 0, last)])
        is_end = places == self._text.lengths[documents][:, None]
        target_ids = np.where(is_end, EOS_ID, ids[np.clip(tokens, 0, last)])
        return {
            "token_ids": np.where(is_real, token_ids, PAD_ID).astype(np.int32),
            "target_ids": np.where(is_real, target_ids, PAD_ID).astype(np.int32),
            "keep_state": plan.keeps_state[number].astype(np.float32),
            **{name: column.take(rows) for name, column in self._columns.items()},
        }

    def _count_batches(self) -> int:
        if self._parts is not None:
            return int(max((sum(self._parts.num_windows[row]) for row in self._assign(None)), default=0))
        # Where the start of the cut moves, there must be room for it.
        most_shift = 0 if self._seed is None or self._fits_into_one_batch else self._window_length - 1
        return -(-(self.num_steps + most_shift) // (self._batch_size * self._window_length))

    @property
    def _fits_into_one_batch(self) -> bool:
        return self.num_steps <= self._batch_size * self._window_length

    def _plan_stream(self, epoch: int) -> _Plan:
        width, num_targets = self._window_length, self.num_steps
        shift = 0
        if self._seed is not None and not self._fits_into_one_batch:
            # Not so little that the last batch would be empty.
            least = max(0, (len(self) - 1) * width - num_targets + 1)
            shift = int(np.random.default_rng([self._seed, epoch]).integers(least, width))
        windows = np.arange(self._batch_size * len(self)).reshape(self._batch_size, -1).T
        first = np.maximum(windows * width - shift, 0)
        end = np.minimum((windows + 1) * width - shift, num_targets)
        length = np.maximum(end - first, 0)
        keeps_state = (np.arange(len(self))[:, None] > 0) & (length > 0)
        return _Plan(np.zeros_like(first), first, length, keeps_state)

    def _plan_documents(self, epoch: int) -> _Plan:
        width, parts = self._window_length, self._parts
        draw = None if self._seed is None else np.random.default_rng([self._seed, epoch])
        shape = (len(self), self._batch_size)
        document, first, length = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        keeps_state = np.zeros(shape, bool)
        for row, numbers in enumerate(self._assign(draw)):
            numbers = np.array(numbers, np.int64)
            if draw is not None:
                numbers = draw.permutation(numbers)
            num_windows = parts.num_windows[numbers]
            total = num_windows.sum()
            # The number of each window in its part.
            windows = np.arange(total) - np.repeat(np.cumsum(num_windows) - num_windows, num_windows)
            of_part = np.repeat(numbers, num_windows)
            document[:total, row] = parts.document[of_part]
            first[:total, row] = (parts.first_window[of_part] + windows) * width
            length[:total, row] = np.minimum(self.lengths[document[:total, row]] - first[:total, row], width)
            keeps_state[:total, row] = windows > 0
        return _Plan(document, first, length, keeps_state)

    def _assign(self, draw: np.random.Generator | None) -> list[list[int]]:
        """Returns the parts of each row: the longest first, each to the row that has least.

        How long the rows become depends on the lengths alone, so that all epochs have as many batches.
        """
        num_windows = self._parts.num_windows
        order = np.arange(len(num_windows)) if draw is None else draw.permutation(len(num_windows))
        order = order[np.argsort(-num_windows[order], kind="stable")]
        rows: list[list[int]] = [[] for _ in range(self._batch_size)]
        loads = [(0, row) for row in range(self._batch_size)]
        for part in order.tolist():
            load, row = loads[0]
            rows[row].append(part)
            heapq.heapreplace(loads, (load + int(num_windows[part]), row))
        return rows


@dataclass(frozen=True)
class _Parts:
    """Parts of documents, each some windows long: (parts,) int64."""

    document: np.ndarray
    first_window: np.ndarray
    num_windows: np.ndarray


def _cut_documents(num_targets: np.ndarray, batch_size: int, window_length: int) -> _Parts:
    windows = -(-num_targets // window_length)
    longest = max(1, -(-int(windows.sum()) // batch_size))
    num_parts = -(-windows // longest)
    document = np.repeat(np.arange(len(windows)), num_parts)
    number = np.arange(len(document)) - np.repeat(np.cumsum(num_parts) - num_parts, num_parts)
    # As equal as may be.
    first_window = number * windows[document] // num_parts[document]
    end_window = (number + 1) * windows[document] // num_parts[document]
    return _Parts(document, first_window, end_window - first_window)
