"""Running text to ids and back: characters, bytes, words."""

import unicodedata

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.config.language_sections import LanguageTextSection
from rnnzoo.text import LanguagePipeline, load_strings
from rnnzoo.text.special_tokens import BOS_ID, EOS_ID, PAD_ID, SPECIAL_TOKENS, UNKNOWN_ID
from tests.text.odd_strings import ODD_STRINGS

UNITS = ("characters", "bytes", "words")
TEXTS = [b"First Citizen:\nBefore we proceed\r\n", "Très bien, naïve Ärzte! 日本\t".encode(), b""]


def learn(unit, texts=TEXTS, **keys):
    return LanguagePipeline.learn(LanguageTextSection(unit=unit, **({"min_count": 1} | keys)), texts)


@pytest.mark.parametrize("unit", ["characters", "bytes"])
def test_text_comes_back_as_it_was(unit):
    pipeline = learn(unit)
    token_ids = pipeline.encode(tf.constant(TEXTS))
    assert token_ids.dtype == tf.int32
    assert pipeline.to_text(token_ids).numpy().tolist() == TEXTS
    padded = tf.pad(token_ids.to_tensor(), [[0, 0], [1, 1]], constant_values=BOS_ID)
    assert pipeline.to_text(padded).numpy().tolist() == TEXTS
    num_units = [len(text.decode()) if unit == "characters" else len(text) for text in TEXTS]
    assert token_ids.row_lengths().numpy().tolist() == num_units


def test_words_are_joined_with_blanks():
    pipeline = learn("words", [b"to be or not to be"])
    token_ids = pipeline.encode(tf.constant(["not  to\nbe!", ""]))
    assert pipeline.to_text(token_ids).numpy().tolist() == [b"not to be <unk>", b""]


def test_bytes_are_all_known_and_nothing_happens_to_them():
    pipeline = learn("bytes", [])
    anything = bytes(range(256)) * 2
    assert pipeline.num_ids == len(pipeline.vocabulary) == len(pipeline.vocabulary.tokens) == 260
    token_ids = pipeline.encode(tf.constant([anything]))
    assert token_ids.numpy().tolist() == [[*range(4, 260), *range(4, 260)]]
    assert pipeline.to_text(token_ids).numpy().tolist() == [anything]
    assert b"".join(pipeline.cut_and_normalize(anything * 1000)) == anything * 1000
    singles = pipeline.vocabulary.to_tokens(tf.range(-1, 261))
    assert singles.numpy()[5:-1].tolist() == [bytes([byte]) for byte in range(256)]
    assert pipeline.vocabulary.to_ids(singles).numpy().tolist() == [*[UNKNOWN_ID] * 5, *range(4, 260), UNKNOWN_ID]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("lowercase", [False, True])
def test_odd_strings_are_encoded_alike_eagerly_in_a_data_set_and_in_an_export(unit, lowercase, tmp_path):
    pipeline = learn(unit, ODD_STRINGS[:18], lowercase=lowercase)
    module = tf.Module()
    module.pipeline = pipeline

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def encode(text):
        ragged = pipeline.encode(text)
        return {"ids": ragged.values, "splits": ragged.row_splits, "text": pipeline.to_text(ragged)}

    tf.saved_model.save(module, str(tmp_path / "export"), signatures=encode)
    serve = tf.saved_model.load(str(tmp_path / "export")).signatures["serving_default"]
    eager = pipeline.encode(tf.constant(ODD_STRINGS))
    served = serve(tf.constant(ODD_STRINGS))
    assert served["ids"].numpy().tolist() == eager.values.numpy().tolist()
    assert served["splits"].numpy().tolist() == eager.row_splits.numpy().tolist()
    assert served["text"].numpy().tolist() == pipeline.to_text(eager).numpy().tolist()
    one_by_one = [
        ids.numpy().tolist() for ids in tf.data.Dataset.from_tensor_slices(ODD_STRINGS).batch(1).map(pipeline.encode)
    ]
    assert [row for (row,) in one_by_one] == [row.numpy().tolist() for row in eager]
    assert not (set(eager.values.numpy()) & {PAD_ID, BOS_ID, EOS_ID})


def test_characters_never_seen_or_rare_are_unknown():
    pipeline = learn("characters", [b"aabb c"], min_count=2)
    assert pipeline.vocabulary.tokens[4:] == ("a", "b")
    token_ids = pipeline.encode(tf.constant(["abcñ\U0001f600"]))
    assert token_ids.numpy().tolist() == [[4, 5, UNKNOWN_ID, UNKNOWN_ID, UNKNOWN_ID]]
    assert pipeline.to_text(token_ids).numpy()[0].decode() == "ab���"
    assert len(learn("characters", [b"abcdefgh"], vocabulary_size=6).vocabulary) == 6
    with pytest.raises(UserError, match=r"text\.min_count"):
        learn("characters", [b"abc"], min_count=2)


def test_text_to_learn_from_is_composed_while_it_is_read():
    decomposed = unicodedata.normalize("NFD", "é" * 100_000 + "ệ").encode()
    for unit in ("characters", "words"):
        pipeline = learn(unit)
        pieces = list(pipeline.cut_and_normalize(decomposed))
        assert len(pieces) > 1 and b"".join(pieces).decode() == "é" * 100_000 + "ệ"
    assert learn("characters", [decomposed]).vocabulary.tokens[4:] == ("é", "ệ")


def test_lower_case():
    pipeline = learn("characters", ["ÀB".encode()], lowercase=True)
    assert pipeline.vocabulary.tokens[4:] == ("b", "à")
    assert pipeline.encode(tf.constant(["Bà"])).numpy().tolist() == [[4, 5]]


@pytest.mark.parametrize("unit", UNITS)
def test_a_saved_pipeline_is_the_same(unit, tmp_path):
    section = LanguageTextSection(unit=unit, min_count=1, max_length=77)
    pipeline = LanguagePipeline.learn(section, TEXTS)
    pipeline.save(tmp_path)
    again = LanguagePipeline.load(tmp_path, section)
    assert again.unit == unit and again.max_length == 77 and again.vocabulary.tokens == pipeline.vocabulary.tokens
    assert load_strings(tmp_path / "vocabulary.jsonl") == list(pipeline.vocabulary.tokens)
    assert again.encode(tf.constant(TEXTS)).to_list() == pipeline.encode(tf.constant(TEXTS)).to_list()
    tokens = pipeline.vocabulary.to_tokens(tf.range(4, pipeline.num_ids))
    assert np.array_equal(again.vocabulary.to_ids(tokens), np.arange(4, pipeline.num_ids))
    assert pipeline.vocabulary.tokens[:4] == SPECIAL_TOKENS
