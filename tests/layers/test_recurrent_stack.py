"""The recurrent stack against its formula, stock Keras layers and itself in pieces."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.evaluation import softmax_cross_entropy_sum
from rnnzoo.layers import CELLS, RecurrentStack, state_size

STOCK = {"simple_rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}
LENGTHS = np.array([6, 3, 1])
MASK = np.arange(6) < LENGTHS[:, None]


@pytest.fixture
def steps():
    return np.random.default_rng(0).normal(size=(3, 6, 2)).astype(np.float32)


def make_stack(*arguments, seed=0, **options):
    """Returns a stack of which no weight is zero, biases and norms included."""
    layer = RecurrentStack(*arguments, **options)
    layer.build((None, None, 2))
    random = np.random.default_rng(seed)
    for weight in layer.trainable_weights:
        weight.assign(random.normal(0.2, 0.5, weight.shape))
    return layer


def run_simple_rnn(steps, kernel, recurrent_kernel, bias):
    """h' = tanh(W x + U h + b) over one sequence, (time, features)."""
    state, states = np.zeros(len(bias)), []
    for step in steps:
        state = np.tanh(step @ kernel + state @ recurrent_kernel + bias)
        states.append(state)
    return np.array(states)


def run_stack(layer, steps):
    """The whole stack over one sequence, (time, features)."""

    def normalise(norm, x):
        gamma, beta = map(np.asarray, norm.get_weights())
        deviation = np.sqrt(x.var(axis=-1, keepdims=True) + norm.epsilon)
        return (x - x.mean(axis=-1, keepdims=True)) / deviation * gamma + beta

    x = steps
    if layer.projection is not None:
        kernel, bias = layer.projection.get_weights()
        x = x @ kernel + bias
    for place, recurrent in enumerate(layer.recurrent_layers):
        normed = normalise(layer.norms[place], x) if layer.stack == "residual" else x
        if layer.bidirectional:
            forward = run_simple_rnn(normed, *recurrent.forward_layer.get_weights())
            backward = run_simple_rnn(normed[::-1], *recurrent.backward_layer.get_weights())[::-1]
            y = np.concatenate([forward, backward], axis=-1)
        else:
            y = run_simple_rnn(normed, *recurrent.get_weights())
        x = x + y if layer.stack == "residual" else y
    return normalise(layer.final_norm, x) if layer.stack == "residual" else x


def test_one_unit_by_hand():
    layer = RecurrentStack(1, stack="plain")
    layer.build((None, None, 1))
    layer.recurrent_layers[0].set_weights([np.array([[1.0]]), np.array([[0.5]]), np.array([0.1])])
    steps = np.array([[[1.0], [-2.0], [0.0]]], np.float32)
    # tanh(1.1) = 0.800499; tanh(-1.9 + 0.400249) = -0.905103; tanh(0.1 - 0.452552) = -0.338636
    np.testing.assert_allclose(np.ravel(layer(steps)), [0.800499, -0.905103, -0.338636], atol=1e-6)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("stack", ["residual", "plain"])
def test_equals_the_formula(stack, bidirectional, steps):
    layer = make_stack(3, 2, stack=stack, bidirectional=bidirectional)
    answer = np.asarray(layer(steps, mask=MASK))
    assert answer.shape == (3, 6, 6 if bidirectional else 3) == layer.compute_output_shape(steps.shape)
    for row, length in enumerate(LENGTHS):
        np.testing.assert_allclose(answer[row, :length], run_stack(layer, steps[row, :length]), atol=1e-5)


def test_residual_stack_projects_only_other_widths():
    same, other = RecurrentStack(2), RecurrentStack(3)
    for layer in (same, other):
        layer.build((None, None, 2))
    assert same.projection is None
    assert other.projection.units == 3


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_plain_stack_equals_stock_layers(cell, bidirectional, steps):
    layer = make_stack(3, 2, cell=cell, stack="plain", bidirectional=bidirectional)
    x = steps
    for ours in layer.recurrent_layers:
        stock = STOCK[cell](3, return_sequences=True)
        stock = keras.layers.Bidirectional(stock) if bidirectional else stock
        stock.build(x.shape)
        stock.set_weights(ours.get_weights())
        x = stock(x, mask=MASK)
    np.testing.assert_array_equal(np.asarray(layer(steps, mask=MASK))[MASK], np.asarray(x)[MASK])


@pytest.mark.parametrize("stack", ["residual", "plain"])
@pytest.mark.parametrize("cell", CELLS)
def test_two_halves_with_carried_state_equal_the_whole(cell, stack, steps):
    layer = make_stack(3, 2, cell=cell, stack=stack, return_state=True)
    whole, final_state = layer(steps, mask=MASK)
    first, state = layer(steps[:, :4], mask=MASK[:, :4])
    assert state.shape == (3, 2, state_size(cell, 3)) == layer.compute_output_shape(steps.shape)[1]
    second, state = layer(steps[:, 4:], mask=MASK[:, 4:], initial_state=state)
    halves = np.concatenate([first, second], axis=1)
    np.testing.assert_allclose(halves[MASK], np.asarray(whole)[MASK], atol=1e-5)
    np.testing.assert_allclose(state, final_state, atol=1e-5)
    zeros = np.zeros(state.shape, np.float32)
    np.testing.assert_array_equal(layer(steps, mask=MASK, initial_state=zeros)[1], final_state)


@pytest.mark.parametrize("cell", CELLS)
def test_padding_leaves_the_state_as_it_is_when_a_state_is_given(cell, tmp_path):
    """Keras fills in `mask` only for calls with one tensor, so this needs care."""
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    initial_state = keras.Input((2, state_size(cell, 3)), name="initial_state")
    x = keras.layers.Embedding(9, 2, mask_zero=True)(token_ids)
    outputs = RecurrentStack(3, 2, cell=cell, return_state=True)(x, initial_state=initial_state)
    assert [getattr(tensor, "_keras_mask", None) is not None for tensor in outputs] == [True, False]
    model = keras.Model([token_ids, initial_state], outputs)
    given = np.random.default_rng(0).normal(size=(1, *initial_state.shape[1:])).astype(np.float32)
    _, expected = model([np.array([[5, 6, 7]]), given])
    padded = [np.array([[5, 6, 7, 0, 0]]), given]
    np.testing.assert_allclose(model(padded)[1], expected, atol=1e-6)
    np.testing.assert_array_equal(model([np.array([[0, 0]]), given])[1], given)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(padded)[1], model(padded)[1])


def test_identity_with_relu_is_an_irnn(steps):
    layer = RecurrentStack(3, stack="plain", recurrent_initializer="identity", activation="relu")
    answer = np.asarray(layer(steps))
    kernel, recurrent_kernel, bias = layer.recurrent_layers[0].get_weights()
    np.testing.assert_array_equal(recurrent_kernel, np.eye(3))
    np.testing.assert_array_equal(bias, 0.0)
    state = np.zeros((3, 3))
    for time in range(6):
        state = np.maximum(steps[:, time] @ kernel + state, 0.0)
        np.testing.assert_allclose(answer[:, time], state, atol=1e-6)


def test_orthogonal_is_the_default():
    layer = RecurrentStack(5)
    layer.build((None, None, 2))
    recurrent_kernel = layer.recurrent_layers[0].get_weights()[1]
    np.testing.assert_allclose(recurrent_kernel @ recurrent_kernel.T, np.eye(5), atol=1e-5)


@pytest.mark.parametrize("run", [lambda call: call, tf.function], ids=["eager", "graph"])
def test_recurrent_dropout_is_one_mask_for_all_steps_and_off_in_inference(run):
    options = {"stack": "plain", "recurrent_initializer": "identity", "activation": "linear"}
    layer = RecurrentStack(200, recurrent_dropout=0.5, **options)
    steps, ones = tf.zeros([1, 4, 2]), tf.ones([1, 1, 200])
    np.testing.assert_array_equal(run(layer)(steps, initial_state=ones, training=False), 1.0)
    train = run(lambda: layer(steps, initial_state=ones, training=True))
    # Each unit is kept, and scaled by 1 / 0.5, at every step or at none.
    answer = np.asarray(train())[0].T
    kept = answer[:, 0] > 0
    assert 60 < kept.sum() < 140
    np.testing.assert_array_equal(answer[kept], np.tile([2.0, 4.0, 8.0, 16.0], (kept.sum(), 1)))
    np.testing.assert_array_equal(answer[~kept], 0.0)
    assert (np.asarray(train())[0, 0] != answer[:, 0]).any()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("option", ["dropout", "recurrent_dropout"])
def test_dropout_is_active_only_in_training(cell, option, steps):
    layer = make_stack(8, cell=cell, bidirectional=True, **{option: 0.5})
    without = make_stack(8, cell=cell, bidirectional=True)
    np.testing.assert_allclose(layer(steps, mask=MASK, training=False), without(steps, mask=MASK), atol=1e-6)
    assert (np.asarray(layer(steps, mask=MASK, training=True)) != np.asarray(without(steps, mask=MASK))).any()


def test_keras_masks_the_loss_of_a_model_with_a_stack():
    keras.utils.set_random_seed(0)
    token_ids = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(9, 2, mask_zero=True)(token_ids)
    logits = keras.layers.Dense(4)(RecurrentStack(3, bidirectional=True)(x))
    model = keras.Model(token_ids, logits)
    ids = np.where(MASK, np.random.default_rng(0).integers(1, 9, MASK.shape), 0)
    labels = np.random.default_rng(1).integers(0, 4, MASK.shape)
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    total, weight = softmax_cross_entropy_sum(model(ids), labels, MASK.astype(np.float32))
    assert model.evaluate(ids, labels, verbose=0) == pytest.approx(float(total / weight), abs=1e-5)


def test_gated_cells_take_empty_sequences_on_a_gpu_too():
    """cuDNN fails on a batch with a sequence that is all padding."""
    for cell in ("gru", "lstm"):
        assert all(layer.use_cudnn is False for layer in RecurrentStack(2, 2, cell=cell).recurrent_layers)


def test_config_round_trip():
    layer = RecurrentStack(3, 2, "gru", stack="plain", dropout=0.1, recurrent_dropout=0.2, return_state=True)
    assert RecurrentStack.from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.parametrize(
    "options",
    [
        {"cell": "rnn"},
        {"stack": "dense"},
        {"recurrent_initializer": "zeros"},
        {"recurrent_initializer": "identity", "cell": "lstm"},
        {"return_state": True, "bidirectional": True},
        {"num_layers": 0},
        {"units": 0},
        {"dropout": 1.5},
        {"recurrent_dropout": -0.5},
    ],
    ids=str,
)
def test_refuses_impossible_arguments(options):
    with pytest.raises(ValueError):
        RecurrentStack(**{"units": 3} | options)


def test_refuses_a_state_for_both_directions(steps):
    with pytest.raises(ValueError, match="initial_state needs bidirectional=False"):
        RecurrentStack(3, bidirectional=True)(steps, initial_state=np.zeros((3, 1, 3), np.float32))


@pytest.mark.parametrize("stack", ["residual", "plain"])
@pytest.mark.parametrize("cell", ["simple_rnn", "gru", "lstm"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_ids_stand_for_one_hot_vectors(cell, stack, bidirectional):
    ids = np.array([[1, 4, 2, 0], [3, 0, 0, 0], [0, 0, 0, 0]], "int32")
    arguments = {"cell": cell, "stack": stack, "bidirectional": bidirectional, "num_layers": 2}
    # As wide as the vectors, where a residual stack of vectors would need no projection.
    looked_up = RecurrentStack(5 if not bidirectional else 3, one_hot_size=6, **arguments)
    multiplied = RecurrentStack(5 if not bidirectional else 3, **arguments)
    vectors = np.eye(6, dtype="float32")[ids]
    answer = looked_up(ids)
    np.testing.assert_array_equal(answer._keras_mask, ids != 0)
    multiplied(vectors)
    if bidirectional and stack == "residual":
        assert multiplied.projection is None and looked_up.projection is not None
        return
    multiplied.set_weights(looked_up.get_weights())
    np.testing.assert_allclose(answer, multiplied(vectors, mask=ids != 0), atol=1e-5)
    again = RecurrentStack.from_config(looked_up.get_config())
    again.build(ids.shape)
    again.set_weights(looked_up.get_weights())
    np.testing.assert_array_equal(again(ids), answer)
