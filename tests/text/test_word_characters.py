"""The characters of words, eager, in tf.data and in an exported graph."""

import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings

from rnnzoo.text import WordCharacterEncoder, build_word_character_encoder, make_valid_utf8, to_dense
from tests.text.odd_strings import ODD_STRINGS

WORD_LENGTH = 5


def make_encoder(word_length=WORD_LENGTH):
    return build_word_character_encoder(
        {"abcdefgh": 3, "é": 2, "한국": 2, "\ufffd": 2, "x\0": 2}, word_length, max_size=100, min_count=2
    )


def to_characters(encoder, ids):
    return ["".join(encoder.vocabulary.tokens[number] for number in row if number) for row in ids.numpy()]


def test_the_first_and_last_characters_of_a_long_word_stay():
    words = tf.constant(["abcdefgh", "abcde", "abcdef", "ab", ""])
    for word_length, expected in [
        (5, ["abcgh", "abcde", "abcef", "ab", ""]),
        (4, ["abgh", "abde", "abef", "ab", ""]),
        (2, ["ah", "ae", "af", "ab", ""]),
        (50, ["abcdefgh", "abcde", "abcdef", "ab", ""]),
    ]:
        encoder = make_encoder(word_length)
        ids = encoder(words)
        assert (ids.dtype, ids.shape) == (tf.int32, (5, word_length))
        assert to_characters(encoder, ids) == expected
        np.testing.assert_array_equal(ids != 0, np.arange(word_length) < np.array([[len(word)] for word in expected]))


def test_rare_characters_are_unknown_and_case_counts():
    encoder = build_word_character_encoder({"ab": 1, "Ab": 1, "c": 2, "dd": 1}, 4, max_size=100, min_count=2)
    assert encoder.vocabulary.tokens[4:] == ("b", "c", "d")  # by running characters; of equals the first by code point
    assert encoder(tf.constant(["bAcz"])).numpy().tolist() == [[4, 1, 5, 1]]
    small = build_word_character_encoder({"ab": 1, "b": 1}, 4, max_size=5, min_count=1)
    assert small.vocabulary.tokens[4:] == ("b",)


def test_characters_are_not_bytes():
    encoder = make_encoder(4)
    assert to_characters(encoder, encoder(tf.constant(["é한국é"]))) == ["é한국é"]
    assert encoder(tf.constant(["x\0x"])).numpy()[0, 1] == encoder.vocabulary.tokens.index("\0")


def test_broken_utf8_counts_as_the_replacement_character():
    encoder = make_encoder(12)
    broken = tf.constant([*ODD_STRINGS[:12], b"caf\xe9", b"\xc3"])
    np.testing.assert_array_equal(encoder(broken), encoder(make_valid_utf8(broken)))
    assert to_characters(encoder, encoder(tf.constant([b"a\xffb"]))) == ["a\ufffdb"]


def test_ragged_rows_become_batches():
    encoder = make_encoder()
    words = [["ab", "abcdefgh"], [], [""]]
    ids = encoder(tf.ragged.constant(words))
    assert ids.shape.as_list() == [3, None, WORD_LENGTH]
    dense = to_dense(ids)
    assert dense.shape == (3, 2, WORD_LENGTH)
    np.testing.assert_array_equal(dense[0], encoder(tf.constant(words[0])))
    assert not dense[1:].numpy().any()
    assert to_dense(encoder(tf.ragged.constant([[], []], dtype=tf.string))).shape == (2, 1, WORD_LENGTH)


def test_tf_data_and_an_exported_graph_agree_on_odd_strings(tmp_path):
    module = tf.Module()
    module.encoder = make_encoder()
    module.encode = tf.function(module.encoder, input_signature=[tf.TensorSpec([None], tf.string)])
    tf.saved_model.save(module, str(tmp_path))
    batch = tf.data.Dataset.from_tensor_slices(ODD_STRINGS).batch(100).map(module.encoder).get_single_element()
    np.testing.assert_array_equal(tf.saved_model.load(str(tmp_path)).encode(tf.constant(ODD_STRINGS)), batch)
    alone = [module.encoder(tf.constant([word]))[0] for word in ODD_STRINGS]
    np.testing.assert_array_equal(alone, batch)
    assert batch.shape == (len(ODD_STRINGS), WORD_LENGTH)


ENCODER = make_encoder()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.one_of(st.binary(max_size=12), st.text(max_size=12).map(str.encode)), max_size=4))
def test_any_bytes_give_ids_within_range_padded_on_the_right(words):
    ids = ENCODER(tf.constant(words, tf.string)).numpy()
    assert ids.shape == (len(words), WORD_LENGTH)
    assert ((ids >= 0) & (ids < len(ENCODER.vocabulary))).all()
    assert ((ids[:, 1:] == 0) | (ids[:, :-1] != 0)).all()


def test_round_trip(tmp_path):
    encoder = make_encoder()
    encoder.save(tmp_path)
    again = WordCharacterEncoder.load(tmp_path)
    words = tf.constant(["abcdefgh", "é", "zz"])
    np.testing.assert_array_equal(again(words), encoder(words))
    assert (again.word_length, again.vocabulary.tokens) == (encoder.word_length, encoder.vocabulary.tokens)


def test_refuses_words_of_one_character():
    with pytest.raises(ValueError, match="word_length must be at least 2"):
        make_encoder(1)
