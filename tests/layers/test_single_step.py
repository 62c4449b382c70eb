"""One step at a time against the whole sequence."""

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.layers import CELLS, RecurrentStack, SingleStep, state_size


def make_stack(**options):
    """Returns a stack of which no weight is zero, a sequence for it, and a state."""
    layer = RecurrentStack(**{"units": 5, "return_state": True} | options)
    random = np.random.default_rng(0)
    if layer.one_hot_size is None:
        sequences = random.normal(size=(3, 6, 4)).astype("float32")
    else:
        sequences = random.integers(1, layer.one_hot_size, (3, 6)).astype("int32")
    layer.build((None, None, 4) if layer.one_hot_size is None else (None, None))
    for weight in layer.trainable_weights:
        weight.assign(random.normal(0.2, 0.5, weight.shape))
    state = random.normal(size=(3, layer.num_layers, state_size(layer.cell, layer.units))).astype("float32")
    return layer, sequences, state


def assert_steps_equal_the_sequence(layer, sequences, state, step):
    outputs, final_state = layer(sequences, initial_state=state)
    for time in range(sequences.shape[1]):
        output, state = step(sequences[:, time], state)
        np.testing.assert_allclose(output, outputs[:, time], atol=1e-5)
    np.testing.assert_allclose(state, final_state, atol=1e-5)


@pytest.mark.parametrize("num_layers", [1, 3])
@pytest.mark.parametrize("one_hot_size", [None, 7])
@pytest.mark.parametrize("stack", ["residual", "plain"])
@pytest.mark.parametrize("cell", CELLS)
def test_steps_equal_the_sequence(cell, stack, one_hot_size, num_layers):
    layer, sequences, state = make_stack(cell=cell, stack=stack, one_hot_size=one_hot_size, num_layers=num_layers)
    assert_steps_equal_the_sequence(layer, sequences, state, layer.step)
    folded = SingleStep(layer)

    def step(inputs, state):
        x, after = folded.advance(*folded.read(tf.constant(inputs)), folded.split_state(tf.constant(state)))
        return folded.finish(x), folded.join_state(after)

    assert_steps_equal_the_sequence(layer, sequences, state, step)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "linear", "gelu"])
@pytest.mark.parametrize("cell", CELLS)
def test_every_activation(cell, activation):
    layer, sequences, state = make_stack(cell=cell, num_layers=2, activation=activation)
    assert_steps_equal_the_sequence(layer, sequences, state * 0.1, layer.step)


def test_an_input_as_wide_as_the_layers_needs_no_projection():
    layer, sequences, state = make_stack(units=4)
    assert layer.projection is None
    assert_steps_equal_the_sequence(layer, sequences, state, layer.step)


def test_dropout_is_never_on():
    layer, sequences, state = make_stack(num_layers=2, dropout=0.5, recurrent_dropout=0.5)
    assert_steps_equal_the_sequence(layer, sequences, state, layer.step)


@pytest.mark.parametrize("stack", ["residual", "plain"])
@pytest.mark.parametrize("fold", [False, True])
def test_a_dense_layer_after_the_stack_may_be_folded_in(fold, stack):
    layer, _, _ = make_stack(stack=stack)
    random = np.random.default_rng(1)
    x, kernel, bias = (random.normal(size=shape).astype("float32") for shape in ((3, 5), (5, 2), (2,)))
    single_step = SingleStep(layer, fold=fold)
    np.testing.assert_allclose(
        single_step.fold_output(kernel, bias)(x), single_step.finish(tf.constant(x)) @ kernel + bias, atol=1e-5
    )


def test_refuses_a_stack_that_reads_both_ways():
    layer = RecurrentStack(3, bidirectional=True)
    layer.build((None, None, 3))
    with pytest.raises(ValueError, match="bidirectional=False"):
        layer.step(np.zeros((1, 3), "float32"), np.zeros((1, 1, 3), "float32"))
