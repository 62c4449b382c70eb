"""Plain functions that return Keras models."""

from rnnzoo.builders.mask_report import LayerMask, check_masks, report_masks
from rnnzoo.builders.sequence_tagger import CHARACTER_LAYERS, TAGGER_HEADS, build_sequence_tagger
from rnnzoo.builders.text_classifier import build_text_classifier

__all__ = [
    "CHARACTER_LAYERS",
    "TAGGER_HEADS",
    "LayerMask",
    "build_sequence_tagger",
    "build_text_classifier",
    "check_masks",
    "report_masks",
]
