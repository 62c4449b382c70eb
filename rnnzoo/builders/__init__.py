"""Plain functions that return Keras models."""

from rnnzoo.builders.language_model import build_language_model
from rnnzoo.builders.language_model_step import LanguageModelStep, PreparedStep
from rnnzoo.builders.mask_report import LayerMask, check_masks, report_masks
from rnnzoo.builders.sequence_tagger import CHARACTER_LAYERS, TAGGER_HEADS, build_sequence_tagger
from rnnzoo.builders.text_classifier import build_text_classifier

__all__ = [
    "CHARACTER_LAYERS",
    "TAGGER_HEADS",
    "LanguageModelStep",
    "LayerMask",
    "PreparedStep",
    "build_language_model",
    "build_sequence_tagger",
    "build_text_classifier",
    "check_masks",
    "report_masks",
]
