"""The one path from words to a tagger's inputs, eager and in an exported graph."""

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.config import parse_config
from rnnzoo.text import BOS_ID, EOS_ID, UNKNOWN_ID, WordPipeline, to_dense
from tests.text.odd_strings import ODD_STRINGS

COUNTS = Counter({"the": 9, "The": 4, "Rome": 3, "don't": 2, "Walking": 2, "talking": 2, "rare": 1})


def read_section(**text):
    data = {"dataset": "toy"}
    return parse_config({"name": "pos/toy", "task": "sequence_tagging", "data": data, "text": text}).text


def learn(**text):
    return WordPipeline.learn(read_section(**{"character_min_count": 1, **text}), COUNTS)


def encode(pipeline, *sentences):
    return pipeline.encode_tokens(tf.ragged.constant(sentences, dtype=tf.string, ragged_rank=1))


def test_words_characters_affixes_and_shapes():
    pipeline = learn(suffix_lengths=[3], word_length=4)
    inputs, num_cut = encode(pipeline, ["the", "The", "rare"], [], ["Paris"])
    assert set(inputs) == {"token_ids", "affix_ids", "character_ids", "shape_ids"}
    tokens = pipeline.vocabulary.tokens
    assert inputs["token_ids"].to_list() == [[tokens.index("the"), tokens.index("The"), UNKNOWN_ID], [], [UNKNOWN_ID]]
    assert inputs["affix_ids"].shape[2:] == [1] and inputs["character_ids"].shape[2:] == [4]
    characters = pipeline.characters.vocabulary.tokens
    assert [characters[number] for number in inputs["character_ids"][0, 0]] == ["t", "h", "e", "<pad>"]
    assert inputs["shape_ids"].to_list() == [[1, 3, 1], [], [3]]
    assert num_cut.numpy().tolist() == [0, 0, 0]


def test_lower_case_is_for_look_ups_alone():
    pipeline = learn(lowercase=True, prefix_lengths=[2])
    assert "The" not in pipeline.vocabulary.tokens
    inputs, _ = encode(pipeline, ["the", "The", "THE", "rome"])
    ids = inputs["token_ids"].to_list()[0]
    assert ids[0] == ids[1] == ids[2] != UNKNOWN_ID and ids[3] != UNKNOWN_ID
    assert len(set(map(tuple, inputs["affix_ids"].to_list()[0][:3]))) == 1
    assert len(set(map(tuple, inputs["character_ids"].to_list()[0][:3]))) == 3
    assert len(set(inputs["shape_ids"].to_list()[0][:3])) == 3


def test_a_word_is_frequent_enough_by_all_its_forms():
    counts = Counter({"Walk": 1, "walk": 1, "can’t": 1, "can't": 1, "once": 1})
    section = read_section(lowercase=True, min_count=2)
    assert sorted(WordPipeline.learn(section, counts).vocabulary.tokens[4:]) == ["can't", "walk"]


def test_typographic_apostrophes_are_apostrophes():
    inputs, _ = encode(learn(), ["don't", "don’t", "donʼt"])
    for name, ragged in inputs.items():
        first, second, third = ragged.to_list()[0]
        assert first == second == third, name


def test_what_is_past_the_greatest_length_is_cut_and_known_all_the_same():
    pipeline = learn(max_length=2)
    tokens = tf.ragged.constant([["the", "rare", "Rome", "the"], ["Rome"]])
    inputs, num_cut = pipeline.encode_tokens(tokens)
    assert inputs["shape_ids"].row_lengths().numpy().tolist() == [2, 1]
    assert num_cut.numpy().tolist() == [2, 0]
    assert pipeline.knows(tokens).to_list() == [[True, False, True, True], [True]]


def test_boundary_tokens_have_nothing_but_an_id():
    inputs, _ = encode(learn(boundary_tokens=True, suffix_lengths=[2]), ["Rome"], [])
    assert [ids[0] for ids in inputs["token_ids"].to_list()] == [BOS_ID, BOS_ID]
    assert [ids[-1] for ids in inputs["token_ids"].to_list()] == [EOS_ID, EOS_ID]
    for name in ("affix_ids", "character_ids", "shape_ids"):
        assert inputs[name].row_lengths().numpy().tolist() == [3, 2]
        assert not np.any(inputs[name][1].numpy())


def test_a_text_is_the_words_that_it_is_cut_into():
    pipeline = learn()
    from_text, _ = pipeline.encode(tf.constant(["The Rome don't, walking"]))
    from_words, _ = encode(pipeline, ["The", "Rome", "do", "n't", ",", "walking"])
    for name, ragged in from_text.items():
        assert ragged.to_list() == from_words[name].to_list()


@pytest.mark.parametrize("options", [{}, {"lowercase": True, "suffix_lengths": [1], "boundary_tokens": True}])
def test_vocabularies_round_trip(tmp_path, options):
    pipeline = learn(**options)
    pipeline.save(tmp_path)
    again = WordPipeline.load(tmp_path, read_section(character_min_count=1, **options))
    sentence = ["The", "rome", "x", "walking", "é"]
    for name, ragged in encode(pipeline, sentence)[0].items():
        assert encode(again, sentence)[0][name].to_list() == ragged.to_list()


class Served(tf.Module):
    def __init__(self, pipeline):
        super().__init__()
        self.pipeline = pipeline

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.string, name="tokens")])
    def encode(self, tokens):
        inputs, _ = self.pipeline.encode_tokens(tf.RaggedTensor.from_tensor(tokens))
        return {name: to_dense(ragged) for name, ragged in inputs.items()}


@pytest.mark.parametrize("lowercase", [False, True])
def test_tf_data_and_an_exported_graph_agree_on_odd_words(tmp_path, lowercase):
    pipeline = learn(lowercase=lowercase, prefix_lengths=[1], suffix_lengths=[2, 3])
    module = Served(pipeline)
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=module.encode)
    words = [word for word in ODD_STRINGS if len(word) < 1000]
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        signature = tf.compat.v1.saved_model.load(session, ["serve"], str(tmp_path / "model")).signature_def
        signature = signature["serving_default"]
        outputs = {name: info.name for name, info in signature.outputs.items()}
        served = session.run(outputs, {signature.inputs["tokens"].name: np.array([words], object)})
    sentences = tf.data.Dataset.from_tensors(tf.ragged.constant([words])).map(pipeline.encode_tokens)
    for name, ragged in sentences.get_single_element()[0].items():
        np.testing.assert_array_equal(served[name], to_dense(ragged))
        # One at a time gives the same.
        for place, word in enumerate(words):
            alone = pipeline.encode_tokens(tf.ragged.constant([[word]], ragged_rank=1))[0][name]
            np.testing.assert_array_equal(alone[0, 0], served[name][0, place])
