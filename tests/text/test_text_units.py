"""Words and characters as units of a translator."""

import pytest
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.text import CharacterUnits, WordUnits
from tests.text.odd_strings import ODD_STRINGS


def learn(units, text, **keys):
    counts = {}
    for one in units.split(tf.constant([text]), keys.get("lowercase", False)).values.numpy():
        counts[one.decode()] = counts.get(one.decode(), 0) + 1
    return units.learn(counts, vocabulary_size=100, **keys)


@pytest.mark.parametrize("units", [CharacterUnits, WordUnits])
def test_known_text_comes_back_exactly(units):
    text = "A man said: \"Don't (ever) do  that – it's 5,50 €!\" L'été, vingt-et-un ans ?\n"
    learned = learn(units, text)
    token_ids = learned.encode(tf.constant([text, ""]))
    assert [one.decode() for one in learned.to_text(token_ids).numpy()] == [text, ""]
    around = tf.pad(token_ids.to_tensor(), [[0, 0], [1, 2]], constant_values=3)
    assert [one.decode() for one in learned.to_text(around).numpy()] == [text, ""]
    assert learned.encode(tf.constant([text]), 4).to_list() == [token_ids.to_list()[0][:4]]


def test_the_unknown():
    words = learn(WordUnits, "a a small small dog", min_count=2)
    assert words.num_ids == 6
    assert words.to_text(words.encode(tf.constant(["a small cat", "dog"]))).numpy().tolist() == [
        b"a small <unk>",
        b"<unk>",
    ]
    characters = learn(CharacterUnits, "ab")
    assert characters.to_text(characters.encode(tf.constant(["abc"]))).numpy()[0].decode() == "ab\ufffd"
    with pytest.raises(UserError, match=r"text\.min_count"):
        learn(WordUnits, "a b c", min_count=2)


@pytest.mark.parametrize("units", [CharacterUnits, WordUnits])
@pytest.mark.parametrize("lowercase", [False, True])
def test_odd_strings_have_an_answer(units, lowercase):
    learned = learn(units, "Très BON, 日本", lowercase=lowercase)
    texts = ODD_STRINGS[:18]
    together = learned.encode(tf.constant(texts))
    assert together.to_list() == [learned.encode(tf.constant([text])).to_list()[0] for text in texts]
    assert not set(together.values.numpy()) & {0, 2, 3}
    assert len([text.decode() for text in learned.to_text(together).numpy()]) == 18
