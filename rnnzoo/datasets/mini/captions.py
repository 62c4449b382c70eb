"""The examples of the `captions` configuration: scenes of two things, told by a vector and in words."""

import random
from collections.abc import Iterator, Sequence
from itertools import product

from rnnzoo.datasets.mini.description import CAPTION_DIM, CONFIGURATIONS

_COLORS = ("red", "green", "blue", "yellow")
_SHAPES = ("circle", "square", "star", "ring")
_SIZES = ("small", "large")
_NUMBERS = ("a", "two", "three")
_RELATIONS = ("above", "below", "beside", "inside")
_KINDS = (_NUMBERS, _SIZES, _COLORS, _SHAPES)
_NOISE = 0.1
_DIGITS = 4


def generate_captions(split: str) -> Iterator[dict]:
    """Yields the examples of a split of the `captions` configuration.

    A vector is what a network that looks at pictures might say of a scene: each part of it adds a direction of its
    own, and there is noise. No scene is in two splits.

    Args:
        split: "train", "validation" or "test".

    Yields:
        dict with the list of floats `vector` and the string `caption`.
    """
    directions = _draw_directions()
    start = 0
    for name, size in CONFIGURATIONS["captions"].splits.items():
        if name == split:
            rng = random.Random(f"rnnzoo_mini/captions/{split}")  # noqa: S311
            for scene in _draw_scenes()[start : start + size]:
                parts = [directions[place][value] for place, value in enumerate(scene)]
                vector = [round(sum(column) + rng.gauss(0.0, _NOISE), _DIGITS) for column in zip(*parts, strict=True)]
                yield {"vector": vector, "caption": _tell(scene)}
        start += size


def _choices() -> tuple[Sequence[str], ...]:
    """What each part of a scene may be: of the first thing, how it stands to the second, and of the second."""
    return (*_KINDS, _RELATIONS, *_KINDS)


def _draw_scenes() -> list[tuple[int, ...]]:
    scenes = list(product(*(range(len(choices)) for choices in _choices())))
    rng = random.Random("rnnzoo_mini/captions")  # noqa: S311
    rng.shuffle(scenes)
    return scenes


def _draw_directions() -> list[list[list[float]]]:
    rng = random.Random("rnnzoo_mini/captions/directions")  # noqa: S311
    return [[[rng.gauss(0.0, 1.0) for _ in range(CAPTION_DIM)] for _ in choices] for choices in _choices()]


def _tell(scene: Sequence[int]) -> str:
    words = [choices[value] for choices, value in zip(_choices(), scene, strict=True)]
    middle = len(_KINDS)
    things = (words[:middle], words[middle + 1 :])
    first, second = (" ".join(thing) + ("" if thing[0] == "a" else "s") for thing in things)
    return f"{first} {words[middle]} {second}"
