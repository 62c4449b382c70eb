"""Gradient norms against cases that are worked out by hand, and what the curves must show."""

import numpy as np
import pytest

from rnnzoo.builders import build_text_classifier
from rnnzoo.inspection import compare_gradient_flow, measure_gradient_flow
from rnnzoo.inspection.gradient_flow import GradientFlow
from rnnzoo.inspection.stack_outputs import find_stack
from rnnzoo.layers import RecurrentStack

UNITS, STEPS = 4, 12


def make_linear_stack(recurrent_kernel, activation="linear"):
    """A SimpleRNN of h' = f(x + h W)."""
    stack = RecurrentStack(UNITS, stack="plain", activation=activation)
    stack.build((None, None, UNITS))
    cell = stack.recurrent_layers[0].cell
    cell.kernel.assign(np.eye(UNITS))
    cell.recurrent_kernel.assign(recurrent_kernel)
    return stack


def draw_vectors(batch_size=3):
    return np.random.default_rng(0).standard_normal((batch_size, STEPS, UNITS)).astype(np.float32)


@pytest.mark.parametrize("factor", [1.0, 0.5, 1.5])
def test_a_multiple_of_the_identity_scales_each_step(factor):
    norms = measure_gradient_flow(make_linear_stack(factor * np.eye(UNITS)), draw_vectors())
    np.testing.assert_allclose(norms, norms[0] * factor ** np.arange(STEPS), rtol=1e-5)
    assert norms[0] > 0


def test_a_rotation_keeps_the_norm():
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((UNITS, UNITS)))[0]
    norms = measure_gradient_flow(make_linear_stack(rotation), draw_vectors())
    np.testing.assert_allclose(norms, norms[0], rtol=1e-5)


def test_the_slope_of_the_activation_counts():
    # At h = 0, where tanh has the slope 1, as the identity; elsewhere less at each step.
    at_zero = measure_gradient_flow(make_linear_stack(np.eye(UNITS), "tanh"), np.zeros((2, STEPS, UNITS), "float32"))
    np.testing.assert_allclose(at_zero, at_zero[0], rtol=1e-5)
    elsewhere = measure_gradient_flow(make_linear_stack(np.eye(UNITS), "tanh"), draw_vectors())
    assert np.all(np.diff(elsewhere) < 0)


def test_identity_with_relu_keeps_what_is_active():
    norms = measure_gradient_flow(make_linear_stack(np.eye(UNITS), "relu"), np.ones((2, STEPS, UNITS), "float32"))
    np.testing.assert_allclose(norms, norms[0], rtol=1e-5)


def test_the_comparison_shows_the_vanishing_gradient():
    flow = compare_gradient_flow(units=24, num_steps=40, batch_size=4)
    last = {name: flow.relative(name)[-1] for name in flow.norms}
    assert list(last) == [
        "SimpleRNN, Glorot",
        "SimpleRNN, orthogonal",
        "SimpleRNN, identity, ReLU",
        "GRU",
        "LSTM",
        "GRU, gates open",
        "LSTM, gates open",
    ]
    assert all(len(norms) == 40 and np.isfinite(norms).all() for norms in flow.norms.values())
    assert last["GRU"] < last["LSTM"] < last["SimpleRNN, orthogonal"] < last["SimpleRNN, identity, ReLU"]
    assert last["GRU, gates open"] > 1e4 * last["GRU"]
    assert last["LSTM, gates open"] > 1e2 * last["LSTM"]
    again = compare_gradient_flow(units=24, num_steps=40, batch_size=4)
    for name, norms in flow.norms.items():
        np.testing.assert_array_equal(norms, again.norms[name])


@pytest.mark.parametrize("cell", ["simple_rnn", "gru", "lstm"])
def test_a_trained_model_of_any_kind_is_measured_too(cell):
    model = build_text_classifier(2, 9, cell=cell, units=5, embedding_dim=3, num_layers=2)
    vectors = np.random.default_rng(0).standard_normal((2, 6, 3)).astype(np.float32)
    flow = compare_gradient_flow(8, num_steps=5, batch_size=2, trained={"mine": (find_stack(model), vectors)})
    assert flow.trained == ("mine",)
    assert len(flow.norms["mine"]) == 5
    assert (flow.norms["mine"] > 0).all()


def test_shares_of_nothing_are_nothing():
    assert GradientFlow({"dead": np.zeros(3)}).relative("dead").tolist() == [0, 0, 0]
