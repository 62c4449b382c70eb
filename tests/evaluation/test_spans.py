"""Scores of spans against seqeval."""

import warnings

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support as score_by_conlleval
from seqeval.metrics.v1 import precision_recall_fscore_support as score_strictly
from seqeval.scheme import BILOU, IOB2, IOBES

from rnnzoo.evaluation import score_spans
from rnnzoo.evaluation.spans import PrecisionRecall, pool_spans


def pairs_of_corpora(letters):
    """True and predicted tags of some sentences, valid by chance only."""
    tags = ["O", *(f"{letter}-{type_}" for letter in letters for type_ in ("PER", "LOC"))]
    sentence = st.lists(st.tuples(st.sampled_from(tags), st.sampled_from(tags)), max_size=8)
    return st.lists(sentence, min_size=1, max_size=4).map(
        lambda corpus: tuple([[pair[which] for pair in tags] for tags in corpus] for which in (0, 1))
    )


def assert_equal(scores, score, **arguments):
    """Compares our scores with those of a function of seqeval."""

    def expect(average):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return score(average=average, zero_division=0, **arguments)

    by_type = [(one.precision, one.recall, one.f1, one.support) for one in scores.values()]
    expected = list(zip(*expect(None), strict=True))
    assert len(by_type) == len(expected)
    for ours, theirs in zip(by_type, expected, strict=True):
        assert ours == pytest.approx(theirs)
    pooled = pool_spans(scores)
    assert (pooled.precision, pooled.recall, pooled.f1, pooled.support) == pytest.approx(expect("micro"))
    if scores:
        assert sum(one.f1 for one in scores.values()) / len(scores) == pytest.approx(expect("macro")[2])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(pairs_of_corpora("BIES"))
def test_equals_seqeval_on_random_tags(corpora):
    gold, predicted = corpora
    assert_equal(score_spans(gold, predicted), score_by_conlleval, y_true=gold, y_pred=predicted)


@pytest.mark.parametrize(
    ("scheme", "letters", "theirs"), [("BIO", "BI", IOB2), ("BIOES", "BIES", IOBES), ("BILOU", "BILU", BILOU)]
)
def test_equals_seqeval_in_strict_mode(scheme, letters, theirs):
    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(pairs_of_corpora(letters))
    def compare(corpora):
        gold, predicted = corpora
        assert_equal(score_spans(gold, predicted, scheme), score_strictly, y_true=gold, y_pred=predicted, scheme=theirs)

    compare()


def test_a_span_counts_only_with_both_borders_and_its_type():
    gold = [["B-PER", "I-PER", "O", "B-LOC"], ["B-ORG", "O"]]
    predicted = [["B-PER", "O", "O", "B-LOC"], ["B-LOC", "O"]]
    scores = score_spans(gold, predicted)
    assert scores == {
        "LOC": PrecisionRecall(correct=1, predicted=2, support=1),
        "ORG": PrecisionRecall(correct=0, predicted=0, support=1),
        "PER": PrecisionRecall(correct=0, predicted=1, support=1),
    }
    assert (scores["LOC"].precision, scores["LOC"].recall, scores["LOC"].f1) == (0.5, 1.0, pytest.approx(2 / 3))
    assert (scores["ORG"].precision, scores["ORG"].recall, scores["ORG"].f1) == (0.0, 0.0, 0.0)


def test_spans_end_with_their_sentence():
    assert pool_spans(score_spans([["B-PER"], ["I-PER"]], [["B-PER"], ["I-PER"]])).support == 2


def test_refuses_corpora_of_different_length():
    with pytest.raises(ValueError, match="shorter"):
        score_spans([["O"], ["O"]], [["O"]])
