"""The pairs of texts of a translator: encoded, and left out where they are of no use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.config.translation_config import PairData
from rnnzoo.datasets import Column, batch_examples, encode_columns
from rnnzoo.tasks.splits import Split
from rnnzoo.text import PAD_ID, UNKNOWN_ID, PairPipeline

SIDES = ("source", "target")
# What a pair of short texts may differ by, however unequal.
_RATIO_SLACK = 10


def iterate_pairs(examples: tf.data.Dataset, data: PairData) -> Iterator[tuple[bytes, bytes]]:
    """Yields the texts of both sides, in NFC, without white space around them; pairs with an empty side too."""
    for batch in batch_examples(examples):
        sides = (batch[name].numpy() for name in (data.source_feature, data.target_feature))
        for pair in zip(*sides, strict=True):
            yield tuple(PairPipeline.normalize(text.strip()) for text in pair)


@dataclass(frozen=True)
class PairSplit(Split):
    """The encoded pairs of a split; `read_inputs` reads the sources.

    Attributes:
        targets: The texts to be written.
    """

    targets: tuple[str, ...] = ()

    def first(self, number: int) -> "PairSplit":
        """Returns the split of the first examples."""
        if number >= self.num_examples:
            return self
        chosen = np.arange(self.num_examples) < number
        columns = {name: column.select(chosen) for name, column in self.columns.items()}
        return replace(
            self, columns=columns, read_inputs=lambda: self.read_inputs()[:number], targets=self.targets[:number]
        )


def encode_pairs(
    name: str, examples: tf.data.Dataset, pipeline: PairPipeline, data: PairData, *, to_train: bool
) -> PairSplit:
    """Encodes single examples.

    Pairs with an empty side are left out. Of those to train on, those too long or too unequal are left out as well;
    of others, what is too long is cut.

    Raises:
        UserError: There is no pair, or none is left.
    """
    pairs = list(iterate_pairs(examples, data))
    if not pairs:
        raise UserError(f"the split `{name}` has no examples", key="data")

    texts = tf.data.Dataset.from_tensor_slices(tuple(map(list, zip(*pairs, strict=True))))
    columns = encode_columns(texts, lambda source, target: pipeline.encode(source, target, cut=False))
    is_empty = np.array([not all(pair) for pair in pairs])
    # Without boundary tokens.
    lengths = {side: columns[f"{side}_ids"].lengths - place for place, side in enumerate(SIDES, start=1)}
    is_long = np.maximum(*lengths.values()) > pipeline.max_length
    report = {"pairs_left_out_empty": is_empty}
    if to_train:
        report["pairs_left_out_too_long"] = is_long & ~is_empty
        shorter, longer = np.minimum(*lengths.values()), np.maximum(*lengths.values())
        is_unequal = (data.max_length_ratio > 0) & (longer > data.max_length_ratio * shorter + _RATIO_SLACK)
        report["pairs_left_out_unequal"] = is_unequal & ~is_long & ~is_empty
    is_kept = ~np.any(list(report.values()), axis=0)
    counts = {key: int(mask.sum()) for key, mask in report.items()}
    if not is_kept.any():
        reasons = ", ".join(f"{count} {key.removeprefix('pairs_left_out_')}" for key, count in counts.items() if count)
        raise UserError(f"no pair of the split `{name}` is left: {reasons.replace('_', ' ')}", key="data")
    if not to_train:
        counts["pairs_cut"] = int((is_long & ~is_empty).sum())
        columns = {
            key: _cut(column, pipeline.max_length + place) for place, (key, column) in enumerate(columns.items(), 1)
        }
    columns = {key: column.select(is_kept) for key, column in columns.items()}
    pairs = [pair for pair, kept in zip(pairs, is_kept, strict=True) if kept]
    return PairSplit(
        name,
        columns,
        lambda: [source for source, _ in pairs],
        _report(columns) | counts,
        tuple(target.decode() for _, target in pairs),
    )


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
        unknown = column.values == UNKNOWN_ID
        report[f"{side}_unknown_share"] = round(float(unknown.mean()) if len(unknown) else 0.0, 4)
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
