"""From the columns of a batch to the inputs of a model."""

from collections.abc import Mapping
from typing import Any

MODEL_INPUTS = ("token_ids", "affix_ids", "ngram_ids", "character_ids", "shape_ids", "features")


def pick_model_inputs(tensors: Mapping[str, Any]) -> Any:
    """Picks the model's inputs out of a batch: a tensor, or a dictionary where the model has several inputs."""
    inputs = {name: tensors[name] for name in MODEL_INPUTS if name in tensors}
    return inputs if len(inputs) > 1 else next(iter(inputs.values()))
