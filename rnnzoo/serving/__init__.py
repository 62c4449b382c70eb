"""Predictions from an export, by name or path; needs TensorFlow but none of our model code."""

from rnnzoo.serving.bulk import BulkCounts, predict_file, predict_lines, read_lines
from rnnzoo.serving.judging import judge_samples
from rnnzoo.serving.local import LocalPredictor, load
from rnnzoo.serving.predictor import Predictor, Signature, TensorInfo
from rnnzoo.serving.step_session import StepSession, load_classes, load_vocabulary, write_on

__all__ = [
    "BulkCounts",
    "LocalPredictor",
    "Predictor",
    "Signature",
    "StepSession",
    "TensorInfo",
    "judge_samples",
    "load",
    "load_classes",
    "load_vocabulary",
    "predict_file",
    "predict_lines",
    "read_lines",
    "write_on",
]
