"""Hidden units over the tokens of a text, as in Karpathy's "The Unreasonable Effectiveness of RNNs"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from rnnzoo.config import UserError
from rnnzoo.inspection.stack_outputs import INITIAL_STATE, find_stack, read_stack_inputs, run_layer_by_layer

Unit = tuple[int, int]


@dataclass(frozen=True)
class Activations:
    """What the hidden units of a recurrent stack were while it read a text.

    Attributes:
        tokens: The text's tokens, as they are to be shown.
        layers: For each layer its output after each token, before the residual sum; (tokens, width) float32.
        units: Units of a layer and direction: of a layer that reads both ways, the unit numbers from here on
            read backwards.
    """

    tokens: tuple[str, ...]
    layers: tuple[np.ndarray, ...]
    units: int

    def values(self, unit: Unit) -> np.ndarray:
        """Returns a unit's value after each token, (tokens,) float32; a unit is its layer and its number, from 0."""
        layer, number = unit
        return self.layers[layer][:, number]

    def name(self, unit: Unit) -> str:
        """Returns what a unit is called in pictures: layers count from 1, units from 0."""
        layer, number = unit
        backward = " (backward)" if number >= self.units else ""
        return f"layer {layer + 1}, unit {number}{backward}"


def compute_activations(
    model: keras.Model,
    token_ids: Sequence[int],
    tokens: Sequence[str],
    other_inputs: Mapping[str, Any] | None = None,
) -> Activations:
    """Reads a text with a model and keeps the hidden units of every layer.

    Args:
        model: A model by one of our builders, or another functional model with a `RecurrentStack` of the name
            `recurrent_stack`.
        token_ids: The text, (tokens,) int, without padding.
        tokens: What each id stands for.
        other_inputs: The model's further inputs by name, (1, ...), such as `condition`. A language model's
            `initial_state` may be left out: zeros.

    Returns:
        The activations.

    Raises:
        ValueError: The model has no such layer, an input is missing, or there are no ids.

    Example:

    >>> from rnnzoo.builders import build_sequence_tagger
    >>> model = build_sequence_tagger(num_tags=2, vocabulary_size=9, units=4, num_layers=2, bidirectional=False)
    >>> activations = compute_activations(model, [5, 4, 8], ["a", "b", "c"])
    >>> [layer.shape for layer in activations.layers]
    [(3, 4), (3, 4)]
    """
    token_ids = np.asarray(token_ids, np.int32)
    if token_ids.ndim != 1 or len(token_ids) == 0 or len(token_ids) != len(tokens):
        raise ValueError(f"give at least one id, and a token for each: {token_ids.shape} ids, {len(tokens)} tokens")
    other_inputs = dict(other_inputs or {})
    stack = find_stack(model)
    vectors = read_stack_inputs(model, {"token_ids": token_ids[None], **other_inputs})
    outputs, _ = run_layer_by_layer(stack, vectors, other_inputs.get(INITIAL_STATE))
    layers = tuple(keras.ops.convert_to_numpy(output)[0] for output in outputs)
    return Activations(tuple(tokens), layers, stack.units)


def correlate_units(activations: Activations, feature: np.ndarray) -> list[np.ndarray]:
    """Computes Pearson's correlation of each unit with a feature of the tokens.

    Args:
        activations: Of a text.
        feature: A number for each token, (tokens,) float.

    Returns:
        For each layer (width,) float64; 0 where a unit or the feature is the same at all tokens.
    """
    feature = np.asarray(feature, np.float64)
    feature = feature - feature.mean()
    correlations = []
    for layer in activations.layers:
        centred = layer.astype(np.float64) - layer.mean(axis=0, dtype=np.float64)
        scale = np.linalg.norm(centred, axis=0) * np.linalg.norm(feature)
        # A unit that is constant but for rounding is constant.
        is_varied = scale > 1e-6 * max(np.linalg.norm(feature), 1e-6)
        correlations.append(np.where(is_varied, feature @ centred / np.where(is_varied, scale, 1.0), 0.0))
    return correlations


def select_units(activations: Activations, count: int, feature: np.ndarray | None = None) -> list[Unit]:
    """Chooses the units to be shown.

    Args:
        activations: Of a text.
        count: How many at most.
        feature: A number for each token, (tokens,) float: those units come first that correlate with it
            most, whatever the sign. None: those of the greatest variance.

    Returns:
        Layer and number of each unit, from 0; the first is the best.
    """
    if feature is None:
        scores = [layer.var(axis=0) for layer in activations.layers]
    else:
        scores = [np.abs(of_layer) for of_layer in correlate_units(activations, feature)]
    units = [(layer, number) for layer, of_layer in enumerate(scores) for number in range(len(of_layer))]
    units.sort(key=lambda unit: -scores[unit[0]][unit[1]])  # ties stay in order
    return units[:count]


def parse_units(activations: Activations, named: str) -> list[Unit]:
    """Reads units as a user names them.

    Args:
        activations: Of a text.
        named: Such as `2:17,1:0`: the layers from 1, the units from 0.

    Returns:
        Layer and number of each unit, from 0.

    Raises:
        UserError: It is written otherwise, or there is no such unit.
    """
    units = []
    for name in named.split(","):
        layer, _, number = name.strip().partition(":")
        if not (layer.isdecimal() and number.isdecimal()):
            raise UserError("no unit", got=name, allowed="a number of units, or LAYER:UNIT,LAYER:UNIT,...")
        unit = int(layer) - 1, int(number)
        if not (0 <= unit[0] < len(activations.layers) and unit[1] < activations.layers[unit[0]].shape[1]):
            widths = ", ".join(
                f"{place}:0 to {place}:{a.shape[1] - 1}" for place, a in enumerate(activations.layers, 1)
            )
            raise UserError("no such unit", got=name, allowed=widths)
        units.append(unit)
    return units
