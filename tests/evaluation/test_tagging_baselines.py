"""Simple taggers, and tokenisation against that of people."""

import numpy as np
import pytest

from rnnzoo.evaluation import (
    evaluate_tagging,
    predict_with_most_frequent_tags,
    predict_with_single_steps,
    score_tokenization,
)


def test_each_word_has_its_most_frequent_tag():
    words = ["the", "play", "play", "play", "once", "twice", "twice"]
    tags = np.array([0, 1, 2, 1, 3, 2, 2])
    predicted = predict_with_most_frequent_tags(words, tags, ["play", "the", "twice", "once", "new"])
    # Of the words that occur once, `the` and `once`, no tag is more frequent: the first.
    assert predicted.tolist() == [1, 0, 2, 3, 0]


def test_a_word_of_no_frequency_has_the_tag_of_rare_words():
    words = ["a", "a", "a", "x", "y", "z"]
    assert predict_with_most_frequent_tags(words, np.array([0, 0, 0, 2, 2, 1]), ["new"]).tolist() == [2]
    assert predict_with_most_frequent_tags(["a", "a"], np.array([1, 1]), ["new"]).tolist() == [1]
    assert predict_with_most_frequent_tags(["a"], np.array([1]), []).tolist() == []


def test_steps_are_told_apart_by_themselves_alone():
    steps = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    tags = (steps[:, 0] > 0).astype(np.int64)
    assert np.mean(predict_with_single_steps(steps[:150], tags[:150], steps[150:]) == tags[150:]) > 0.9
    assert predict_with_single_steps(steps, np.zeros(200, int), steps[:2]).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("gold", "tokens", "figures"),
    [
        ([["a", "b"]], [["a", "b"]], (2, 2, 2)),
        ([["do", "n't", "go"]], [["don't", "go"]], (1, 2, 3)),
        ([["a"], []], [[], ["b"]], (0, 1, 1)),
        # In the same order: either `a` or `b` is in both.
        ([["a", "b"]], [["b", "a"]], (1, 2, 2)),
    ],
)
def test_tokens_in_common(gold, tokens, figures):
    score = score_tokenization(gold, tokens)
    assert (score.correct, score.predicted, score.support) == figures


def test_a_token_without_a_tag_is_wrong_and_no_span():
    names = ["O", "B-X", "I-X"]
    gold, offsets = np.array([1, 2, 0, 1]), np.array([0, 3, 4])
    evaluation = evaluate_tagging(gold, np.array([1, 2, -1, -1]), offsets, names, scheme="BIO", num_mistakes=2)
    assert evaluation.metrics["token_accuracy"] == 0.5
    assert evaluation.metrics["span_recall"] == 0.5 and evaluation.metrics["span_precision"] == 1.0
    assert evaluation.details["num_tokens_without_tag"] == 2
    assert evaluation.details["confusion_matrix"]["rows_true_columns_predicted"] == [[0, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert evaluation.details["tags"]["B-X"] == {"precision": 1.0, "recall": 0.5, "f1": 2 / 3, "support": 2}
    assert [sentence["predicted"] for sentence in evaluation.details["worst_sentences"]] == [["B-X", "I-X", ""], [""]]
