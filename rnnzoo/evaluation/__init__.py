"""Masked losses, the metrics of the field, and their reports."""

from rnnzoo.evaluation.baselines import predict_with_bag_of_words
from rnnzoo.evaluation.classification import evaluate_classification
from rnnzoo.evaluation.evaluation import Evaluation
from rnnzoo.evaluation.losses import softmax_cross_entropy_sum
from rnnzoo.evaluation.plots import plot_confusion_matrix, plot_curves

__all__ = [
    "Evaluation",
    "evaluate_classification",
    "plot_confusion_matrix",
    "plot_curves",
    "predict_with_bag_of_words",
    "softmax_cross_entropy_sum",
]
