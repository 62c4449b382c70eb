"""Words in pieces, in the graph and back."""

import hypothesis.strategies as st
import pytest
import tensorflow as tf
from hypothesis import given, settings

from rnnzoo.config import UserError
from rnnzoo.text import SubwordTokenizer, Vocabulary, cut_by_longest_match, cut_into_chunks, load_strings
from rnnzoo.text.special_tokens import SPECIAL_TOKENS, UNKNOWN_ID
from tests.text.odd_strings import ODD_STRINGS

LETTERS = "abdeilnorstwé,"
PIECES = ["▁", "▁▁", "▁a", "▁low", "▁lower", "▁newest", "est", "low", "ow,", *LETTERS]
KNOWN_TEXTS = st.lists(st.lists(st.sampled_from([*LETTERS, " ", "low", "est"])).map("".join), max_size=6)
ANY_TEXTS = st.lists(st.text(st.sampled_from([*LETTERS, *" ▁\0\nñ日😀"]) | st.characters(exclude_categories=["Cs"])))


@pytest.fixture(scope="module")
def tokenizer():
    return SubwordTokenizer(Vocabulary([*SPECIAL_TOKENS, *PIECES]))


def encode_in_python(tokenizer, text):
    ids = {piece: number for number, piece in enumerate(tokenizer.vocabulary.tokens) if number > 3}
    longest = max(map(len, ids))
    chunks = cut_into_chunks(tf.constant([text]))[0].numpy()
    pieces = [piece for chunk in chunks for piece in cut_by_longest_match(chunk.decode(), ids.keys(), longest)]
    return [ids.get(piece, UNKNOWN_ID) for piece in pieces]


def test_the_longest_piece_is_taken(tokenizer):
    token_ids = tokenizer.encode(tf.constant(["a newest lowest, low low,", ""]))
    assert token_ids.dtype == tf.int32 and token_ids.row_splits.dtype == tf.int64
    pieces = tokenizer.vocabulary.to_tokens(token_ids.values).numpy()
    assert [piece.decode() for piece in pieces] == ["▁a", "▁newest", "▁low", "est", ",", "▁low", "▁low", ","]
    assert token_ids.row_lengths().numpy().tolist() == [8, 0]


@given(KNOWN_TEXTS)
@settings(max_examples=20, deadline=None)
def test_known_text_comes_back_exactly(tokenizer, texts):
    token_ids = tokenizer.encode(tf.constant(texts, tf.string))
    assert UNKNOWN_ID not in token_ids.values.numpy()
    assert [text.decode() for text in tokenizer.to_text(token_ids).numpy()] == texts


@given(ANY_TEXTS)
@settings(max_examples=20, deadline=None)
def test_any_text_is_cut_as_python_cuts_it_and_comes_back_but_for_the_unknown(tokenizer, texts):
    token_ids = tokenizer.encode(tf.constant(texts, tf.string))
    assert token_ids.to_list() == [encode_in_python(tokenizer, text) for text in texts]
    expected = ["".join(one if one in LETTERS + " " else "\ufffd" for one in text) for text in texts]
    assert [text.decode() for text in tokenizer.to_text(token_ids).numpy()] == expected


def test_odd_strings_are_encoded_alike_eagerly_in_a_data_set_and_in_an_export(tokenizer, tmp_path):
    module = tf.Module()
    module.tokenizer = tokenizer

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def encode(text):
        ragged = tokenizer.encode(text)
        return {"ids": ragged.values, "splits": ragged.row_splits, "text": tokenizer.to_text(ragged)}

    tf.saved_model.save(module, str(tmp_path / "export"), signatures=encode)
    serve = tf.saved_model.load(str(tmp_path / "export")).signatures["serving_default"]
    eager = tokenizer.encode(tf.constant(ODD_STRINGS))
    served = serve(tf.constant(ODD_STRINGS))
    assert served["ids"].numpy().tolist() == eager.values.numpy().tolist()
    assert served["splits"].numpy().tolist() == eager.row_splits.numpy().tolist()
    assert served["text"].numpy().tolist() == tokenizer.to_text(eager).numpy().tolist()
    assert serve(tf.constant([], tf.string))["splits"].numpy().tolist() == [0]
    data = tf.data.Dataset.from_tensor_slices(ODD_STRINGS[:18]).batch(1).map(tokenizer.encode)
    assert [ids.numpy().tolist()[0] for ids in data] == [row.numpy().tolist() for row in eager[:18]]
    assert not set(eager.values.numpy()) & {0, 2, 3}


@pytest.mark.parametrize("max_length", [0, 1, 2, 5])
def test_a_cut_text_begins_like_the_whole(tokenizer, max_length):
    texts = tf.constant(["lowest newest, widest", "a", ""])
    whole = tokenizer.encode(texts).to_list()
    assert tokenizer.encode(texts, max_length).to_list() == [row[:max_length] for row in whole]


def test_a_saved_tokenizer_is_the_same(tokenizer, tmp_path):
    tokenizer.save(tmp_path / "pieces.jsonl")
    again = SubwordTokenizer.load(tmp_path / "pieces.jsonl", lowercase=True)
    assert load_strings(tmp_path / "pieces.jsonl") == list(again.vocabulary.tokens) == list(tokenizer.vocabulary.tokens)
    assert again.encode(tf.constant(["A LOW"])).to_list() == tokenizer.encode(tf.constant(["a low"])).to_list()


def test_nothing_to_learn_from():
    with pytest.raises(UserError, match=r"text\.min_count"):
        SubwordTokenizer.learn({"▁a": 1}, vocabulary_size=26, min_count=2)
