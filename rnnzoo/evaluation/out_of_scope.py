"""How well the score of a classifier tells texts that belong to none of its classes."""

import numpy as np


def choose_threshold(scores: np.ndarray, rejected: float) -> float:
    """Returns the score below which a given share of in-scope examples lies.

    Args:
        scores: Largest probability of each example that belongs to a class, (examples,) float; of
            examples that are not reported.
        rejected: The share to give up, such as 0.05.

    Example:

    >>> float(choose_threshold(np.array([0.2, 0.9, 0.8, 0.7]), rejected=0.25))
    0.7
    """
    return np.sort(scores)[int(rejected * len(scores))]


def evaluate_out_of_scope(
    threshold: float, labels: np.ndarray, probabilities: np.ndarray, out_of_scope: np.ndarray
) -> dict[str, float]:
    """Scores the rule that an example whose largest probability is below a threshold belongs to no class.

    Args:
        threshold: The threshold.
        labels: True classes of the in-scope examples, (examples,) int.
        probabilities: Their probabilities, (examples, classes) float.
        out_of_scope: Probabilities of the examples of no class, (others, classes) float.

    Returns:
        The threshold; `out_of_scope_recall`, the share of the others below it;
        `in_scope_accuracy_with_threshold`, where a rejected example counts as wrong (both as in Larson et
        al. 2019); and `out_of_scope_auroc`, how often an in-scope example scores above one of the others.
    """
    from sklearn.metrics import roc_auc_score

    in_scope, others = probabilities.max(axis=-1), out_of_scope.max(axis=-1)
    is_right = (probabilities.argmax(axis=-1) == labels) & (in_scope >= threshold)
    is_in_scope = np.concatenate([np.ones(len(in_scope)), np.zeros(len(others))])
    return {
        "out_of_scope_threshold": float(threshold),
        "out_of_scope_recall": float(np.mean(others < threshold)),
        "in_scope_accuracy_with_threshold": float(np.mean(is_right)),
        "out_of_scope_auroc": float(roc_auc_score(is_in_scope, np.concatenate([in_scope, others]))),
    }
