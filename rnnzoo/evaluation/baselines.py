"""Simple models that a recurrent one has to beat."""

from collections.abc import Sequence

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
    from sklearn.linear_model import LogisticRegression

    def to_matrix(texts):
        lengths = [len(text) for text in texts]
        rows = np.repeat(np.arange(len(texts)), lengths)
        columns = np.concatenate(texts) if texts else np.zeros(0, int)
        counts = csr_matrix((np.ones(len(columns), np.float32), (rows, columns)), shape=(len(texts), num_ids))
        counts.data[:] = 1.0
        return counts

    if len(np.unique(train_labels)) < 2:
        return np.full(len(ids), train_labels[0])
    model = LogisticRegression(max_iter=200)
    model.fit(to_matrix(train_ids), train_labels)
    return model.predict(to_matrix(ids))
