"""Columns: padding, taking and selecting, against plain Python."""

from itertools import chain

import numpy as np
import tensorflow as tf

from rnnzoo.datasets import Column, encode_columns, iterate_values

SEQUENCES = [[1, 2, 3], [], [4], [5, 6]]
COLUMN = Column(np.array([1, 2, 3, 4, 5, 6], np.int32), np.array([0, 3, 3, 4, 6]))


def test_lengths_and_size():
    assert len(COLUMN) == 4 and COLUMN.lengths.tolist() == [3, 0, 1, 2]
    assert len(Column(np.zeros((5, 2)))) == 5


def test_pad_gathers_cuts_and_fills():
    rows = np.array([3, 0, -1, 1, 3])
    assert COLUMN.pad(rows, 4).tolist() == [[5, 6, 0, 0], [1, 2, 3, 0], [0] * 4, [0] * 4, [5, 6, 0, 0]]
    assert COLUMN.pad(rows, 2).tolist() == [[5, 6], [1, 2], [0, 0], [0, 0], [5, 6]]
    assert COLUMN.pad(rows, 2).dtype == np.int32
    assert COLUMN.pad(np.array([], int), 2).shape == (0, 2)


def test_pad_keeps_inner_dimensions():
    column = Column(np.arange(6, dtype=np.float32).reshape(3, 2), np.array([0, 1, 3]))
    assert column.pad(np.array([1, 0]), 2).tolist() == [[[2, 3], [4, 5]], [[0, 1], [0, 0]]]


def test_take_gathers_and_leaves_the_column_alone():
    column = Column(np.array([[1, 2], [3, 4]]))
    assert column.take(np.array([1, -1, 0])).tolist() == [[3, 4], [0, 0], [1, 2]]
    assert column.values.tolist() == [[1, 2], [3, 4]]


def test_select_by_every_mask():
    plain = Column(np.arange(4))
    for bits in range(16):
        mask = np.array([bool(bits >> place & 1) for place in range(4)])
        chosen = [sequence for sequence, wanted in zip(SEQUENCES, mask, strict=True) if wanted]
        selected = COLUMN.select(mask)
        assert selected.values.tolist() == list(chain(*chosen)) and selected.lengths.tolist() == list(map(len, chosen))
        assert plain.select(mask).values.tolist() == np.flatnonzero(mask).tolist()


def test_a_whole_data_set_is_encoded_in_order():
    size = 1300  # more than two batches of the encoder
    texts = [b"x " * (place % 5) + str(place).encode() for place in range(size)]
    dataset = tf.data.Dataset.from_tensor_slices({"text": texts, "label": np.arange(size)})

    def encode(batch):
        return {"length": tf.strings.length(tf.strings.split(batch["text"], " ")), "label": batch["label"]}

    columns = encode_columns(dataset, encode)
    assert columns["label"].values.tolist() == list(range(size)) and columns["label"].offsets is None
    assert columns["length"].lengths.tolist() == [place % 5 + 1 for place in range(size)]
    assert columns["length"].pad(np.array([1299]), 6).tolist() == [[1, 1, 1, 1, 4, 0]]
    assert list(iterate_values(dataset, "text")) == texts


def test_sequences_of_unlike_length_are_read_and_encoded():
    frames = [np.arange(2 * steps).reshape(steps, 2) for steps in (3, 0, 1)] * 300

    def generate():
        for place, steps in enumerate(frames):
            yield {"frames": steps, "place": place}

    shapes = {"frames": tf.TensorSpec([None, 2], tf.int64), "place": tf.TensorSpec([], tf.int64)}
    dataset = tf.data.Dataset.from_generator(generate, output_signature=shapes)
    columns = encode_columns(dataset, lambda batch: batch)
    assert columns["place"].values.tolist() == list(range(900)) and columns["place"].offsets is None
    assert columns["frames"].pad(np.array([897, 898]), 3).tolist() == [[[0, 1], [2, 3], [4, 5]], [[0, 0]] * 3]
    for read, made in zip(iterate_values(dataset, "frames"), frames, strict=True):
        np.testing.assert_array_equal(read, made)


def test_an_empty_data_set_has_no_columns():
    dataset = tf.data.Dataset.from_tensor_slices({"text": tf.constant([], tf.string)})
    assert encode_columns(dataset, lambda batch: batch) == {}
