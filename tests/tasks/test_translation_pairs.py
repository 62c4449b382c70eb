"""Pairs: which are left out, which are cut, and how they are told."""

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.config.translation_config import PairData, PairTextSection
from rnnzoo.tasks.translation_pairs import encode_pairs, iterate_pairs, split_targets
from rnnzoo.text import PairPipeline

DATA = PairData(dataset="tiny", source_feature="de", target_feature="en", max_length_ratio=2.0)
# By words, of which a pair may have 40.
PAIRS = {
    "kept": ("a b", "c d"),
    "empty source": ("", "c"),
    "blank target": ("a", " \n\t"),
    "both empty": (" ", ""),
    "as long as may be": ("a " * 40, "c " * 40),
    "too long source": ("a " * 41, "c " * 30),
    "too long target": ("a " * 30, "c " * 41),
    "as unequal as may be": ("a a", "c " * 14),
    "too unequal": ("a a", "c " * 15),
    "unequal the other way": ("a " * 15, "c c"),
    "too long and unequal": ("a", "c " * 50),
    "too long but empty": ("a " * 50, ""),
    "kept too": (" a \n", "d\r\n"),
}


def make_examples(pairs, data=DATA):
    sources, targets = zip(*pairs, strict=True)
    return tf.data.Dataset.from_tensor_slices({data.source_feature: list(sources), data.target_feature: list(targets)})


def make_pipeline(pairs=None, **text):
    section = PairTextSection(**{"unit": "words", "min_count": 1, "max_length": 40, **text})
    return PairPipeline.learn(section, iterate_pairs(make_examples(pairs or PAIRS.values()), DATA))


def encode(pairs, to_train, data=DATA, **text):
    return encode_pairs("some", make_examples(pairs, data), make_pipeline(**text), data, to_train=to_train)


def list_ids(column):
    return [part.tolist() for part in np.split(column.values, column.offsets[1:-1])]


def test_what_is_of_no_use_to_train_on_is_left_out_and_counted():
    split = encode(PAIRS.values(), to_train=True)
    kept = ["kept", "as long as may be", "as unequal as may be", "kept too"]
    assert split.read_inputs() == [PAIRS[name][0].strip().encode() for name in kept]
    assert list(split.targets) == [PAIRS[name][1].strip() for name in kept]
    figures = {
        "examples": 4,
        "pairs_left_out_empty": 4,
        "pairs_left_out_too_long": 3,
        "pairs_left_out_unequal": 2,
        "source_tokens": 2 + 40 + 2 + 1 + 4,
        "target_tokens": 2 + 40 + 14 + 1 + 8,
        "longest_source": 41,
        "longest_target": 42,
    }
    assert {name: split.report[name] for name in figures} == figures
    assert "pairs_cut" not in split.report


def test_no_ratio_leaves_no_unequal_pair_out():
    split = encode(PAIRS.values(), to_train=True, data=DATA.model_copy(update={"max_length_ratio": 0.0}))
    assert split.num_examples == 6 and split.report["pairs_left_out_unequal"] == 0


def test_what_is_scored_is_cut_and_never_dropped_but_for_empty_pairs():
    split = encode(PAIRS.values(), to_train=False)
    assert split.num_examples == len(PAIRS) - 4 == len(split.targets) == len(split.read_inputs())
    assert split.report["pairs_cut"] == 3 and split.report["pairs_left_out_empty"] == 4
    assert not any("too_long" in name or "unequal" in name for name in split.report)
    # The references stay whole.
    assert "c " * 49 + "c" in split.targets


@pytest.mark.parametrize("unit", ["words", "characters", "subwords"])
def test_a_cut_pair_is_encoded_as_it_is_served(unit):
    split = encode(PAIRS.values(), to_train=False, unit=unit, max_length=7, vocabulary_size=8)
    pipeline = make_pipeline(unit=unit, max_length=7, vocabulary_size=8)
    served = pipeline.encode(tf.constant(split.read_inputs()), tf.constant(split.targets))
    for name, ragged in served.items():
        assert list_ids(split.columns[name]) == ragged.to_list()
    assert split.columns["source_ids"].lengths.max() == 8 and split.columns["target_ids"].lengths.max() == 9


def test_texts_are_brought_to_nfc_as_the_vocabulary_is():
    pairs = [("cafe\u0301", "re\u0301sume\u0301"), (b"broken \xff", "fin")]
    split = encode_pairs("some", make_examples(pairs), make_pipeline(pairs, unit="characters"), DATA, to_train=False)
    assert split.read_inputs() == ["café".encode(), "broken \ufffd".encode()]
    assert split.targets == ("résumé", "fin")
    assert split.report["source_unknown_share"] == split.report["target_unknown_share"] == 0.0


def test_the_share_of_unknown_tokens_is_reported():
    pipeline = make_pipeline([("a b", "c d")])
    split = encode_pairs("some", make_examples([("a x y", "c"), ("a", "d")]), pipeline, DATA, to_train=False)
    # Two of four words and two ends; none of two words, two beginnings and two ends.
    assert split.report["source_unknown_share"] == pytest.approx(2 / 6, abs=1e-4)
    assert split.report["target_unknown_share"] == 0.0


def test_a_split_without_a_pair_is_one_clear_message():
    with pytest.raises(UserError, match="`some` has no examples"):
        encode_pairs("some", make_examples([("a", "b")]).take(0), make_pipeline(), DATA, to_train=True)
    names = ("empty source", "both empty", "too long source")
    with pytest.raises(UserError, match="no pair of the split `some` is left: 2 empty, 1 too long"):
        encode([PAIRS[name] for name in names], to_train=True)


def test_the_first_examples_of_a_split_are_one():
    split = encode(PAIRS.values(), to_train=False)
    first = split.first(3)
    assert first.num_examples == 3 and len(first.targets) == len(first.read_inputs()) == 3
    for name, column in first.columns.items():
        assert list_ids(column) == list_ids(split.columns[name])[:3]
    assert first.read_inputs() == split.read_inputs()[:3]
    assert first.first(2).read_inputs() == split.read_inputs()[:2]
    assert split.first(1000) is split


def test_a_target_is_read_up_to_its_last_token_and_said_from_its_first():
    inputs, labels = split_targets(tf.constant([[2, 7, 8, 3, 0], [2, 3, 0, 0, 0], [2, 4, 5, 6, 3], [0, 0, 0, 0, 0]]))
    assert inputs.numpy().tolist() == [[2, 7, 8, 0], [2, 0, 0, 0], [2, 4, 5, 6], [0, 0, 0, 0]]
    assert labels.numpy().tolist() == [[7, 8, 3, 0], [3, 0, 0, 0], [4, 5, 6, 3], [0, 0, 0, 0]]
