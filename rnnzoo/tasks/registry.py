"""Tasks by name, imported only when one is made."""

import importlib
from typing import TYPE_CHECKING

from rnnzoo.config import RunConfig

if TYPE_CHECKING:
    from rnnzoo.tasks.task import Task

_TASKS = {
    "text_classification": ("rnnzoo.tasks.text_classification", "TextClassification"),
    "feature_classification": ("rnnzoo.tasks.feature_classification", "FeatureClassification"),
    "sequence_tagging": ("rnnzoo.tasks.sequence_tagging", "SequenceTagging"),
    "feature_tagging": ("rnnzoo.tasks.feature_tagging", "FeatureTagging"),
    "language_modeling": ("rnnzoo.tasks.language_modeling", "LanguageModeling"),
    "translation": ("rnnzoo.tasks.translation", "Translation"),
}


def make_task(config: RunConfig) -> "Task":
    """Returns the task that a config is for."""
    module, name = _TASKS[config.task]
    return getattr(importlib.import_module(module), name)(config)
