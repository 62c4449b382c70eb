"""Words and marks that keep their blank."""

import hypothesis.strategies as st
import tensorflow as tf
from hypothesis import given, settings

from rnnzoo.text import cut_into_chunks, join_chunks
from tests.text.odd_strings import ODD_STRINGS

TEXTS = st.lists(
    st.text(st.sampled_from("aB1_ ,-\n\t\r\v'é\u0301日\u3000😀\ufffd") | st.characters(exclude_categories=["Cs"])),
    max_size=8,
)


def cut(text, lowercase=False):
    return [chunk.decode() for chunk in cut_into_chunks(tf.constant([text]), lowercase)[0].numpy()]


def test_words_numbers_and_marks_keep_the_blank_before_them():
    assert cut("Der Hund – 2,5 m – bellt!") == ["▁Der", "▁Hund", "▁–", "▁2", ",", "5", "▁m", "▁–", "▁bellt", "!"]
    assert cut("I_TURN_LEFT I_JUMP") == ["▁I_TURN_LEFT", "▁I_JUMP"]
    assert cut(" a\n b  ") == ["▁▁", "a", "\n▁", "b", "▁▁"]
    assert cut("") == []
    assert cut("ÀB İ", lowercase=True) == ["▁àb", "▁i̇"]


def test_long_words_are_cut():
    assert cut("x" * 31 + " " + "é" * 65) == ["▁" + "x" * 31, "▁" + "é" * 31, "é" * 32, "éé"]


@given(TEXTS)
@settings(max_examples=40, deadline=None)
def test_chunks_join_to_the_text(texts):
    chunks = cut_into_chunks(tf.constant(texts, tf.string))
    expected = [text.replace("\0", "\ufffd").replace("▁", "\ufffd") for text in texts]
    assert [text.decode() for text in join_chunks(chunks).numpy()] == expected
    assert all(0 < len(chunk.decode()) <= 32 for chunk in chunks.values.numpy())


def test_odd_strings_are_cut_alike_together_and_alone():
    together = cut_into_chunks(tf.constant(ODD_STRINGS))
    alone = [cut_into_chunks(tf.constant([text]))[0].numpy().tolist() for text in ODD_STRINGS[:18]]
    assert [row.numpy().tolist() for row in together[:18]] == alone
    joined = join_chunks(together).numpy()
    assert [text.decode() for text in joined[-2:]] == [text.decode() for text in ODD_STRINGS[-2:]]
    assert joined[3].decode() == "\ufffd" and joined[6].decode() == "caf\ufffd good"
