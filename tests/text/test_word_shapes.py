"""Word shapes, eager, in tf.data and in an exported graph."""

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.text import WORD_SHAPES, encode_word_shapes
from tests.text.odd_strings import ODD_STRINGS

EXAMPLES = {
    "lower": ["walk", "a", "élan", "e\u0301lan", "ß", "мир", "λόγος"],
    "one_capital": ["I", "É", "E\u0301", "Ж", "ǅ"],
    "initial_capital": ["Paris", "Élan", "Москва", "ǅemal", "Ab"],
    "capitals": ["NATO", "UN", "ÉTÉ", "США"],
    "lower_then_mixed": ["iPhone", "eBAY", "aα漢"],
    "caseless": ["東京", "हिन्दी", "שלום", "ไทย", "中"],
    "capital_then_mixed": ["McDonald", "YouTube", "PhD", "東京Tower"],
    "digits": ["1999", "7", "٣٤", "½"],
    "number": ["3.5", "1,000", "50%", "$5", "-3", "10:30", "#1", "9/11"],
    "mention": ["@user", "@User_1", "@_x"],
    "hashtag": ["#topic", "#Topic2", "#東京"],
    "address": ["http://a.b/c1", "HTTPS://x", "www.example.org", "Someone@example.org"],
    "digits_then_letters": ["20th", "3D", "3.5kg", "'90s", "4x4", "2nd-rate"],
    "letters_then_digits": ["B2", "mp3", "COVID-19", "F-16s", "K2's"],
    "punctuation_mark": [",", ".", "—", "«", "@", "#", "_"],
    "punctuation_marks": ["...", "?!", "@-@", "''", ":-)"],
    "symbols": ["$", "+", "=)", "😀", "👩‍👩‍👧", "☺️", "🇩🇪", "^_^"],
    "lower_with_marks": ["n't", "well-known", "'s", "foo_bar", "example.com"],
    "capitals_with_marks": ["U.S.", "AT&T", "C."],
    "initial_with_marks": ["Jean-Paul", "O'Neill", "Mr.", "E-mail"],
    "letters_with_marks": ["e-Book", "-Paul", "東京、"],
    "other": ["", "a b", "C++", "\0", "a\nb", b"caf\xe9", b"\xff"],
}


def test_every_shape_has_examples():
    assert ("<pad>", *EXAMPLES) == WORD_SHAPES


@pytest.mark.parametrize("shape", EXAMPLES)
def test_examples(shape):
    words = EXAMPLES[shape]
    found = [WORD_SHAPES[number] for number in encode_word_shapes(tf.constant(words)).numpy()]
    assert found == [shape] * len(words)


def test_a_word_has_the_same_shape_alone_in_ragged_rows_and_in_a_graph():
    words = [[b"Paris", b"is"], [], ODD_STRINGS]
    ids = encode_word_shapes(tf.ragged.constant(words))
    assert ids.dtype == tf.int32 and ids.shape.as_list() == [3, None]
    assert ids.to_list()[:2] == [[WORD_SHAPES.index("initial_capital"), WORD_SHAPES.index("lower")], []]
    alone = [int(encode_word_shapes(tf.constant([word]))[0]) for word in ODD_STRINGS]
    assert ids.to_list()[2] == alone
    batch = tf.data.Dataset.from_tensor_slices(ODD_STRINGS).batch(100).map(encode_word_shapes).get_single_element()
    assert batch.numpy().tolist() == alone
    assert min(alone) > 0


def test_no_words():
    assert encode_word_shapes(tf.constant([], tf.string)).shape == (0,)


def test_an_exported_graph_gives_the_same(tmp_path):
    module = tf.Module()
    module.encode = tf.function(encode_word_shapes, input_signature=[tf.TensorSpec([None], tf.string)])
    tf.saved_model.save(module, str(tmp_path))
    words = tf.constant([word for words in EXAMPLES.values() for word in words])
    np.testing.assert_array_equal(tf.saved_model.load(str(tmp_path)).encode(words), encode_word_shapes(words))
