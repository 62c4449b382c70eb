"""Vocabularies: counting, looking up, saving."""

import pytest
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.text import SPECIAL_TOKENS, UNKNOWN_ID, Vocabulary, build_vocabulary

ODD_TOKENS = ["\n", "\r", "\u2028", "\x85", '"', "", "\\", "\0", "a\0", "é", "😀", " ", "#", "null", "1"]


def test_the_most_frequent_come_first_and_ties_by_code_point():
    tokens = ["b", "a", "c", "c", "é", "Z", b"c", b"b"]
    assert build_vocabulary(tokens, max_size=100, min_count=1).tokens[4:] == ("c", "b", "Z", "a", "é")


def test_the_order_of_the_texts_does_not_matter():
    tokens = [*"to be or not to be"]
    assert build_vocabulary(tokens, 20, 1).tokens == build_vocabulary(reversed(tokens), 20, 1).tokens


def test_size_and_count_limit_it():
    tokens = ["a"] * 3 + ["b"] * 2 + ["c"] * 2 + ["d"]
    assert build_vocabulary(tokens, max_size=6, min_count=1).tokens == (*SPECIAL_TOKENS, "a", "b")
    assert build_vocabulary(tokens, max_size=100, min_count=2).tokens == (*SPECIAL_TOKENS, "a", "b", "c")
    assert len(build_vocabulary(tokens, max_size=5, min_count=1)) == 5


@pytest.mark.parametrize("tokens", [[], ["a", "b"], ["<pad>", "<pad>"]])
def test_nothing_frequent_enough_is_the_users_mistake(tokens):
    with pytest.raises(UserError, match=r"text\.min_count"):
        build_vocabulary(tokens, max_size=10, min_count=2)


def test_special_tokens_in_a_text_are_unknown():
    vocabulary = build_vocabulary(["<pad>", "<eos>", "a"], max_size=10, min_count=1)
    assert vocabulary.tokens == (*SPECIAL_TOKENS, "a")
    assert vocabulary.to_ids(tf.constant([*SPECIAL_TOKENS, "a"])).numpy().tolist() == [UNKNOWN_ID] * 4 + [4]


def test_ids_and_tokens_are_inverse_in_any_shape():
    vocabulary = Vocabulary([*SPECIAL_TOKENS, *ODD_TOKENS])
    ids = vocabulary.to_ids(tf.constant([ODD_TOKENS]))
    assert ids.dtype == tf.int32 and ids.numpy().tolist() == [list(range(4, 4 + len(ODD_TOKENS)))]
    assert [token.decode() for token in vocabulary.to_tokens(ids).numpy()[0]] == ODD_TOKENS
    assert vocabulary.to_tokens(tf.range(4)).numpy().tolist() == [token.encode() for token in SPECIAL_TOKENS]


def test_impossible_ids_are_empty_and_unknown_tokens_unknown():
    vocabulary = Vocabulary([*SPECIAL_TOKENS, "a"])
    assert vocabulary.to_tokens(tf.constant([-1, 5, 10**9])).numpy().tolist() == [b""] * 3
    assert vocabulary.to_ids(tf.constant(["", "A", "a ", "\0", b"\xff"])).numpy().tolist() == [UNKNOWN_ID] * 5


def test_two_vocabularies_do_not_share_their_tables():
    first, second = Vocabulary([*SPECIAL_TOKENS, "a", "b"]), Vocabulary([*SPECIAL_TOKENS, "b", "a"])
    assert first.to_ids(tf.constant(["a"])).numpy() == [4]
    assert second.to_ids(tf.constant(["a"])).numpy() == [5]


def test_save_and_load_keep_every_token(tmp_path):
    vocabulary = Vocabulary([*SPECIAL_TOKENS, *ODD_TOKENS])
    vocabulary.save(tmp_path / "words.txt")
    assert Vocabulary.load(tmp_path / "words.txt").tokens == vocabulary.tokens
    # One line a token, in the order of the ids, for clients that read the file themselves.
    assert (tmp_path / "words.txt").read_text(encoding="utf-8").count("\n") == len(vocabulary)
    assert [path.name for path in tmp_path.iterdir()] == ["words.txt"]


@pytest.mark.parametrize("tokens", [["a"], ["<unk>", "<pad>", "<bos>", "<eos>"], [*SPECIAL_TOKENS, "a", "a"]])
def test_lists_that_are_no_vocabulary_are_refused(tokens):
    with pytest.raises(ValueError, match="vocabulary"):
        Vocabulary(tokens)
