"""The counts and limits that shares are computed from."""

import doctest
import importlib

import pytest

from benchmarks.growth import fit_growth
from benchmarks.limits import Limits, limit_seconds
from benchmarks.shapes import TRAINING_SHAPES, Products, Shape, count_products


@pytest.mark.parametrize(
    "module", ["shapes", "limits", "growth", "rounds", "end_to_end", "generation", "translation_shape"]
)
def test_examples_of_docstrings(module):
    results = doctest.testmod(importlib.import_module(f"benchmarks.{module}"))
    assert results.attempted > 0
    assert results.failed == 0


def test_one_layer_counts_as_the_sketch_of_the_products():
    shape = TRAINING_SHAPES[0]
    tokens, embedding, units, classes = 6400, 64, 256, 100
    assert count_products(shape).total == 3 * 2 * (embedding * units + units * units + units * classes) * tokens
    assert count_products(shape).recurrent == 2 * 2 * units * units * tokens


def test_bidirectional_features_need_no_gradient_of_the_input():
    shape = Shape("tagger", 2, 5, 7, 3, 4, num_layers=2, bidirectional=True, float_features=True)
    first = 2 * (2 * 20 * 7 * 3 + 20 * 3 * 3)
    second = 2 * (3 * 20 * 6 * 3 + 20 * 3 * 3)
    assert count_products(shape) == Products(large=first + second + 3 * 20 * 6 * 4, recurrent=4 * 2 * 20 * 3 * 3)


def test_residual_stack_projects_an_input_of_another_width():
    same = count_products(Shape("same", 1, 10, 8, 8, 5, num_layers=2, stack="residual"))
    wider = count_products(Shape("wider", 1, 10, 6, 8, 5, num_layers=2, stack="residual"))
    assert wider.large - same.large == 3 * 20 * 6 * 8
    assert wider.recurrent == same.recurrent


def test_limit_adds_both_kinds_of_products():
    shape = TRAINING_SHAPES[1]
    products = count_products(shape)
    seconds = limit_seconds(shape, Limits(large=4e11, step=1e11))
    assert seconds == pytest.approx(products.large / 4e11 + products.recurrent / 1e11)


def test_linear_growth_is_told_from_quadratic_growth():
    sizes = [50, 200, 1000, 3000, 10_000]
    linear = fit_growth(sizes, [0.001 + 2e-5 * size for size in sizes])
    assert linear.each == pytest.approx(2e-5)
    assert linear.fixed == pytest.approx(0.001)
    assert linear.worst_deviation < 1e-9
    assert linear.power == pytest.approx(1.0, abs=0.03)
    assert fit_growth(sizes, [1e-8 * size**2 for size in sizes]).power == pytest.approx(2.0)
