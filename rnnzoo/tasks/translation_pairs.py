"""The pairs of texts of a translator: encoded, and left out where they are of no use."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.config.translation_config import PairData
from rnnzoo.datasets import Column, batch_examples, collect_columns, iterate_batches
from rnnzoo.datasets.encoding import Columns
from rnnzoo.datasets.reading import READING_BATCH
from rnnzoo.tasks.splits import IS_KEPT, Split, keep, make_split
from rnnzoo.text import PAD_ID, UNKNOWN_ID, PairPipeline

SIDES = ("source", "target")
# What a pair of short texts may differ by, however unequal.
_RATIO_SLACK = 10
_MOST_PAIRS_IN_MEMORY = 200_000
_LEFT_OUT = "pairs_left_out_"


def iterate_pairs(
    examples: tf.data.Dataset, data: PairData, activity: str = "reading"
) -> Iterator[tuple[bytes, bytes]]:
    """Yields the texts of both sides, in NFC, without white space around them; pairs with an empty side too."""
    for batch in iterate_batches(batch_examples(examples), activity):
        sides = (batch[name].numpy() for name in (data.source_feature, data.target_feature))
        for pair in zip(*sides, strict=True):
            yield tuple(PairPipeline.normalize(text.strip()) for text in pair)


@dataclass(frozen=True)
class PairSplit(Split):
    """The encoded pairs of a split; `iterate_inputs` goes through the sources.

    Attributes:
        iterate_targets: Goes through the texts to be written.
    """

    iterate_targets: Callable[[], Iterable[str]] = tuple

    @property
    def targets(self) -> tuple[str, ...]:
        """The texts to be written, all in memory."""
        return tuple(self.iterate_targets())

    def first(self, number: int) -> "PairSplit":
        """Returns the split of the first examples."""
        if number >= self.num_examples:
            return self
        return replace(super().first(number), iterate_targets=lambda: islice(self.iterate_targets(), number))


def encode_pairs(
    name: str,
    examples: tf.data.Dataset,
    pipeline: PairPipeline,
    data: PairData,
    *,
    to_train: bool,
    make_key: Callable[[], str] | None = None,
) -> PairSplit:
    """Encodes single examples.

    Pairs with an empty side are left out. Of those to train on, those too long or too unequal are left out as well;
    of others, what is too long is cut.

    Args:
        name: What they are called.
        examples: Dictionaries with both sides.
        pipeline: Encodes them.
        data: The `[data]` section of the config.
        to_train: Whether they are to be trained on.
        make_key: Returns the key under which to keep large columns.

    Raises:
        UserError: There is no pair, or none is left.
    """
    few = _FewPairs(lambda: iterate_pairs(examples, data))
    columns, counts = collect_columns(
        _encode_batches(few.watch(iterate_pairs(examples, data, "encoding")), pipeline),
        lambda columns, _: _leave_out(columns, pipeline.max_length, data.max_length_ratio, to_train),
        make_key,
    )
    if columns and not columns[IS_KEPT].values.any():
        shown = {figure: count for figure, count in counts.items() if count and figure.startswith(_LEFT_OUT)}
        reasons = ", ".join(f"{count} {figure.removeprefix(_LEFT_OUT)}" for figure, count in shown.items())
        raise UserError(f"no pair of the split `{name}` is left: {reasons.replace('_', ' ')}", key="data")
    iterate_kept = keep(few.iterate, columns.get(IS_KEPT))
    split = make_split(name, columns, counts, lambda: ())
    return PairSplit(
        name,
        split.columns,
        lambda: (source for source, _ in iterate_kept()),
        _report(split.columns) | counts,
        lambda: (target.decode() for _, target in iterate_kept()),
    )


class _FewPairs:
    """Remembers pairs that pass by, so that few of them need not be read again and again."""

    def __init__(self, read_again: Callable[[], Iterable[tuple[bytes, bytes]]]):
        self._read_again = read_again
        self._pairs: list[tuple[bytes, bytes]] | None = None

    def watch(self, pairs: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
        seen: list[tuple[bytes, bytes]] = []
        for number, pair in enumerate(pairs):
            if number < _MOST_PAIRS_IN_MEMORY:
                seen.append(pair)
            elif seen:
                seen.clear()
            yield pair
        self._pairs = seen or None

    def iterate(self) -> Iterable[tuple[bytes, bytes]]:
        return self._read_again() if self._pairs is None else self._pairs


def _encode_batches(pairs: Iterator[tuple[bytes, bytes]], pipeline: PairPipeline) -> Iterator[Mapping[str, Any]]:
    texts = tf.TensorSpec([None], tf.string)
    encode = tf.function(lambda source, target: pipeline.encode(source, target, cut=False), [texts, texts])
    while some := list(islice(pairs, READING_BATCH)):
        yield encode(*map(tf.constant, zip(*some, strict=True)))


def _leave_out(columns: Columns, max_length: int, max_ratio: float, to_train: bool) -> tuple[Columns, dict[str, int]]:
    # Without boundary tokens; a side without a unit had no text.
    lengths = [columns[f"{side}_ids"].lengths - place for place, side in enumerate(SIDES, start=1)]
    shorter, longer = np.minimum(*lengths), np.maximum(*lengths)
    is_empty, is_long = shorter == 0, longer > max_length
    left_out = {"empty": is_empty}
    if to_train:
        left_out["too_long"] = is_long & ~is_empty
        is_unequal = (max_ratio > 0) & (longer > max_ratio * shorter + _RATIO_SLACK)
        left_out["unequal"] = is_unequal & ~is_long & ~is_empty
    is_kept = ~np.any(list(left_out.values()), axis=0)
    counts = {f"{_LEFT_OUT}{reason}": int(mask.sum()) for reason, mask in left_out.items()}
    if not to_train:
        counts["pairs_cut"] = int((is_long & ~is_empty).sum())
        columns = {key: _cut(column, max_length + place) for place, (key, column) in enumerate(columns.items(), 1)}
    columns = {key: column.select(is_kept) for key, column in columns.items()}
    return {**columns, IS_KEPT: Column(is_kept)}, counts


def _cut(column: Column, most: int) -> Column:
    """Cuts ids to a number, the last one, `<eos>`, kept."""
    lengths = column.lengths
    position = np.arange(len(column.values)) - np.repeat(column.offsets[:-1], lengths)
    is_last = position == np.repeat(lengths, lengths) - 1
    is_kept = (position < most - 1) | is_last
    return Column(column.values[is_kept], np.concatenate([[0], np.cumsum(np.minimum(lengths, most))]))


def _report(columns: Mapping[str, Column]) -> dict[str, int | float]:
    report: dict[str, int | float] = {"examples": len(columns["source_ids"])}
    for side in SIDES:
        column = columns[f"{side}_ids"]
        report[f"{side}_tokens"] = len(column.values)
        report[f"longest_{side}"] = int(column.lengths.max(initial=0))
        report[f"{side}_unknown_share"] = round(column.share(UNKNOWN_ID), 4)
    return report


def split_targets(target_ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Divides targets into what the decoder reads and what it is to say.

    Args:
        target_ids: (batch, time) int32, from `<bos>` to `<eos>`, padded on the right with 0.

    Returns:
        From `<bos>` to the last token before `<eos>`, and from the first token to `<eos>`, both (batch, time - 1),
        padded in the same places.
    """
    labels = target_ids[:, 1:]
    return tf.where(labels != PAD_ID, target_ids[:, :-1], PAD_ID), labels
