"""Inputs of unlike numbers of rows are refused by the graph itself."""

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.export.checks.session_check import SessionModel
from rnnzoo.export.row_counts import refuse_unlike_rows


@pytest.mark.parametrize(("num_texts", "num_thresholds"), [(1, 3), (3, 1), (2, 0)])
def test_an_export_refuses_unlike_rows(tiny_result, num_texts, num_thresholds):
    model = SessionModel(tiny_result.path)
    inputs = {"text": np.full(num_texts, b"ab", object), "threshold": np.zeros(num_thresholds, np.float32)}
    with pytest.raises(tf.errors.InvalidArgumentError, match="text, threshold have unlike numbers of rows"):
        model.run("tag", inputs)


def test_equal_rows_are_answered_as_without_the_check(tiny_module):
    checked = refuse_unlike_rows({"tag": tiny_module.tag, "classify": tiny_module.classify})
    assert checked["classify"] is tiny_module.classify
    inputs = tf.constant(["ab", "", "c"]), tf.constant([0.1, 0.5, 0.9])
    expected, got = tiny_module.tag(*inputs), checked["tag"](*inputs)
    assert expected.keys() == got.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(got[name], value)
