"""Plain functions that return Keras models."""

from rnnzoo.builders.mask_report import LayerMask, check_masks, report_masks
from rnnzoo.builders.text_classifier import build_text_classifier

__all__ = ["LayerMask", "build_text_classifier", "check_masks", "report_masks"]
