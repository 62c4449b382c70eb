import pytest
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.config.loading import parse_config
from rnnzoo.config.schema import TextSection
from rnnzoo.text import NgramEncoder, TextPipeline, build_ngram_encoder, count_tokens

TEXTS = [["not", "good"], ["not", "good", "at", "all"], ["good", "at", "it"], []]


def names(encoder, tokens):
    ids = encoder(tf.ragged.constant(tokens, dtype=tf.string))
    return [[[encoder.vocabulary.tokens[place] for place in word] for word in text] for text in ids.to_list()]


def test_each_word_gets_the_ngrams_that_end_at_it():
    encoder = build_ngram_encoder(TEXTS, lengths=[2, 3], max_size=100)
    assert set(encoder.vocabulary.tokens[4:]) == {
        "<bos> not",
        "not good",
        "good at",
        "<bos> <bos> not",
        "<bos> not good",
    }
    assert names(encoder, [["not", "good", "at"], [], ["good", "not"]]) == [
        [["<bos> not", "<bos> <bos> not"], ["not good", "<bos> not good"], ["good at", "<pad>"]],
        [],
        [["<pad>", "<pad>"], ["<pad>", "<pad>"]],
    ]


def test_a_text_does_not_reach_into_the_one_before():
    encoder = build_ngram_encoder([["a", "b"], ["a", "b"]], lengths=[2], max_size=10)
    assert names(encoder, [["a"], ["b"]]) == [[["<bos> a"]], [["<pad>"]]]


def test_an_empty_batch_and_empty_texts_are_encoded():
    encoder = build_ngram_encoder(TEXTS, lengths=[2], max_size=10)
    assert encoder(tf.ragged.constant([[], []], dtype=tf.string, ragged_rank=1)).to_list() == [[], []]
    assert encoder(tf.ragged.constant([], dtype=tf.string, ragged_rank=1)).to_list() == []


def test_the_ngrams_of_most_texts_are_kept():
    texts = [["a", "b", "a", "b", "a", "b"], ["b", "c"], ["b", "c"], ["b", "c"], ["a", "b"]]
    assert build_ngram_encoder(texts, lengths=[2], max_size=5).vocabulary.tokens[4:] == ("<bos> b",)


def test_a_pipeline_with_ngrams_saves_and_reloads(tmp_path):
    text = TextSection(min_count=1, ngram_lengths=[2], boundary_tokens=True)
    pipeline = TextPipeline.learn(text, count_tokens(word for words in TEXTS for word in words), TEXTS)
    pipeline.save(tmp_path)
    reloaded = TextPipeline.load(tmp_path, text)
    assert isinstance(reloaded.ngrams, NgramEncoder)
    inputs, again = (one(tf.constant(["not good", "", "good at good at"])) for one in (pipeline, reloaded))
    assert inputs["ngram_ids"].shape == (3, 6, 1)
    assert inputs["ngram_ids"][0, :, 0].numpy().tolist()[0] == 0  # <bos> itself
    assert all((inputs[name].numpy() == again[name].numpy()).all() for name in inputs)


@pytest.mark.parametrize("change", [{"text": {"tokenizer": "characters"}}, {"model": {"input": "one_hot"}}])
def test_ngrams_are_of_embedded_words(change):
    config = {"name": "a/b", "task": "text_classification", "data": {"dataset": "x"}}
    config["text"] = {"ngram_lengths": [2], **change.get("text", {})}
    config["model"] = change.get("model", {})
    with pytest.raises(UserError, match="ngram_lengths"):
        parse_config(config)
