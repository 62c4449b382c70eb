"""Documents with their boundaries in batches, against the same done to whole texts."""

import numpy as np
import pytest

from rnnzoo.datasets import EXAMPLE_INDEX, Batches, DocumentColumn, EncodedText, choose_widths

LENGTHS = [3, 0, 1, 7, 7, 2, 0, 5]
TEXT = EncodedText(np.arange(4, 4 + sum(LENGTHS), dtype=np.uint8), np.concatenate([[0], np.cumsum(LENGTHS)]))


def list_expected(is_target):
    documents = [TEXT.document(number).tolist() for number in range(TEXT.num_documents)]
    return [[*document, 3] if is_target else [2, *document] for document in documents]


@pytest.mark.parametrize("is_target", [False, True])
def test_they_are_read_with_their_boundaries(is_target):
    column, expected = DocumentColumn.of(TEXT, is_target), list_expected(is_target)
    assert column.lengths.tolist() == [length + 1 for length in LENGTHS]
    padded = column.pad(np.array([3, 1, -1, 7]), 9)
    assert padded.dtype == np.int32
    for row, number in enumerate((3, 1, None, 7)):
        document = [] if number is None else expected[number]
        assert padded[row].tolist() == document + [0] * (9 - len(document))


@pytest.mark.parametrize("is_target", [False, True])
def test_what_is_too_long_is_cut(is_target):
    padded = DocumentColumn.of(TEXT, is_target).pad(np.array([3, 0]), 4)
    assert padded.tolist() == [document[:4] for document in (list_expected(is_target)[number] for number in (3, 0))]


def test_batches_hold_each_document_once_and_whole():
    columns = {"token_ids": DocumentColumn.of(TEXT, False), "target_ids": DocumentColumn.of(TEXT, True)}
    widths = choose_widths(columns["token_ids"].lengths, 2, 3)
    batches = Batches(columns, "token_ids", widths, 3, seed=1)
    assert batches.num_steps == TEXT.num_targets
    seen = {}
    for batch in batches.epoch():
        for row, number in enumerate(batch[EXAMPLE_INDEX].tolist()):
            seen.setdefault(number, tuple(batch[name][row][batch[name][row] > 0].tolist() for name in columns))
    assert seen.pop(-1, ([], [])) == ([], [])
    assert [list(map(list, seen[number])) for number in range(len(LENGTHS))] == [
        list(pair) for pair in zip(list_expected(False), list_expected(True), strict=True)
    ]
