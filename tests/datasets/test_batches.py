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
