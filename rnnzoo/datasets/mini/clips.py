"""The examples of the `clips` configuration: a dot of light that moves up and down a column of pixels."""

import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from rnnzoo.datasets.mini.description import CONFIGURATIONS, EVENTS, MOVEMENTS, NUM_PIXELS

_FEWEST_FRAMES, _MOST_FRAMES = 10, 60
_FEWEST_STEPS = 2
_SLOWEST = 0.25  # pixels a frame
_NUM_RESTS = 3
_DOT_WIDTH = 0.8
_NOISE = 0.1
_DIGITS = 4


def generate_clips(split: str) -> Iterator[dict]:
    """Yields the examples of a split of the `clips` configuration.

    Args:
        split: "train", "validation" or "test".

    Yields:
        dict with `frames`, a list of lists of floats, the name of the `event`, and the names of the
        `frame_labels`, one for each frame.
    """
    rng = random.Random(f"rnnzoo_mini/clips/{split}")  # noqa: S311
    names, events = {sign: name for name, sign in MOVEMENTS.items()}, list(EVENTS)
    for number in range(CONFIGURATIONS["clips"].splits[split]):
        event = events[number % len(events)]
        start, moves = _draw_moves(rng, EVENTS[event], rng.randint(_FEWEST_FRAMES, _MOST_FRAMES))
        yield {
            "frames": _draw_frames(rng, list(accumulate(moves, initial=start))),
            "event": event,
            "frame_labels": [names[(move > 0) - (move < 0)] for move in (0.0, *moves)],
        }


def _draw_moves(rng: random.Random, directions: Sequence[int], num_frames: int) -> tuple[float, list[float]]:
    """Returns where the dot is in the first frame, and how far it moves to each of the others."""
    middle = (NUM_PIXELS - 1) / 2 + rng.uniform(-1.0, 1.0)
    low, high = (0.0, middle - 1.0), (middle + 1.0, NUM_PIXELS - 1.0)
    # Each turn lies on the other side of the middle than the one before.
    sides = [high if direction > 0 else low for direction in directions]
    first = (low if directions[0] > 0 else high) if directions else (0.0, NUM_PIXELS - 1.0)
    turns = [rng.uniform(*side) for side in (first, *sides)]
    moves: list[float] = []
    for place, (here, there) in enumerate(pairwise(turns), start=1):
        num_left = num_frames - 1 - len(moves) - _FEWEST_STEPS * (len(directions) - place)
        num_steps = rng.randint(_FEWEST_STEPS, min(num_left, int(abs(there - here) / _SLOWEST)))
        moves += [(there - here) / num_steps] * num_steps
    # The dot rests for all other frames, in a few places: before, between or amid its movements.
    places = [rng.randint(0, len(moves)) for _ in range(_NUM_RESTS)]
    weights = [rng.random() for _ in places]
    rests = Counter(rng.choices(places, weights, k=num_frames - 1 - len(moves)))
    with_rests = [[0.0] * rests[place] + moves[place : place + 1] for place in range(len(moves) + 1)]
    return turns[0], [move for part in with_rests for move in part]


def _draw_frames(rng: random.Random, positions: Sequence[float]) -> list[list[float]]:
    brightness, background = rng.uniform(0.7, 1.3), rng.uniform(-0.2, 0.2)

    def shine(pixel: int, position: float) -> float:
        light = brightness * math.exp(-0.5 * ((pixel - position) / _DOT_WIDTH) ** 2)
        return round(light + background + rng.gauss(0.0, _NOISE), _DIGITS)

    return [[shine(pixel, position) for pixel in range(NUM_PIXELS)] for position in positions]
