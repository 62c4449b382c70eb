"""Simple models that a recurrent one has to beat."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def predict_with_bag_of_words(
    train_ids: Sequence[np.ndarray], train_labels: np.ndarray, ids: Sequence[np.ndarray], num_ids: int
) -> np.ndarray:
    """Classifies by logistic regression on which tokens occur, heedless of their order.

    Args:
        train_ids: Token ids of each training text, (time,) int.
        train_labels: Their classes, (examples,) int.
        ids: Token ids of each text to classify.
        num_ids: Size of the vocabulary.

    Returns:
        Predicted classes, (texts,) int.
    """
    from scipy.sparse import csr_matrix

    def to_matrix(texts):
        lengths = [len(text) for text in texts]
        rows = np.repeat(np.arange(len(texts)), lengths)
        columns = np.concatenate(texts) if texts else np.zeros(0, int)
        counts = csr_matrix((np.ones(len(columns), np.float32), (rows, columns)), shape=(len(texts), num_ids))
        counts.data[:] = 1.0
        return counts

    return _predict_with_regression(to_matrix(train_ids), train_labels, to_matrix(ids))


def predict_with_step_statistics(
    train_sequences: Sequence[np.ndarray], train_labels: np.ndarray, sequences: Sequence[np.ndarray]
) -> np.ndarray:
    """Classifies by logistic regression on what the steps are like, heedless of their order.

    Args:
        train_sequences: Features of each training sequence, (time, dim) float.
        train_labels: Their classes, (examples,) int.
        sequences: Features of each sequence to classify. Of each dimension the mean, the standard
            deviation, the least and the greatest value count; all are 0 where there is no step.

    Returns:
        Predicted classes, (sequences,) int.
    """
    from sklearn.preprocessing import StandardScaler

    def describe(steps):
        steps = steps if len(steps) else np.zeros((1, steps.shape[1]))
        return np.concatenate([steps.mean(axis=0), steps.std(axis=0), steps.min(axis=0), steps.max(axis=0)])

    def to_matrix(of):
        return np.stack([describe(steps) for steps in of])

    train_matrix = to_matrix(train_sequences)
    scaler = StandardScaler().fit(train_matrix)
    return _predict_with_regression(
        scaler.transform(train_matrix), train_labels, scaler.transform(to_matrix(sequences))
    )


def _predict_with_regression(train_matrix: Any, train_labels: np.ndarray, matrix: Any) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(train_labels)) < 2:
        return np.full(matrix.shape[0], train_labels[0])
    return LogisticRegression(max_iter=200).fit(train_matrix, train_labels).predict(matrix)
