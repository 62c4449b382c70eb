"""Simple models that a recurrent one has to beat."""

from collections import Counter, defaultdict
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


def predict_with_most_frequent_tags(
    train_words: Sequence[str], train_tags: np.ndarray, words: Sequence[str]
) -> np.ndarray:
    """Tags each word by itself: as it is tagged most often.

    Args:
        train_words: The words of all training sentences, (tokens,).
        train_tags: Their tags, (tokens,) int.
        words: The words to tag, (tokens,).

    Returns:
        Predicted tags, (tokens,) int. A word that training lacks gets the tag that is most frequent among
        the words that occur in it only once; of equally frequent tags it is the first.

    Example:

    >>> predict_with_most_frequent_tags(["a", "b", "a"], np.array([2, 0, 2]), ["a", "c"]).tolist()
    [2, 0]
    """
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for word, tag in zip(train_words, train_tags.tolist(), strict=True):
        counts[word][tag] += 1
    rare = Counter(next(iter(of_word)) for of_word in counts.values() if of_word.total() == 1)
    for_others = _find_most_frequent(rare or Counter(train_tags.tolist()))
    best = {word: _find_most_frequent(of_word) for word, of_word in counts.items()}
    return np.array([best.get(word, for_others) for word in words], np.int64)


def _find_most_frequent(counts: Counter[int]) -> int:
    return min(counts, key=lambda tag: (-counts[tag], tag))


def predict_with_single_steps(train_steps: np.ndarray, train_tags: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Tags each step of feature sequences by itself, by logistic regression.

    Args:
        train_steps: Features of the steps of all training sequences, (steps, dim) float.
        train_tags: Their tags, (steps,) int.
        steps: Features of the steps to tag, (steps, dim) float.

    Returns:
        Predicted tags, (steps,) int.
    """
    return _predict_with_regression(train_steps, train_tags, steps)


def _predict_with_regression(train_matrix: Any, train_labels: np.ndarray, matrix: Any) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(train_labels)) < 2:
        return np.full(matrix.shape[0], train_labels[0])
    return LogisticRegression(max_iter=200).fit(train_matrix, train_labels).predict(matrix)
