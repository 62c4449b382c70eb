"""Predictions from an export, by name or path; needs TensorFlow but none of our model code."""

from rnnzoo.serving.bulk import BulkCounts, predict_file, predict_lines, read_lines
from rnnzoo.serving.local import LocalPredictor, load
from rnnzoo.serving.predictor import Predictor, Signature, TensorInfo

__all__ = [
    "BulkCounts",
    "LocalPredictor",
    "Predictor",
    "Signature",
    "TensorInfo",
    "load",
    "predict_file",
    "predict_lines",
    "read_lines",
]
