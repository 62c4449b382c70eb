"""Predictions from an export, in this process or in TensorFlow Serving; needs none of our model code."""

from rnnzoo.serving.bulk import BulkCounts, predict_file, predict_lines, read_lines
from rnnzoo.serving.client import Client
from rnnzoo.serving.judging import judge_samples
from rnnzoo.serving.local import LocalPredictor, load
from rnnzoo.serving.predictor import Predictor, Signature, TensorInfo
from rnnzoo.serving.resuming import is_resumable
from rnnzoo.serving.server_reports import ModelMetadata, VersionStatus
from rnnzoo.serving.step_session import StepSession, load_classes, load_vocabulary, write_on

__all__ = [
    "BulkCounts",
    "Client",
    "LocalPredictor",
    "ModelMetadata",
    "Predictor",
    "Signature",
    "StepSession",
    "TensorInfo",
    "VersionStatus",
    "is_resumable",
    "judge_samples",
    "load",
    "load_classes",
    "load_vocabulary",
    "predict_file",
    "predict_lines",
    "read_lines",
    "write_on",
]
