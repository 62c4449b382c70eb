"""Scores of a tagger by hand."""

import json

import numpy as np
import pytest

from rnnzoo.config import UserError
from rnnzoo.evaluation import evaluate_tagging, plot_confusion_matrix

ENTITIES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
WORDS = ["Ann", "Lee", "slept", ".", "Bob", "in", "Rome"]
OFFSETS = np.array([0, 4, 4, 7])  # the second sentence is empty
GOLD = np.array([1, 2, 0, 0, 1, 0, 3])
PREDICTED = np.array([1, 2, 0, 0, 3, 0, 4])


def evaluate(**arguments):
    return evaluate_tagging(GOLD, PREDICTED, OFFSETS, ENTITIES, **arguments)


def test_token_accuracy_and_figures_by_tag():
    evaluation = evaluate()
    assert evaluation.metrics == {"token_accuracy": pytest.approx(5 / 7), "num_examples": 3}
    assert evaluation.details["num_tokens"] == 7
    assert evaluation.details["tags"]["B-PER"] == {
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "support": 2,
    }
    assert evaluation.details["tags"]["I-LOC"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
    assert evaluation.details["confusion_matrix"] == {
        "classes": ENTITIES,
        "rows_true_columns_predicted": [
            [3, 0, 0, 0, 0],
            [0, 1, 0, 1, 0],
            [0, 0, 1, 0, 0],
            [0, 0, 0, 0, 1],
            [0, 0, 0, 0, 0],
        ],
    }
    assert "spans" not in evaluation.details


def test_spans():
    evaluation = evaluate(scheme="BIO")
    # Ann Lee is found; Bob has the wrong type; Rome is found, though its tag should begin with `B-`.
    assert evaluation.metrics["span_precision"] == pytest.approx(2 / 3)
    assert evaluation.metrics["span_recall"] == pytest.approx(2 / 3)
    assert evaluation.metrics["span_f1"] == pytest.approx(2 / 3)
    assert evaluation.metrics["span_macro_f1"] == pytest.approx(2 / 3)
    assert evaluation.details["strict_span_f1"] == pytest.approx(2 * 1 / (2 + 3))
    assert evaluation.details["spans"]["LOC"] == {
        "precision": 0.5,
        "recall": 1.0,
        "f1": pytest.approx(2 / 3),
        "support": 1,
    }


def test_no_spans_at_all_score_zero():
    outside = np.zeros(3, int)
    metrics = evaluate_tagging(outside, outside, np.array([0, 3]), ENTITIES, scheme="BIO").metrics
    assert metrics["token_accuracy"] == 1.0
    assert [metrics[f"span_{name}"] for name in ("f1", "precision", "recall", "macro_f1")] == [0.0] * 4


def test_known_and_unknown_words():
    is_known = np.array([True, True, True, True, True, True, False])
    metrics = evaluate(is_known=is_known, loss=0.25).metrics
    assert metrics["accuracy_known_words"] == pytest.approx(5 / 6)
    assert metrics["accuracy_unknown_words"] == 0.0
    assert metrics["loss"] == 0.25
    assert "accuracy_unknown_words" not in evaluate(is_known=np.ones(7, bool)).metrics


def test_worst_sentences_by_wrong_tags():
    gold, offsets = np.zeros(9, int), np.array([0, 3, 3, 6, 9])
    predicted = np.array([1, 0, 0, 1, 2, 0, 0, 0, 0])
    listed = evaluate_tagging(gold, predicted, offsets, ENTITIES, num_mistakes=5, words=list("abcdefghi"))
    assert listed.details["worst_sentences"] == [
        {"words": ["d", "e", "f"], "tags": ["O"] * 3, "predicted": ["B-PER", "I-PER", "O"], "wrong_tags": 2},
        {"words": ["a", "b", "c"], "tags": ["O"] * 3, "predicted": ["B-PER", "O", "O"], "wrong_tags": 1},
    ]
    assert len(evaluate(num_mistakes=0).details["worst_sentences"]) == 0


def test_worst_sentences_by_probability():
    gold, offsets = np.zeros(9, int), np.array([0, 3, 3, 6, 9])
    predicted = np.array([1, 0, 0, 1, 2, 0, 0, 0, 0])
    probabilities = np.array([0.0, 0.5, 0.6, 0.4, 0.4, 0.9, 0.1, 0.1, 0.1])
    worst = evaluate_tagging(gold, predicted, offsets, ENTITIES, gold_probabilities=probabilities, num_mistakes=2)
    # The third sentence has the lowest probabilities and no wrong tag.
    assert [sentence["wrong_tags"] for sentence in worst.details["worst_sentences"]] == [1, 2]


def test_goes_into_json_and_a_picture(tmp_path):
    evaluation = evaluate(
        scheme="BIO",
        loss=0.5,
        words=WORDS,
        is_known=np.array([True] * 6 + [False]),
        gold_probabilities=np.full(7, 0.5, np.float32),
        num_mistakes=3,
    )
    again = json.loads(json.dumps({**evaluation.metrics, **evaluation.details}))
    assert again["worst_sentences"][0]["words"] == ["Bob", "in", "Rome"]
    matrix = evaluation.details["confusion_matrix"]
    plot_confusion_matrix(matrix["rows_true_columns_predicted"], matrix["classes"], tmp_path / "matrix.png")
    assert (tmp_path / "matrix.png").stat().st_size > 0


def test_nothing_to_score():
    nothing = np.zeros(0, int)
    with pytest.raises(UserError, match="no token to score"):
        evaluate_tagging(nothing, nothing, np.array([0]), ENTITIES)
