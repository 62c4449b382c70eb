import numpy as np
import pytest

from rnnzoo.evaluation.out_of_scope import choose_threshold, evaluate_out_of_scope


def test_the_threshold_gives_up_the_share_it_is_asked_to():
    scores = np.random.default_rng(0).uniform(size=1000)
    threshold = choose_threshold(scores, rejected=0.05)
    assert np.mean(scores < threshold) == 0.05
    assert choose_threshold(scores, rejected=0.0) == scores.min()


def test_rejected_examples_count_as_wrong_and_unsure_others_as_found():
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.8, 0.2]])
    others = np.array([[0.5, 0.5], [0.7, 0.3], [0.45, 0.55]])
    scores = evaluate_out_of_scope(0.65, np.array([0, 1, 1]), probabilities, others)
    assert scores["out_of_scope_threshold"] == 0.65
    assert scores["out_of_scope_recall"] == pytest.approx(2 / 3)
    assert scores["in_scope_accuracy_with_threshold"] == pytest.approx(1 / 3)
    # Of the nine pairs only (0.6, 0.7) is the wrong way round.
    assert scores["out_of_scope_auroc"] == pytest.approx(8 / 9)
