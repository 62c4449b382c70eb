"""Masked losses, the metrics of the field, and their reports."""

from rnnzoo.evaluation.baselines import (
    predict_with_bag_of_words,
    predict_with_most_frequent_tags,
    predict_with_single_steps,
    predict_with_step_statistics,
)
from rnnzoo.evaluation.classification import evaluate_classification
from rnnzoo.evaluation.evaluation import Evaluation, describe_size
from rnnzoo.evaluation.losses import softmax_cross_entropy_sum
from rnnzoo.evaluation.ngram_language_model import NgramLanguageModel
from rnnzoo.evaluation.out_of_scope import choose_threshold, evaluate_out_of_scope
from rnnzoo.evaluation.perplexity import compute_perplexity
from rnnzoo.evaluation.plots import plot_confusion_matrix, plot_curves
from rnnzoo.evaluation.retrieval import RetrievalBaseline
from rnnzoo.evaluation.spans import score_spans
from rnnzoo.evaluation.tagging import evaluate_tagging
from rnnzoo.evaluation.tokenization import score_tokenization
from rnnzoo.evaluation.translation import (
    compute_character_error_rate,
    compute_edit_distance,
    evaluate_translation,
)
from rnnzoo.evaluation.transliteration import TransliterationBaseline

__all__ = [
    "Evaluation",
    "NgramLanguageModel",
    "RetrievalBaseline",
    "TransliterationBaseline",
    "choose_threshold",
    "compute_character_error_rate",
    "compute_edit_distance",
    "compute_perplexity",
    "describe_size",
    "evaluate_classification",
    "evaluate_out_of_scope",
    "evaluate_tagging",
    "evaluate_translation",
    "plot_confusion_matrix",
    "plot_curves",
    "predict_with_bag_of_words",
    "predict_with_most_frequent_tags",
    "predict_with_single_steps",
    "predict_with_step_statistics",
    "score_spans",
    "score_tokenization",
    "softmax_cross_entropy_sum",
]
