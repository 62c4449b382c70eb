"""Scores of a classifier."""

from collections.abc import Sequence

import numpy as np

from rnnzoo.config import UserError
from rnnzoo.evaluation.evaluation import Evaluation


def evaluate_classification(
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    texts: Sequence[str],
    num_mistakes: int,
) -> Evaluation:
    """Scores predicted probabilities.

    Args:
        labels: True classes, (examples,) int.
        probabilities: (examples, classes) float.
        class_names: Names of the classes.
        texts: What was classified, for the list of mistakes.
        num_mistakes: How many of the mistakes made with the greatest confidence are listed.

    Returns:
        The metrics `accuracy`, `macro_f1` (the mean over the classes that occur or are predicted),
        `matthews_correlation` (Gorodkin 2004 for more than two classes) and `loss` (mean negative log
        likelihood in nats); the confusion matrix, figures by class and the worst mistakes.

    Raises:
        UserError: There is no example.
    """
    from sklearn import metrics

    if len(labels) == 0:
        raise UserError("there is no example to score")
    predicted = probabilities.argmax(axis=-1)
    classes = np.arange(len(class_names))
    of_true_class = np.maximum(probabilities[np.arange(len(labels)), labels], np.finfo(np.float32).tiny)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        labels, predicted, labels=classes, zero_division=0.0
    )
    occurring = (support > 0) | np.isin(classes, predicted)
    matrix = metrics.confusion_matrix(labels, predicted, labels=classes)
    confidence = probabilities.max(axis=-1)
    mistakes = np.flatnonzero(predicted != labels)
    worst = mistakes[np.argsort(-confidence[mistakes], kind="stable")][:num_mistakes]
    return Evaluation(
        metrics={
            "accuracy": float(np.mean(predicted == labels)),
            "macro_f1": float(np.mean(f1[occurring])),
            "matthews_correlation": _matthews_correlation(matrix),
            "loss": float(np.mean(-np.log(of_true_class))),
            "num_examples": len(labels),
        },
        details={
            "classes": {
                name: {"precision": p, "recall": r, "f1": f, "support": int(n)}
                for name, p, r, f, n in zip(
                    class_names, precision.tolist(), recall.tolist(), f1.tolist(), support, strict=True
                )
            },
            "confusion_matrix": {
                "classes": list(class_names),
                "rows_true_columns_predicted": matrix.tolist(),
            },
            "worst_mistakes": [
                {
                    "text": texts[place],
                    "label": class_names[labels[place]],
                    "predicted": class_names[predicted[place]],
                    "confidence": round(float(confidence[place]), 4),
                }
                for place in worst
            ],
        },
    )


def _matthews_correlation(matrix: np.ndarray) -> float:
    # Not scikit-learn's: that warns where only one class occurs.
    matrix = matrix.astype(np.float64)
    true, predicted, total = matrix.sum(axis=1), matrix.sum(axis=0), matrix.sum()
    covariance = np.trace(matrix) * total - true @ predicted
    variances = (total**2 - true @ true) * (total**2 - predicted @ predicted)
    return float(covariance / np.sqrt(variances)) if variances else 0.0
