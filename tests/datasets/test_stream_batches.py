"""Windows of parallel streams: every token is a target once, after what stands before it."""

from itertools import pairwise

import numpy as np
import pytest

from rnnzoo.datasets import Column, EncodedText, StreamBatches
from rnnzoo.text.special_tokens import BOS_ID, EOS_ID, PAD_ID

STREAM_SIZES = [(5, 1, 2), (4, 1, 2), (5, 1, 8), (5, 4, 2), (1, 3, 1), (100, 4, 7), (101, 3, 7), (640, 8, 10)]
SEEDS = [None, 0, 2**31 - 1]


def make_stream(num_tokens):
    # Each token differs, so that its place can be told.
    return EncodedText(np.arange(4, 4 + num_tokens, dtype=np.uint16), np.array([0, num_tokens]), is_stream=True)


def make_documents(lengths):
    return EncodedText(np.arange(4, 4 + sum(lengths), dtype=np.uint16), np.concatenate([[0], np.cumsum(lengths)]))


def read_rows(batches, epoch):
    """Runs through an epoch like a model: the (input, target) pairs of each row, cut where its state is reset."""
    runs = []
    open_runs = {}
    for batch in batches.epoch(epoch):
        assert batch["token_ids"].dtype == batch["target_ids"].dtype == np.int32
        assert batch["keep_state"].dtype == np.float32
        assert batch["target_ids"].any(), "a batch without any target"
        for row, (ids, targets, keeps) in enumerate(zip(*batch.values(), strict=True)):
            length = (targets != PAD_ID).sum()
            assert targets[:length].all() and ids[:length].all() and not ids[length:].any()
            if not keeps:
                open_runs[row] = []
                runs.append(open_runs[row])
            open_runs[row] += list(zip(ids[:length].tolist(), targets[:length].tolist(), strict=True))
    return [run for run in runs if run]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("num_tokens", "batch_size", "window"), STREAM_SIZES)
def test_each_token_of_a_stream_is_a_target_once(num_tokens, batch_size, window, seed):
    batches = StreamBatches(make_stream(num_tokens), batch_size, window, seed)
    for epoch in range(4):
        runs = read_rows(batches, epoch)
        whole = sorted(pair for run in runs for pair in run)
        ids = [BOS_ID, *range(4, 4 + num_tokens)]
        assert whole == sorted(pairwise(ids))
        for run in runs:  # a row is one contiguous piece
            assert [target for _, target in run[:-1]] == [token for token, _ in run[1:]]
        assert len(runs) <= batch_size
    assert batches.num_steps == num_tokens


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("lengths", "batch_size", "window"),
    [([30, 1, 17, 8, 7, 0, 64, 23], 3, 8), ([5], 2, 3), ([2, 2], 4, 50), ([100, 3], 4, 5), ([0, 0], 1, 4)],
)
def test_each_document_is_read_whole_from_bos_to_eos(lengths, batch_size, window, seed):
    text = make_documents(lengths)
    batches = StreamBatches(text, batch_size, window, seed)
    for epoch in range(3):
        runs = sorted(read_rows(batches, epoch), key=lambda run: (run[0][0] != BOS_ID, run[0]))
        whole = sorted(pair for run in runs for pair in run)
        expected = []
        for number in range(text.num_documents):
            ids = [BOS_ID, *text.document(number).tolist(), EOS_ID]
            expected += pairwise(ids)
        assert whole == sorted(expected)
        for run in runs:  # no run goes on past the end of a document
            assert [target for _, target in run[:-1]] == [token for token, _ in run[1:]]
        assert sum(run[0][0] == BOS_ID for run in runs) == len(lengths)
    assert batches.num_steps == text.num_targets == sum(lengths) + len(lengths)


def test_documents_that_are_no_longer_than_their_share_are_not_cut():
    lengths = np.random.default_rng(0).integers(0, 40, 50).tolist()
    for epoch in range(3):
        runs = read_rows(StreamBatches(make_documents(lengths), 4, 8, 1), epoch)
        assert sorted(len(run) for run in runs) == sorted(length + 1 for length in lengths)


def test_shapes_are_fixed_and_counted():
    for text in (make_stream(1000), make_documents([100, 20, 7] * 9)):
        batches = StreamBatches(text, 8, 16, 1)
        for epoch in range(5):
            found = [batch["token_ids"].shape for batch in batches.epoch(epoch)]
            assert batches.shapes == {(8, 16): len(batches)} and found == [(8, 16)] * len(batches)


def test_little_is_wasted():
    stream = StreamBatches(make_stream(10_000), 8, 16, 1)
    assert len(stream) * 8 * 16 < 10_000 + 2 * 8 * 16
    lengths = np.random.default_rng(0).integers(50, 500, 100).tolist()
    documents = StreamBatches(make_documents(lengths), 8, 16, 1)
    assert len(documents) * 8 * 16 < 1.1 * documents.num_steps


def test_batches_are_a_function_of_seed_and_epoch_alone_and_move():
    for text in (make_stream(300), make_documents([30, 20, 50, 1, 44])):

        def flatten(seed, epoch, start=0, text=text):
            return [
                array.tolist()
                for batch in StreamBatches(text, 2, 8, seed).epoch(epoch, start)
                for array in batch.values()
            ]

        assert flatten(1, 3) == flatten(1, 3)
        assert flatten(1, 3, start=4) == flatten(1, 3)[4 * 3 :]
        assert len({str(flatten(1, epoch)) for epoch in range(8)}) > 2
        assert str(flatten(1, 0)) != str(flatten(2, 0)) or str(flatten(1, 1)) != str(flatten(2, 1))
        assert flatten(None, 0) == flatten(None, 1)


def test_hello():
    hello = EncodedText(np.array([4, 5, 6, 6, 7], np.uint8), np.array([0, 5]), is_stream=True)
    (batch,) = StreamBatches(hello, 1, 8, seed=1).epoch()
    assert batch["token_ids"].tolist() == [[BOS_ID, 4, 5, 6, 6, 0, 0, 0]]
    assert batch["target_ids"].tolist() == [[4, 5, 6, 6, 7, 0, 0, 0]]
    assert batch["keep_state"].tolist() == [0.0]


def test_texts_of_nothing():
    assert len(StreamBatches(make_stream(0), 2, 4, 1)) == 0
    assert list(StreamBatches(EncodedText(np.zeros(0, np.uint8), np.array([0])), 2, 4, 1).epoch()) == []


def test_rows_have_the_columns_of_their_documents():
    text = make_documents([30, 20, 5])
    columns = {"condition": Column(np.array([7, 8, 9]))}
    firsts = text.document(0)[0], text.document(1)[0], text.document(2)[0]
    for batch in StreamBatches(text, 2, 8, 1, columns).epoch():
        for condition, targets in zip(batch["condition"], batch["target_ids"], strict=True):
            expected = [7 + number for number, first in enumerate(firsts) if (targets >= first).any()][-1:]
            if targets[0] == EOS_ID:
                continue
            assert [condition] == (expected or [0])
