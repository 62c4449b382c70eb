"""The reference requests of language models: prompts, odd ones among them, and settings at their limits."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnzoo.config import RunConfig
from rnnzoo.layers import state_size
from rnnzoo.tasks.language_conditions import Conditions
from rnnzoo.tasks.odd_texts import ODD_TEXTS

_FEW_TOKENS = 20
# Of each row: tokens, temperature, top_k, top_p, stop, seed.
_SETTINGS = (
    (_FEW_TOKENS, 0.0, 0, 1.0, "", 1),
    (_FEW_TOKENS, 1.0, 5, 1.0, "e", 2),
    (_FEW_TOKENS, 0.7, 0, 0.9, " ", 3),
    (0, 1.0, 0, 1.0, "", 4),
)
_ODD_SETTINGS = (
    (-5, 1.0, 0, 1.0, "", -1),
    (_FEW_TOKENS, -1.0, -3, 1.0, "", 0),
    (_FEW_TOKENS, math.nan, 10**6, 2.0, "\x00", 2**31 - 1),
    (_FEW_TOKENS, math.inf, 1, -1.0, "日本", -(2**31)),
    (_FEW_TOKENS, 1e-30, 0, math.nan, "", 7),
)
_NAMES = ("max_tokens", "temperature", "top_k", "top_p", "stop", "seed")


def make_requests(prompts: Sequence[str], conditions: Conditions | None, config: RunConfig) -> dict[str, list]:
    """Returns requests for every signature.

    Args:
        prompts: Ordinary prompts.
        conditions: What texts are generated from; None: nothing.
        config: The config of the run.
    """
    odd = list(ODD_TEXTS)
    ordinary = [prompts[place % len(prompts)] for place in range(len(_SETTINGS))]
    of_generate = [
        {"prompt": ordinary, **_columns(_SETTINGS)},
        {"prompt": odd[: len(_ODD_SETTINGS)], **_columns(_ODD_SETTINGS)},
    ]
    model = config.model
    size = (model.num_layers, state_size(model.cell, model.units))
    random = np.random.default_rng(0).uniform(-1.0, 1.0, (3, *size)).round(3)
    requests = {
        "serving_default": [{"prompt": list(prompts)}, {"prompt": odd}],
        "generate": of_generate,
        "score": [{"text": list(prompts)}, {"text": odd}],
        "step": [
            {"token": ["", "a"], "state": np.zeros((2, *size))},
            {"token": ["日", b"\xff", "ab"], "state": random},
        ],
    }
    if conditions is None:
        return requests
    name = conditions.input_spec.name
    for of_signature in requests.values():
        for number, request in enumerate(of_signature):
            num_rows = len(next(iter(request.values())))
            values = conditions.odd_values() if number else conditions.examples()
            request[name] = [values[row % len(values)] for row in range(num_rows)]
    return requests


def _columns(rows: Sequence[tuple]) -> dict[str, list[Any]]:
    return dict(zip(_NAMES, map(list, zip(*rows, strict=True)), strict=True))
