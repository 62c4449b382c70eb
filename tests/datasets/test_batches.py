"""Batches: every example once, few shapes, an order that depends on seed and epoch alone."""

import numpy as np
import pytest

from rnnzoo.datasets import EXAMPLE_INDEX, Batches, Column

WIDTHS = [2, 4, 6]
LENGTHS = np.random.default_rng(0).integers(0, 9, 53)  # some empty, some longer than the widest
BATCH_SIZE = 5


def make_batches(seed=3):
    offsets = np.concatenate([[0], np.cumsum(LENGTHS)])
    columns = {
        "token_ids": Column(np.arange(1, offsets[-1] + 1, dtype=np.int32), offsets),
        "label": Column(np.arange(len(LENGTHS)) + 100),
    }
    return Batches(columns, "token_ids", WIDTHS, BATCH_SIZE, seed)


def flatten(batches):
    return [(name, array.tolist()) for batch in batches for name, array in batch.items()]


@pytest.mark.parametrize("seed", [None, 0, 2**31 - 1])
def test_every_example_comes_exactly_once_and_whole(seed):
    batches = make_batches(seed)
    seen = []
    for batch in batches.epoch(1):
        for row, ids, label in zip(batch[EXAMPLE_INDEX], batch["token_ids"], batch["label"], strict=True):
            if row < 0:
                assert not ids.any() and label == 0
                continue
            seen.append(row)
            start, length = LENGTHS[:row].sum(), min(LENGTHS[row], WIDTHS[-1])
            assert label == 100 + row
            assert ids.tolist() == [*range(start + 1, start + 1 + length)] + [0] * (len(ids) - length)
    assert sorted(seen) == list(range(len(LENGTHS)))
    assert batches.num_examples == len(LENGTHS) and batches.num_steps == np.minimum(LENGTHS, WIDTHS[-1]).sum()


def test_shapes_are_few_and_fixed():
    batches = make_batches()
    for epoch in range(3):
        shapes = [batch["token_ids"].shape for batch in batches.epoch(epoch)]
        assert len(shapes) == len(batches) == sum(batches.shapes.values())
        assert {shape: shapes.count(shape) for shape in set(shapes)} == batches.shapes
        assert set(shapes) == {(BATCH_SIZE, width) for width in WIDTHS}


def test_filler_is_only_as_much_as_must_be_and_at_the_end_of_its_batch():
    for batch in make_batches().epoch(0):
        filler = batch[EXAMPLE_INDEX] == -1
        assert not filler.all() and (np.diff(filler.astype(int)) >= 0).all()
    num_rows = sum(len(batch[EXAMPLE_INDEX]) for batch in make_batches().epoch(0))
    assert num_rows < len(LENGTHS) + BATCH_SIZE * len(WIDTHS)


def test_the_order_is_a_function_of_seed_and_epoch_alone():
    batches, again = make_batches(), make_batches()
    list(again.epoch(7))
    list(again.epoch(0))
    assert flatten(batches.epoch(2)) == flatten(again.epoch(2))
    assert flatten(batches.epoch(2)) != flatten(batches.epoch(3))
    assert flatten(batches.epoch(2)) != flatten(make_batches(seed=4).epoch(2))


def test_an_epoch_that_starts_later_is_the_tail_of_the_whole():
    batches = make_batches()
    whole = list(batches.epoch(5))
    for start in range(len(whole) + 2):
        assert flatten(batches.epoch(5, start)) == flatten(whole[start:])


def test_unshuffled_batches_keep_the_order_within_a_bucket():
    batches = make_batches(seed=None)
    assert flatten(batches.epoch(0)) == flatten(batches.epoch(1))
    for width in WIDTHS:
        rows = [row for b in batches.epoch() if b["token_ids"].shape[1] == width for row in b[EXAMPLE_INDEX]]
        rows = [row for row in rows if row >= 0]
        assert rows and rows == sorted(rows)


def test_examples_of_a_bucket_meet_in_different_batches():
    batches = make_batches()
    groups = [{frozenset(batch[EXAMPLE_INDEX].tolist()) for batch in batches.epoch(epoch)} for epoch in range(2)]
    assert groups[0] != groups[1]


# Several columns that decide

TARGET_LENGTHS = np.random.default_rng(1).integers(1, 7, len(LENGTHS))
SOURCE_LENGTHS = np.clip(LENGTHS, 1, 6)


def make_pair_batches(seed=3):
    columns = {"source_length": Column(SOURCE_LENGTHS)}
    for name, lengths in (("source_ids", SOURCE_LENGTHS), ("target_ids", TARGET_LENGTHS)):
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        columns[name] = Column(np.arange(1, offsets[-1] + 1, dtype=np.int32), offsets)
    return Batches(columns, ("source_ids", "target_ids"), WIDTHS, BATCH_SIZE, seed)


def test_the_longest_of_several_sequences_decides_the_bucket():
    batches = make_pair_batches()
    longest = np.maximum(SOURCE_LENGTHS, TARGET_LENGTHS)
    assert batches.lengths.tolist() == longest.tolist() and batches.num_steps == longest.sum()
    seen = []
    for batch in batches.epoch(2):
        rows = batch[EXAMPLE_INDEX][batch[EXAMPLE_INDEX] >= 0]
        seen += rows.tolist()
        (width,) = {min(width for width in WIDTHS if width >= length) for length in longest[rows]}
        for name in ("source_ids", "target_ids"):
            assert batch[name].shape[1] <= width
    assert sorted(seen) == list(range(len(LENGTHS)))


def test_each_of_several_sequences_is_whole_and_no_wider_than_its_longest_in_the_bucket():
    shapes = {}
    for epoch in range(2):
        for batch in make_pair_batches().epoch(epoch):
            real = batch[EXAMPLE_INDEX] >= 0
            for name, lengths in (("source_ids", SOURCE_LENGTHS), ("target_ids", TARGET_LENGTHS)):
                assert ((batch[name] != 0).sum(axis=1)[real] == lengths[batch[EXAMPLE_INDEX][real]]).all()
                assert not batch[name][~real].any()
            width = max(batch[name].shape[1] for name in ("source_ids", "target_ids"))
            shape = (batch["source_ids"].shape, batch["target_ids"].shape)
            # The same in all batches of a bucket, so that no bucket is compiled twice.
            assert shapes.setdefault(width, shape) == shape
    longest = np.maximum(SOURCE_LENGTHS, TARGET_LENGTHS)
    for lower, width in zip([0, *WIDTHS], WIDTHS, strict=False):
        rows = (longest > lower) & (longest <= width)
        own = (SOURCE_LENGTHS[rows].max(), TARGET_LENGTHS[rows].max())
        assert shapes[max(own)] == ((BATCH_SIZE, own[0]), (BATCH_SIZE, own[1]))


def test_one_of_several_is_batched_as_one_alone():
    columns = {"token_ids": Column(np.arange(1, 8, dtype=np.int32), np.array([0, 2, 7]))}
    one, several = (Batches(columns, names, [2, 6], 2) for names in ("token_ids", ["token_ids"]))
    assert one.shapes == several.shapes
    assert [batch["token_ids"].shape for batch in one.epoch()] == [(2, 2), (2, 6)]
    assert [batch["token_ids"].shape for batch in several.epoch()] == [(2, 2), (2, 5)]
