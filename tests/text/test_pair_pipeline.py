"""Pairs of texts to ids, and ids to text."""

import unicodedata
from types import SimpleNamespace

import pytest
import tensorflow as tf

from rnnzoo.text import PairPipeline, load_strings
from rnnzoo.text.special_tokens import BOS_ID, EOS_ID, SPECIAL_TOKENS
from tests.text.odd_strings import ODD_STRINGS

PAIRS = [("Ein Hund läuft.".encode(), b"A dog runs."), (b"Zwei Hunde, ein Kind", b"Two dogs, a child")]
SOURCES, TARGETS = (tf.constant(side) for side in zip(*PAIRS, strict=True))
UNITS = ("words", "characters", "subwords")


def make_section(unit, **keys):
    defaults = {"lowercase": False, "vocabulary_size": 60, "min_count": 1, "joint_vocabulary": False, "max_length": 40}
    return SimpleNamespace(unit=unit, **(defaults | keys))


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("joint", [False, True])
def test_pairs_are_encoded_between_boundaries_and_come_back(unit, joint, tmp_path):
    section = make_section(unit, joint_vocabulary=joint)
    pipeline = PairPipeline.learn(section, iter(PAIRS))
    inputs = pipeline.encode(SOURCES, TARGETS)
    assert all(row[-1] == EOS_ID and min(row[:-1]) > EOS_ID for row in inputs["source_ids"].to_list())
    assert all(
        row[0] == BOS_ID and row[-1] == EOS_ID and min(row[1:-1]) > EOS_ID for row in inputs["target_ids"].to_list()
    )
    assert pipeline.to_text(inputs["target_ids"]).numpy().tolist() == [target for _, target in PAIRS]
    assert pipeline.to_text(inputs["target_ids"].to_tensor()).numpy().tolist() == [target for _, target in PAIRS]
    assert pipeline.has_joint_vocabulary == joint
    assert joint == (pipeline.source.vocabulary.tokens == pipeline.target.vocabulary.tokens)

    pipeline.save(tmp_path)
    names = ["vocabulary.jsonl"] if joint else ["source_vocabulary.jsonl", "target_vocabulary.jsonl"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert tuple(load_strings(tmp_path / names[-1])[:4]) == SPECIAL_TOKENS
    again = PairPipeline.load(tmp_path, section)
    assert again.has_joint_vocabulary == joint and again.max_length == 40
    assert {name: ids.to_list() for name, ids in again.encode(SOURCES, TARGETS).items()} == {
        name: ids.to_list() for name, ids in inputs.items()
    }


@pytest.mark.parametrize("unit", UNITS)
def test_a_side_is_cut_within_its_boundaries(unit):
    pipeline = PairPipeline.learn(make_section(unit, max_length=3), PAIRS)
    cut, whole = pipeline.encode(SOURCES, TARGETS), pipeline.encode(SOURCES, TARGETS, cut=False)
    assert cut["source_ids"].to_list() == [[*row[:3], EOS_ID] for row in whole["source_ids"].to_list()]
    assert cut["target_ids"].to_list() == [[*row[:4], EOS_ID] for row in whole["target_ids"].to_list()]


def test_lower_case_and_normal_form():
    decomposed = [(unicodedata.normalize("NFD", "Très").encode(), b"VERY \xff")] * 2
    pipeline = PairPipeline.learn(make_section("words", lowercase=True), decomposed)
    assert pipeline.source.vocabulary.tokens[4:] == ("▁très",)
    assert pipeline.target.vocabulary.tokens[4:] == ("▁very", "▁\ufffd")
    assert pipeline.encode_source(tf.constant(["TRÈS très"])).to_list() == [[4, 4, EOS_ID]]


def test_odd_pairs_are_encoded_alike_in_a_data_set_and_in_an_export(tmp_path):
    texts = ODD_STRINGS[:18]
    pipeline = PairPipeline.learn(make_section("subwords", max_length=12), [(text, b"a dog") for text in texts])
    module = tf.Module()
    module.pipeline = pipeline

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def encode(text):
        return {name: ids.to_tensor() for name, ids in pipeline.encode(text, text).items()}

    tf.saved_model.save(module, str(tmp_path / "export"), signatures=encode)
    serve = tf.saved_model.load(str(tmp_path / "export")).signatures["serving_default"]
    served = serve(tf.constant(texts))
    data = tf.data.Dataset.from_tensor_slices((texts, texts)).batch(len(texts)).map(pipeline.encode)
    (inputs,) = list(data)
    for name in ("source_ids", "target_ids"):
        assert served[name].numpy().tolist() == inputs[name].to_tensor().numpy().tolist()
        assert serve(tf.constant([], tf.string))[name].shape[0] == 0
    assert served["source_ids"].numpy()[0, 0] == EOS_ID  # of an empty text
