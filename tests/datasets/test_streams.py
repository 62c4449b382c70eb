"""Running text as ids: documents or one stream, in memory or in a file."""

import os
import tempfile

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.config.language_sections import LanguageTextSection
from rnnzoo.datasets import EncodedText, array_store, encode_text, iterate_pieces
from rnnzoo.text import LanguagePipeline

BYTES = LanguagePipeline.learn(LanguageTextSection(unit="bytes"), [])
PIECES = [(b"one ", True), (b"two", False), (b"", True), (b"three", True)]


def as_texts(text):
    return [bytes((text.document(number) - 4).tolist()) for number in range(text.num_documents)]


def test_documents_are_put_together_from_their_pieces():
    text = encode_text(PIECES, BYTES)
    assert as_texts(text) == [b"one two", b"", b"three"]
    assert text.lengths.tolist() == [7, 0, 5]
    assert (text.num_documents, text.num_tokens, text.num_targets, text.is_stream) == (3, 12, 15, False)
    ids = text.with_boundaries()
    assert ids.dtype == np.int32
    assert ids.tolist() == [2, *text.document(0), 3, 2, 3, 2, *text.document(2), 3]


def test_a_stream_is_one_document_that_does_not_end():
    text = encode_text(PIECES, BYTES, is_stream=True)
    assert as_texts(text) == [b"one twothree"] and text.num_targets == 12
    assert text.with_boundaries().tolist() == [2, *text.token_ids]
    assert as_texts(encode_text([], BYTES, is_stream=True)) == [b""]
    assert encode_text([], BYTES).num_documents == 0 and len(encode_text([], BYTES).with_boundaries()) == 0


def test_the_first_piece_begins_a_document_whatever_it_says():
    assert as_texts(encode_text([(b"the rest", False), (b" of it", False)], BYTES)) == [b"the rest of it"]


@pytest.mark.parametrize(("size", "dtype"), [(5, np.uint8), (256, np.uint8), (257, np.uint16), (70_000, np.uint32)])
def test_ids_take_as_few_bytes_as_the_vocabulary_allows(size, dtype):
    class LastId:
        num_ids = size
        cut_and_normalize = BYTES.cut_and_normalize

        def encode(self, text):
            return tf.ragged.constant([[size - 1]])

    text = encode_text([(b"any", True)], LastId())
    assert text.token_ids.dtype == dtype and text.token_ids.tolist() == [size - 1]


def test_a_long_text_lies_in_a_file_that_is_gone_afterwards(tmp_path, monkeypatch):
    pieces = [(bytes([number % 256]) * 1000, number % 10 == 0) for number in range(100)]
    in_memory = encode_text(pieces, BYTES)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(array_store, "MOST_BYTES_IN_MEMORY", 10_000)
    in_file = encode_text(iter(pieces), BYTES)
    assert isinstance(in_file.token_ids, np.memmap) and not isinstance(in_memory.token_ids, np.memmap)
    assert in_file.token_ids.dtype == np.uint16
    assert np.array_equal(in_file.token_ids, in_memory.token_ids)
    assert np.array_equal(in_file.offsets, in_memory.offsets)
    assert os.listdir(tmp_path) == []


def test_long_texts_are_encoded_in_pieces():
    lengths = []

    class Recording:
        num_ids = BYTES.num_ids
        cut_and_normalize = BYTES.cut_and_normalize

        def encode(self, text):
            lengths.extend(map(len, text.numpy()))
            return BYTES.encode(text)

    text = encode_text([(b"x" * 1_000_000, True), (b"y", False)], Recording())
    assert text.num_documents == 1 and text.num_tokens == 1_000_001
    assert max(lengths) <= 1 << 16


def test_examples_say_themselves_whether_they_begin_a_document():
    examples = tf.data.Dataset.from_tensor_slices({"text": [b"a", b"b"], "starts_document": [True, False]})
    assert list(iterate_pieces(examples, "text", "starts_document")) == [(b"a", True), (b"b", False)]
    assert list(iterate_pieces(examples, "text")) == [(b"a", True), (b"b", True)]


def test_a_stream_of_several_documents_is_a_mistake():
    with pytest.raises(ValueError, match="one document"):
        EncodedText(np.zeros(2, np.uint8), np.array([0, 1, 2]), is_stream=True)
