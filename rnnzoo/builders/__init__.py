"""Plain functions that return Keras models."""

from rnnzoo.builders.language_model import build_language_model
from rnnzoo.builders.language_model_step import LanguageModelStep, PreparedStep
from rnnzoo.builders.mask_report import LayerMask, check_masks, report_masks
from rnnzoo.builders.sequence_tagger import CHARACTER_LAYERS, TAGGER_HEADS, build_sequence_tagger
from rnnzoo.builders.text_classifier import build_text_classifier
from rnnzoo.builders.translator import TRANSLATOR_ATTENTIONS, build_translator
from rnnzoo.builders.translator_step import PreparedTranslatorStep, TranslatorStep

__all__ = [
    "CHARACTER_LAYERS",
    "TAGGER_HEADS",
    "TRANSLATOR_ATTENTIONS",
    "LanguageModelStep",
    "LayerMask",
    "PreparedStep",
    "PreparedTranslatorStep",
    "TranslatorStep",
    "build_language_model",
    "build_sequence_tagger",
    "build_text_classifier",
    "build_translator",
    "check_masks",
    "report_masks",
]
