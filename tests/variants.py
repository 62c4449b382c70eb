"""Variants of a test: a few in the default run, the others behind the marker `slow`."""

from collections.abc import Iterable

import pytest


def slow_but(default: Iterable[str], variants: Iterable[str]) -> list:
    """Returns the variants as parameters, those that are not in the default run marked `slow`."""
    default = set(default)
    variants = list(variants)
    assert default <= set(variants)
    return [name if name in default else pytest.param(name, marks=pytest.mark.slow) for name in variants]
