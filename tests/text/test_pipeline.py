"""The one path from strings to ids, eager, in tf.data and in an exported graph."""

import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings

from rnnzoo.text import (
    BOS_ID,
    EOS_ID,
    PAD_ID,
    SPECIAL_TOKENS,
    UNKNOWN_ID,
    TextPipeline,
    Vocabulary,
    build_vocabulary,
    make_tokenizer,
    to_dense,
)
from tests.text.odd_strings import ODD_STRINGS

MAX_LENGTH = 40


def make_pipeline(tokenizer="words", lowercase=True, max_length=MAX_LENGTH, boundary_tokens=False):
    cut = make_tokenizer(tokenizer, lowercase)
    tokens = cut(tf.constant(ODD_STRINGS)).flat_values.numpy().tolist()
    # The rarest tokens stay unknown.
    vocabulary = build_vocabulary(tokens, max_size=60, min_count=1)
    return TextPipeline(cut, vocabulary, max_length, boundary_tokens)


class Served(tf.Module):
    def __init__(self, pipeline):
        super().__init__()
        self.pipeline = pipeline

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def encode(self, text):
        token_ids, num_cut = self.pipeline.encode(text)
        return {"token_ids": to_dense(token_ids), "length": token_ids.row_lengths(), "num_cut": num_cut}


def run_in_session(folder, texts):
    """Runs a SavedModel the way a server does: a graph session, no Python objects."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], str(folder))
        signature = loaded.signature_def["serving_default"]
        outputs = {name: info.name for name, info in signature.outputs.items()}
        return session.run(outputs, {signature.inputs["text"].name: np.array(texts, object)})


@pytest.mark.parametrize(
    ("tokenizer", "lowercase", "boundary_tokens"),
    [("words", True, False), ("words", False, True), ("characters", True, True), ("characters", False, False)],
)
def test_tf_data_and_an_exported_graph_agree_on_odd_strings(tmp_path, tokenizer, lowercase, boundary_tokens):
    pipeline = make_pipeline(tokenizer, lowercase, boundary_tokens=boundary_tokens)
    module = Served(pipeline)
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=module.encode)
    served = run_in_session(tmp_path / "model", ODD_STRINGS)

    batch = tf.data.Dataset.from_tensor_slices(ODD_STRINGS).batch(len(ODD_STRINGS)).map(pipeline.encode)
    token_ids, num_cut = batch.get_single_element()
    assert served["token_ids"].tolist() == to_dense(token_ids).numpy().tolist()
    assert served["length"].tolist() == token_ids.row_lengths().numpy().tolist()
    assert served["num_cut"].tolist() == num_cut.numpy().tolist()
    assert served["num_cut"].max() > 100_000  # the texts of 1 MB
    assert len(np.unique(served["token_ids"])) > 30

    # One at a time gives the same ids as all together.
    for text, row, length in zip(ODD_STRINGS, served["token_ids"], served["length"], strict=True):
        assert pipeline.encode(tf.constant([text]))[0].to_list() == [row[:length].tolist()]


PIPELINES = [make_pipeline("words", boundary_tokens=True), make_pipeline("characters")]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.one_of(st.binary(max_size=40), st.text(max_size=40).map(str.encode)), max_size=4))
def test_any_bytes_give_ids_within_range(texts):
    for pipeline in PIPELINES:
        token_ids, num_cut = pipeline.encode(tf.constant(texts, tf.string))
        assert token_ids.nrows() == len(texts) and num_cut.shape == (len(texts),)
        flat = token_ids.flat_values.numpy()
        assert ((flat > PAD_ID) & (flat < len(pipeline.vocabulary))).all()
        padded = pipeline(tf.constant(texts, tf.string)).numpy()
        assert padded.shape[0] == len(texts) and padded.shape[1] >= 1


def test_special_tokens_in_a_text_are_not_special_ids():
    for pipeline in (make_pipeline(), make_pipeline("characters")):
        ids = pipeline(tf.constant(["<pad><bos> <eos>"])).numpy()
        assert not set(ids.ravel().tolist()) & {PAD_ID, BOS_ID, EOS_ID}
    whole = TextPipeline(lambda text: tf.expand_dims(text, 1), Vocabulary([*SPECIAL_TOKENS, "a"]), 3)
    token_ids = whole.vocabulary.to_ids(tf.constant(SPECIAL_TOKENS))
    assert token_ids.numpy().tolist() == [UNKNOWN_ID] * 4


def test_a_null_character_is_a_character():
    pipeline = make_pipeline("characters")
    null = pipeline.vocabulary.tokens.index("\0")
    assert pipeline(tf.constant([b"\0", b"a\0", b""])).numpy()[:, -1].tolist() == [PAD_ID, null, PAD_ID]
    assert pipeline(tf.constant([b"\0"])).numpy().tolist() == [[null]]


def test_long_texts_are_cut_and_the_cut_is_counted():
    vocabulary = Vocabulary([*SPECIAL_TOKENS, "a", "b", "c"])
    pipeline = TextPipeline(make_tokenizer("words", True), vocabulary, max_length=2)
    token_ids, num_cut = pipeline.encode(tf.constant(["a b c a", "a b", "c", ""]))
    assert token_ids.to_list() == [[4, 5], [4, 5], [6], []]
    assert num_cut.dtype == tf.int32 and num_cut.numpy().tolist() == [2, 0, 0, 0]


def test_boundary_tokens_stand_around_what_is_left():
    vocabulary = Vocabulary([*SPECIAL_TOKENS, "a", "b"])
    pipeline = TextPipeline(make_tokenizer("words", True), vocabulary, max_length=2, boundary_tokens=True)
    token_ids, num_cut = pipeline.encode(tf.constant(["a b a", "x", ""]))
    assert token_ids.to_list() == [[BOS_ID, 4, 5, EOS_ID], [BOS_ID, UNKNOWN_ID, EOS_ID], [BOS_ID, EOS_ID]]
    assert num_cut.numpy().tolist() == [1, 0, 0]
    assert pipeline(tf.constant([], tf.string)).shape[0] == 0


def test_padding_has_a_column_at_least_for_ids_and_strings():
    assert to_dense(tf.ragged.constant([[], []], dtype=tf.int32)).numpy().tolist() == [[0], [0]]
    assert to_dense(tf.ragged.constant([[1, 2], [3]])).numpy().tolist() == [[1, 2], [3, 0]]
    words = tf.RaggedTensor.from_row_lengths(["a"], [0, 1])
    assert to_dense(words, "").numpy().tolist() == [[b""], [b"a"]]
