"""Scores of a classifier against scikit-learn and by hand."""

import json
import warnings

import numpy as np
import pytest
from sklearn import metrics

from rnnzoo.config import UserError
from rnnzoo.evaluation import evaluate_classification


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def evaluate(labels, probabilities, num_classes=None, num_mistakes=0):
    probabilities = np.asarray(probabilities, np.float32)
    names = [f"class {place}" for place in range(num_classes or probabilities.shape[1])]
    texts = [f"text {place}" for place in range(len(labels))]
    return evaluate_classification(np.asarray(labels), probabilities, names, texts, num_mistakes)


def certain(predicted, num_classes):
    return np.eye(num_classes)[predicted]


@pytest.mark.parametrize("num_classes", [2, 3, 7])
def test_equals_scikit_learn(num_classes):
    random = np.random.default_rng(num_classes)
    labels = random.integers(0, num_classes, 200)
    probabilities = random.dirichlet(np.ones(num_classes), 200).astype(np.float32)
    predicted = probabilities.argmax(axis=-1)
    evaluation = evaluate(labels, probabilities)
    ours = evaluation.metrics
    assert ours["accuracy"] == pytest.approx(metrics.accuracy_score(labels, predicted))
    assert ours["macro_f1"] == pytest.approx(metrics.f1_score(labels, predicted, average="macro"))
    assert ours["matthews_correlation"] == pytest.approx(metrics.matthews_corrcoef(labels, predicted))
    sure = probabilities.astype(np.float64) / probabilities.astype(np.float64).sum(axis=1, keepdims=True)
    assert ours["loss"] == pytest.approx(metrics.log_loss(labels, sure), rel=1e-4)
    assert ours["num_examples"] == 200
    matrix = evaluation.details["confusion_matrix"]
    assert matrix["rows_true_columns_predicted"] == metrics.confusion_matrix(labels, predicted).tolist()
    precision, recall, f1, support = metrics.precision_recall_fscore_support(labels, predicted)
    last = evaluation.details["classes"][f"class {num_classes - 1}"]
    assert list(last.values()) == pytest.approx([precision[-1], recall[-1], f1[-1], support[-1]])


def test_by_hand():
    # True 0 0 0 1 1 as 0 0 1 1 0: one class has tp 2, fp 1, fn 1; the other tp 1, fp 1, fn 1.
    probabilities = [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7], [0.5, 0.5]]
    evaluation = evaluate([0, 0, 0, 1, 1], probabilities)
    assert evaluation.metrics["accuracy"] == pytest.approx(3 / 5)
    assert evaluation.metrics["macro_f1"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    # (tp tn - fp fn) / sqrt((tp + fp) (tp + fn) (tn + fp) (tn + fn)) = (2 - 1) / sqrt(3 · 3 · 2 · 2)
    assert evaluation.metrics["matthews_correlation"] == pytest.approx(1 / 6)
    assert evaluation.metrics["loss"] == pytest.approx(-np.log([0.9, 0.6, 0.2, 0.7, 0.5]).mean(), rel=1e-5)
    assert evaluation.details["confusion_matrix"] == {
        "classes": ["class 0", "class 1"],
        "rows_true_columns_predicted": [[2, 1], [1, 1]],
    }


def test_constant_predictions_have_no_correlation():
    scores = evaluate([0, 1, 1, 0, 1], certain([1] * 5, 2)).metrics
    assert scores["matthews_correlation"] == 0.0
    assert scores["accuracy"] == pytest.approx(0.6)
    assert scores["macro_f1"] == pytest.approx(0.75 / 2)


def test_one_class_alone():
    scores = evaluate([1, 1, 1], certain([1, 1, 1], 2)).metrics
    assert (scores["accuracy"], scores["macro_f1"], scores["matthews_correlation"]) == (1.0, 1.0, 0.0)


def test_classes_that_never_occur_are_listed_but_not_averaged():
    evaluation = evaluate([0, 2, 2], certain([0, 2, 2], 4))
    assert evaluation.metrics["macro_f1"] == 1.0
    assert evaluation.metrics["matthews_correlation"] == pytest.approx(1.0)
    assert evaluation.details["classes"]["class 1"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
    assert len(evaluation.details["confusion_matrix"]["rows_true_columns_predicted"]) == 4
    # One that is predicted wrongly counts.
    assert evaluate([0, 2, 2], certain([0, 2, 1], 4)).metrics["macro_f1"] == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_a_true_class_of_probability_zero_has_a_finite_loss():
    assert evaluate([0], [[0.0, 1.0]]).metrics["loss"] == pytest.approx(87.3, abs=0.1)


def test_the_worst_mistakes_come_first():
    probabilities = [[0.4, 0.6], [0.1, 0.9], [0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.99, 0.01]]
    labels = [0, 0, 1, 1, 0, 0]
    mistakes = evaluate(labels, probabilities, num_mistakes=10).details["worst_mistakes"]
    assert [(mistake["text"], mistake["confidence"]) for mistake in mistakes] == [
        ("text 1", 0.9),
        ("text 3", 0.8),
        ("text 4", 0.7),
        ("text 0", 0.6),
    ]
    assert mistakes[1] == {"text": "text 3", "label": "class 1", "predicted": "class 0", "confidence": 0.8}
    assert evaluate(labels, probabilities, num_mistakes=2).details["worst_mistakes"] == mistakes[:2]
    assert evaluate(labels, probabilities, num_mistakes=0).details["worst_mistakes"] == []


def test_equal_confidence_keeps_the_order_of_the_texts():
    mistakes = evaluate([0] * 5, [[0.25, 0.75]] * 5, num_mistakes=3).details["worst_mistakes"]
    assert [mistake["text"] for mistake in mistakes] == ["text 0", "text 1", "text 2"]


def test_the_evaluation_can_be_written_as_json():
    evaluation = evaluate([0, 1], [[0.2, 0.8], [0.3, 0.7]], num_mistakes=5)
    written = {**evaluation.metrics, **evaluation.details}
    assert json.loads(json.dumps(written)) == written


def test_refuses_to_score_nothing():
    with pytest.raises(UserError, match="there is no example to score"):
        evaluate(np.zeros(0, int), np.zeros((0, 2)))
