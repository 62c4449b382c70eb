"""The tags of a data set, and those that its model tells apart."""

import numpy as np
import pytest

from rnnzoo.config import UserError
from rnnzoo.tasks.tag_set import TagSet

BIO = [["O", "B-PER", "I-PER"], ["B-LOC", "O"]]
IOB1 = [["I-PER", "B-PER", "O"], ["I-LOC"]]


def test_plain_tags_are_in_the_order_of_the_data_set_without_those_that_do_not_occur():
    tags = TagSet.learn([["NOUN", "VERB"], ["DET"]], order=["VERB", "X", "DET"])
    assert tags.names == ("VERB", "DET", "NOUN")
    assert tags.model_names == tags.names and tags.answers == [0, 1, 2]
    assert tags.scheme is None and tags.allowed_transitions is None
    gold, for_model = tags.encode([["DET"], [], ["NOUN", "VERB"]])
    assert gold.tolist() == for_model.tolist() == [1, 2, 0]
    assert tags.find_unseen({"DET", "X", "ADJ"}) == ["ADJ", "X"]


def test_a_scheme_is_found_and_its_tags_are_made_whole():
    tags = TagSet.learn(BIO)
    assert tags.scheme == tags.model_scheme == "BIO"
    assert tags.names == ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
    assert tags.find_unseen({"I-LOC"}) == []
    assert tags.find_unseen({"B-ORG", "X"}) == ["B-ORG", "X"]
    assert tags.allowed_transitions.shape == (6, 6)
    place = tags.names.index
    assert tags.allowed_transitions[place("B-PER"), place("I-PER")]
    assert not tags.allowed_transitions[place("O"), place("I-PER")]
    assert TagSet.learn(BIO, order=["B-PER", "O"]).names == ("B-PER", "O", "B-LOC", "I-LOC", "I-PER")


def test_training_in_another_scheme_answers_in_bio():
    tags = TagSet.learn(BIO, train_as="BIOES")
    assert tags.names == ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
    assert set(tags.model_names) == {"O", *(f"{letter}-{type_}" for letter in "BIES" for type_ in ("LOC", "PER"))}
    sentences = [["B-PER", "I-PER", "I-PER", "B-PER"], ["O", "B-LOC", "I-LOC"]]
    gold, for_model = tags.encode(sentences)
    assert [tags.names[place] for place in gold] == [tag for tags_ in sentences for tag in tags_]
    assert [tags.model_names[place] for place in for_model] == [
        "B-PER",
        "I-PER",
        "E-PER",
        "S-PER",
        "O",
        "B-LOC",
        "E-LOC",
    ]
    np.testing.assert_array_equal(np.array(tags.answers)[for_model], gold)
    assert tags.find_unseen({"I-LOC", "S-PER", "B-ORG", "X", "O"}) == ["B-ORG", "X"]


@pytest.mark.parametrize("train_as", ["BIO", "BIOES", "BILOU"])
def test_tags_of_any_scheme_are_rewritten(train_as):
    tags = TagSet.learn(IOB1, train_as=train_as)
    assert (tags.scheme, tags.data_scheme, tags.model_scheme) == ("BIO", "IOB1", train_as)
    gold, for_model = tags.encode([["I-PER", "B-PER", "I-PER", "O", "I-LOC"]])
    assert [tags.names[place] for place in gold] == ["B-PER", "B-PER", "I-PER", "O", "B-LOC"]
    np.testing.assert_array_equal(np.array(tags.answers)[for_model], gold)


def test_a_scheme_that_is_named_counts():
    assert TagSet.learn(BIO, scheme="none").scheme is None
    assert TagSet.learn(IOB1, scheme="BIO").scheme == "BIO"
    assert TagSet.learn([["B-A", "O"]], scheme="IOB1").names == ("O", "I-A", "B-A")


def test_places_that_break_the_scheme_are_counted():
    assert TagSet.learn(BIO).count_problems([["O", "I-PER"], ["B-LOC", "I-PER", "I-PER"]]) == 2
    assert TagSet.learn([["NOUN", "VERB"]]).count_problems([["NOUN", "NOUN"]]) == 0


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ({"sentences": [["S-PER", "O"]], "scheme": "BIO"}, "data.tag_scheme"),
        ({"sentences": [["NOUN", "VERB"]], "scheme": "BIO"}, "data.tag_scheme"),
        ({"sentences": [["NOUN", "VERB"]], "train_as": "BIOES"}, "model.tag_scheme"),
        ({"sentences": BIO, "scheme": "none", "train_as": "BIOES"}, "model.tag_scheme"),
        ({"sentences": [["NOUN"], ["NOUN"]]}, "data.tags_feature"),
        ({"sentences": []}, "data.tags_feature"),
    ],
    ids=str,
)
def test_tags_that_do_not_fit_are_a_mistake(arguments, key):
    with pytest.raises(UserError, match=f"^{key}: "):
        TagSet.learn(**arguments)


@pytest.mark.parametrize("train_as", ["data", "BILOU"])
def test_round_trip(tmp_path, train_as):
    tags = TagSet.learn([["O", "B-déjà vu", "I-déjà vu"]], train_as=train_as)
    tags.save(tmp_path)
    assert TagSet.load(tmp_path) == tags
    lines = (tmp_path / "tags.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines == ['"O"', '"B-déjà vu"', '"I-déjà vu"']


def test_the_card_is_told_what_scores_mean():
    tags = TagSet.learn(BIO)
    assert "`B-LOC`" in tags.describe("softmax") and "marginal" not in tags.describe("softmax")
    assert "marginal" in tags.describe("crf")
