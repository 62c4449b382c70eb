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
    build_affix_encoder,
    build_vocabulary,
    make_tokenizer,
    to_dense,
)
from tests.text.odd_strings import ODD_STRINGS

MAX_LENGTH = 40


def make_pipeline(tokenizer="words", lowercase=True, max_length=MAX_LENGTH, boundary_tokens=False, affixes=False):
    cut = make_tokenizer(tokenizer, lowercase)
    tokens = cut(tf.constant([text for text in ODD_STRINGS if len(text) < 1000])).flat_values.numpy().tolist()
    # The rarest tokens stay unknown.
    vocabulary = build_vocabulary(tokens, max_size=60, min_count=1)
    encoder = build_affix_encoder(map(bytes.decode, tokens), [2, 3], [1, 4], max_size=40) if affixes else None
    return TextPipeline(cut, vocabulary, max_length, boundary_tokens, encoder)


class Served(tf.Module):
    def __init__(self, pipeline):
        super().__init__()
        self.pipeline = pipeline

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def encode(self, text):
        inputs, num_cut = self.pipeline.encode(text)
        token_ids = inputs["token_ids"]
        dense = {name: to_dense(ragged) for name, ragged in inputs.items()}
        return {**dense, "length": token_ids.row_lengths(), "num_cut": num_cut}


def run_in_session(folder, texts):
    """Runs a SavedModel the way a server does: a graph session, no Python objects."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], str(folder))
        signature = loaded.signature_def["serving_default"]
        outputs = {name: info.name for name, info in signature.outputs.items()}
        return session.run(outputs, {signature.inputs["text"].name: np.array(texts, object)})


@pytest.mark.parametrize(
    ("tokenizer", "lowercase", "boundary_tokens"),
    [("words", True, True), ("characters", False, False)],
)
def test_tf_data_and_an_exported_graph_agree_on_odd_strings(tmp_path, tokenizer, lowercase, boundary_tokens):
    pipeline = make_pipeline(tokenizer, lowercase, boundary_tokens=boundary_tokens, affixes=tokenizer == "words")
    module = Served(pipeline)
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=module.encode)
    served = run_in_session(tmp_path / "model", ODD_STRINGS)

    batch = tf.data.Dataset.from_tensor_slices(ODD_STRINGS).batch(len(ODD_STRINGS)).map(pipeline.encode)
    inputs, num_cut = batch.get_single_element()
    token_ids = inputs["token_ids"]
    for name, ragged in inputs.items():
        np.testing.assert_array_equal(served[name], to_dense(ragged))
    assert served["length"].tolist() == token_ids.row_lengths().numpy().tolist()
    assert served["num_cut"].tolist() == num_cut.numpy().tolist()
    assert served["num_cut"].max() > 100_000  # a text of 1 MB
    assert len(np.unique(served["token_ids"])) > 30

    # One at a time gives the same ids as all together.
    for text, row, length in zip(ODD_STRINGS[:-2], served["token_ids"], served["length"], strict=False):
        assert pipeline.encode(tf.constant([text]))[0]["token_ids"].to_list() == [row[:length].tolist()]


PIPELINES = [make_pipeline("words", boundary_tokens=True), make_pipeline("characters")]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.one_of(st.binary(max_size=40), st.text(max_size=40).map(str.encode)), max_size=4))
def test_any_bytes_give_ids_within_range(texts):
    for pipeline in PIPELINES:
        inputs, num_cut = pipeline.encode(tf.constant(texts, tf.string))
        token_ids = inputs["token_ids"]
        assert token_ids.nrows() == len(texts) and num_cut.shape == (len(texts),)
        flat = token_ids.flat_values.numpy()
        assert ((flat > PAD_ID) & (flat < len(pipeline.vocabulary))).all()
        padded = to_dense(token_ids)
        assert padded.shape[0] == len(texts) and padded.shape[1] >= 1


def test_special_tokens_in_a_text_are_not_special_ids():
    vocabulary = build_vocabulary(["<pad>", "<eos>", "<", "p"], max_size=10, min_count=1)
    for tokenizer in ("words", "characters"):
        pipeline = TextPipeline(make_tokenizer(tokenizer, lowercase=True), vocabulary, MAX_LENGTH)
        ids = pipeline(tf.constant(["<pad><bos> <eos>"]))["token_ids"].numpy()
        assert set(ids.ravel().tolist()) <= {UNKNOWN_ID, 4, 5}


def test_a_null_character_is_a_character(tmp_path):
    vocabulary = build_vocabulary(["\0", "\0", "a"], max_size=10, min_count=1)
    pipeline = TextPipeline(make_tokenizer("characters", lowercase=False), vocabulary, MAX_LENGTH)
    assert pipeline(tf.constant([b"\0", b"a\0", b""]))["token_ids"].numpy().tolist() == [[4, 0], [5, 4], [0, 0]]
    module = Served(pipeline)
    tf.saved_model.save(module, str(tmp_path), signatures=module.encode)
    assert run_in_session(tmp_path, [b"\0", b"a\0"])["token_ids"].tolist() == [[4, 0], [5, 4]]


def test_long_texts_are_cut_and_the_cut_is_counted():
    vocabulary = Vocabulary([*SPECIAL_TOKENS, "a", "b", "c"])
    pipeline = TextPipeline(make_tokenizer("words", True), vocabulary, max_length=2)
    inputs, num_cut = pipeline.encode(tf.constant(["a b c a", "a b", "c", ""]))
    token_ids = inputs["token_ids"]
    assert token_ids.to_list() == [[4, 5], [4, 5], [6], []]
    assert num_cut.dtype == tf.int32 and num_cut.numpy().tolist() == [2, 0, 0, 0]


def test_boundary_tokens_stand_around_what_is_left():
    vocabulary = Vocabulary([*SPECIAL_TOKENS, "a", "b"])
    pipeline = TextPipeline(make_tokenizer("words", True), vocabulary, max_length=2, boundary_tokens=True)
    inputs, num_cut = pipeline.encode(tf.constant(["a b a", "x", ""]))
    token_ids = inputs["token_ids"]
    assert token_ids.to_list() == [[BOS_ID, 4, 5, EOS_ID], [BOS_ID, UNKNOWN_ID, EOS_ID], [BOS_ID, EOS_ID]]
    assert num_cut.numpy().tolist() == [1, 0, 0]
    assert pipeline(tf.constant([], tf.string))["token_ids"].shape[0] == 0


def test_affixes_stand_beside_the_tokens_they_belong_to():
    encoder = build_affix_encoder(["abc", "abd"], [2], [1], max_size=10)
    vocabulary = Vocabulary([*SPECIAL_TOKENS, "abc"])
    pipeline = TextPipeline(make_tokenizer("words", True), vocabulary, 2, boundary_tokens=True, affixes=encoder)
    inputs = pipeline(tf.constant(["abc x abc", ""]))
    assert inputs["token_ids"].numpy().tolist() == [[BOS_ID, 4, UNKNOWN_ID, EOS_ID], [BOS_ID, EOS_ID, 0, 0]]
    assert inputs["affix_ids"].numpy().tolist() == [
        [[0, 0], [4, UNKNOWN_ID], [UNKNOWN_ID, UNKNOWN_ID], [0, 0]],
        [[0, 0]] * 4,
    ]


def test_padding_has_a_column_at_least_for_ids_and_strings():
    assert to_dense(tf.ragged.constant([[], []], dtype=tf.int32)).numpy().tolist() == [[0], [0]]
    assert to_dense(tf.ragged.constant([[1, 2], [3]])).numpy().tolist() == [[1, 2], [3, 0]]
    words = tf.RaggedTensor.from_row_lengths(["a"], [0, 1])
    assert to_dense(words, "").numpy().tolist() == [[b""], [b"a"]]


@pytest.mark.parametrize(("tokenizer", "texts"), [("words", ["a b , a", ""]), ("characters", ["ab  a,", ""])])
def test_ids_come_back_as_the_text(tokenizer, texts):
    vocabulary = Vocabulary([*SPECIAL_TOKENS, "a", "b", ",", " "])
    pipeline = TextPipeline(make_tokenizer(tokenizer, False), vocabulary, MAX_LENGTH, boundary_tokens=True)
    token_ids = pipeline(tf.constant(texts))["token_ids"]
    assert [text.decode() for text in pipeline.to_text(token_ids).numpy()] == texts
    assert pipeline.to_text(tf.constant([[UNKNOWN_ID, 0]])).numpy().tolist() == [b"<unk>"]
