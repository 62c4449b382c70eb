"""The texts of a language model: read, held back, encoded and batched."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from rnnzoo.config import RunConfig, UserError
from rnnzoo.config.run_configs import LanguageData
from rnnzoo.datasets import (
    Batches,
    Column,
    Dataset,
    DocumentColumn,
    EncodedText,
    StreamBatches,
    choose_widths,
    encode_text,
    iterate_pieces,
    iterate_values,
    split_holdout,
)
from rnnzoo.tasks.splits import Split, read_training_examples
from rnnzoo.text import UNKNOWN_ID, LanguagePipeline

STARTS_FEATURE = "starts_document"
_SCORED_ROWS = 32
_SCORED_WINDOW = 1024
# What the logits of a window of a large vocabulary may take: 64 MB.
_MOST_LOGITS = 1 << 24


@dataclass(frozen=True)
class LanguageSplit(Split):
    """The encoded texts of a split.

    Attributes:
        text: Their ids.
        conditions: What each document is generated from: classes, (documents,) int32, or vectors,
            (documents, dim) float32; None: nothing.
    """

    text: EncodedText = field(default_factory=lambda: EncodedText(np.zeros(0, np.int32), np.zeros(1, np.int64)))
    conditions: np.ndarray | None = None

    @property
    def condition_columns(self) -> dict[str, Column]:
        """The conditions as a column of batches; nothing where there are none."""
        return {} if self.conditions is None else {"condition": Column(self.conditions)}


class LanguageReader:
    """Reads the texts that a config names.

    Args:
        config: A config of a language model.
        dataset: Its data.

    Attributes:
        dataset: As given.
    """

    def __init__(self, config: RunConfig, dataset: Dataset):
        self._data = config.data
        self.dataset = dataset
        self._starts_feature = STARTS_FEATURE if STARTS_FEATURE in dataset.description.features else None

    @property
    def _features(self) -> list[str]:
        data = self._data
        return list(filter(None, [data.text_feature, data.condition_feature, self._starts_feature]))

    def read(self, split: str) -> tf.data.Dataset:
        """Reads the examples of a split."""
        return self.dataset.read(split, self._features)

    def read_training_examples(self) -> tuple[tf.data.Dataset, tf.data.Dataset | None]:
        """Reads the examples to train on and those held back; None: they are to be after they are encoded."""
        data = self._data
        # A stream is cut at its end, and documents in pieces are held back whole.
        if data.validation_split or (data.documents and not self._starts_feature):
            return read_training_examples(self.dataset, data, self._features, data.text_feature)
        return self.read(data.train_split), None

    def iterate_pieces(self, examples: tf.data.Dataset, activity: str = "reading") -> Iterator[tuple[bytes, bool]]:
        """Yields the texts of examples in order, and whether each begins a document; separators are there already."""
        is_first, separator = True, b"" if self._data.documents else self._data.separator.encode()
        for text, starts_document in iterate_pieces(examples, self._data.text_feature, self._starts_feature, activity):
            yield (text if is_first or not starts_document else separator + text), starts_document
            is_first = False

    def iterate_conditions(self, examples: tf.data.Dataset) -> Iterator[Any]:
        """Yields what each example is generated from."""
        return iterate_values(examples, self._data.condition_feature)

    def encode(
        self,
        name: str,
        examples: tf.data.Dataset,
        pipeline: LanguagePipeline,
        to_conditions: Callable[[Iterable], np.ndarray] | None = None,
        make_key: Callable[[], str] | None = None,
    ) -> LanguageSplit:
        """Encodes examples; large texts are kept under the key, if there is one."""
        pieces = self.iterate_pieces(examples, "encoding")
        text = encode_text(pieces, pipeline, is_stream=not self._data.documents, make_key=make_key)
        conditions = to_conditions(self.iterate_conditions(examples)) if to_conditions else None
        return make_split(name, text, conditions, self._iterate_texts(examples))

    def _iterate_texts(self, examples: tf.data.Dataset) -> Callable[[], Iterator[bytes]]:
        def iterate_texts() -> Iterator[bytes]:
            pieces: list[bytes] = []
            for piece, starts_document in self.iterate_pieces(examples):
                if pieces and starts_document and self._data.documents:
                    yield b"".join(pieces)
                    pieces = []
                pieces.append(piece)
            if pieces:
                yield b"".join(pieces)

        return iterate_texts


def make_split(
    name: str, text: EncodedText, conditions: np.ndarray | None, iterate_inputs: Callable[[], Iterable[bytes]]
) -> LanguageSplit:
    """Makes a split of encoded texts.

    Raises:
        UserError: There is no text.
    """
    if not text.num_targets:
        raise UserError(f"the split `{name}` has no text", key="data")
    report = {"documents": text.num_documents, "tokens": text.num_tokens, "unknown_token_share": _share_unknown(text)}
    if text.is_stream:
        del report["documents"]
    elif num_empty := int((text.lengths == 0).sum()):
        report["documents_empty"] = num_empty
    return LanguageSplit(name, {}, iterate_inputs, report, text, conditions)


def hold_back(split: LanguageSplit, data: LanguageData, names: Sequence[str]) -> tuple[LanguageSplit, LanguageSplit]:
    """Holds back some of the documents, chosen by a hash, or the end of a stream.

    Args:
        split: All of train.
        data: The `[data]` section of the config.
        names: What the two parts are called.

    Raises:
        UserError: There is too little.
    """
    if split.text.is_stream:
        parts = _cut_stream(split.text, data.validation_fraction)
    else:
        masks = split_holdout(split.iterate_inputs(), data.validation_fraction, data.holdout)
        parts = [_select_documents(split.text, mask) for mask in masks]
    if not all(part.num_targets for part in parts):
        raise UserError(
            f"`{data.train_split}` is too small to hold back a part of it for validation",
            key="data.validation_fraction",
            got=data.validation_fraction,
            hint="raise it, or name a validation_split",
        )
    return tuple(make_split(name, part, None, lambda: []) for name, part in zip(names, parts, strict=True))


def _cut_stream(text: EncodedText, fraction: float) -> list[EncodedText]:
    place = round(text.num_tokens * (1.0 - fraction))
    return [EncodedText(part, np.array([0, len(part)]), is_stream=True) for part in np.split(text.token_ids, [place])]


def _select_documents(text: EncodedText, mask: np.ndarray) -> EncodedText:
    column = Column(text.token_ids, text.offsets).select(np.asarray(mask))
    return EncodedText(column.values, column.offsets)


def make_training_batches(
    split: LanguageSplit, batch_size: int, window_length: int, num_buckets: int, seed: int | None
) -> Batches | StreamBatches:
    """Cuts a split into batches: whole documents where they are short, else windows whose state is carried on."""
    text = split.text
    if text.is_stream or int(text.lengths.max()) + 1 > window_length:
        return StreamBatches(text, batch_size, window_length, seed, split.condition_columns)
    documents = {"token_ids": DocumentColumn.of(text, False), "target_ids": DocumentColumn.of(text, True)}
    columns = split.condition_columns | documents
    widths = choose_widths(columns["token_ids"].lengths, num_buckets, batch_size)
    return Batches(columns, "token_ids", widths, batch_size, seed)


def make_scoring_batches(split: LanguageSplit, num_ids: int) -> StreamBatches:
    """Cuts a split into windows, each document in one row from its beginning to its end.

    Args:
        split: The split.
        num_ids: Size of the vocabulary.
    """
    text = split.text
    lengths = text.lengths + 1
    most_rows = 1 if text.is_stream else _SCORED_ROWS
    window_length = int(min(_SCORED_WINDOW, lengths.max(), max(1, _MOST_LOGITS // (most_rows * num_ids))))
    num_windows = -(-lengths // window_length)
    # So few rows that no document is longer than its share.
    num_rows = int(min(most_rows, max(1, num_windows.sum() // num_windows.max())))
    return StreamBatches(text, num_rows, window_length, None, split.condition_columns)


def take_end(text: EncodedText, most_tokens: int) -> EncodedText:
    """Returns the end of a text: of a stream so many tokens at most, else the last documents that have no more."""
    if text.num_tokens <= most_tokens:
        return text
    if text.is_stream:
        return EncodedText(text.token_ids[-most_tokens:], np.array([0, most_tokens]), is_stream=True)
    # The last one in any case.
    first = min(int(np.searchsorted(text.offsets, text.num_tokens - most_tokens)), text.num_documents - 1)
    offsets = text.offsets[first:]
    return EncodedText(text.token_ids[offsets[0] :], offsets - offsets[0])


def _share_unknown(text: EncodedText) -> float:
    return round(Column(text.token_ids).share(UNKNOWN_ID), 4)
