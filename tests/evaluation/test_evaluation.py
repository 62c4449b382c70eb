"""What an evaluation returns."""

import dataclasses

import pytest

from rnnzoo.evaluation import Evaluation


def test_details_are_optional_and_not_shared():
    one, other = Evaluation({"accuracy": 1.0}), Evaluation({"accuracy": 0.5})
    one.details["x"] = 1
    assert other.details == {}


def test_scores_are_not_replaced_afterwards():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Evaluation({}).metrics = {}
