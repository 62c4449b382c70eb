"""Answers looked up by likeness, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from rnnzoo.config import UserError
from rnnzoo.evaluation import RetrievalBaseline, retrieval


def make_texts(num_texts, seed):
    random = np.random.default_rng(seed)
    words = [f"w{number}" for number in range(40)]
    frequencies = 1 / np.arange(1, 41)
    return [
        " ".join(random.choice(words, random.integers(3, 9), p=frequencies / frequencies.sum()))
        for _ in range(num_texts)
    ]


@pytest.mark.parametrize("max_similarities", [1, 700, 10**6])
def test_equals_scikit_learn(monkeypatch, max_similarities):
    monkeypatch.setattr(retrieval, "_MAX_SIMILARITIES", max_similarities)
    train, queries = make_texts(200, 1), make_texts(60, 2)
    vectorizer = TfidfVectorizer(analyzer=str.split).fit(train)
    cosines = (vectorizer.transform(queries) @ vectorizer.transform(train).T).toarray()
    found = [int(target) for target in RetrievalBaseline(train, [str(place) for place in range(200)]).predict(queries)]
    # Where two are equally alike up to rounding, either is right.
    np.testing.assert_allclose(cosines[np.arange(60), found], cosines.max(axis=1), atol=1e-12)


def test_finds_what_it_has_seen_whatever_the_order_and_case():
    train = ["A man eats an apple.", "An apple hangs there.", "A man eats an apple."]
    baseline = RetrievalBaseline(train, ["first", "second", "third"])
    assert baseline.predict(train) == ["first", "second", "first"]
    assert baseline.predict(["an apple EATS, a man!"]) == ["first"]


def test_rare_words_weigh_more():
    train = ["the man and the dog sit", "the man and the walrus sit", "the man and the dog stand"]
    baseline = RetrievalBaseline(train, ["dog", "walrus", "stand"])
    assert baseline.predict(["a walrus with the dog"]) == ["walrus"]


def test_short_texts_are_compared_by_characters():
    baseline = RetrievalBaseline(["hello", "good morning", "سلام"], ["1", "2", "3"])
    assert baseline.predict(["Hallo hello", "mornings", "سلامة", "???"]) == ["1", "2", "3", "1"]
    # Only unknown words, though many of them.
    assert baseline.predict(["gooooood moorning to youuu"]) == ["2"]


def test_nothing_alike_is_the_first():
    baseline = RetrievalBaseline(["one two three", "four five six"], ["1", "2"])
    assert baseline.predict(["", " ", "x", "漢字 かな 交じり"]) == ["1"] * 4
    assert RetrievalBaseline(["", ""], ["1", "2"]).predict(["", "a b c d"]) == ["1", "1"]
    assert baseline.predict([]) == []


def test_answers_do_not_depend_on_the_batch():
    train, queries = make_texts(100, 3), [*make_texts(20, 4), "w1", "zzz", ""]
    baseline = RetrievalBaseline(train, [str(place) for place in range(100)])
    assert baseline.predict(queries) == [baseline.predict([query])[0] for query in queries]


def test_nothing_to_look_up():
    with pytest.raises(UserError, match="no training text"):
        RetrievalBaseline([], [])
    with pytest.raises(ValueError, match="2 sources, but 1 targets"):
        RetrievalBaseline(["a", "b"], ["a"])
