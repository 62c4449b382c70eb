"""The fast SimpleRNN against the stock layer with the same weights."""

import hypothesis.strategies as st
import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings

from rnnzoo.layers import SimpleRNN

BATCH, TIME, FEATURES, UNITS = 4, 6, 3, 5


def make_pair(**arguments):
    """A stock layer and ours with the same weights, none of them zero."""
    layers = [cls(UNITS, bias_initializer="normal", **arguments) for cls in (keras.layers.SimpleRNN, SimpleRNN)]
    for layer in layers:
        layer.build((BATCH, TIME, FEATURES))
    layers[1].set_weights(layers[0].get_weights())
    return layers


def run(layer, inputs, state, mask, training=False, jit_compile=False):
    """Outputs, final state, and the gradients of a function of both by inputs, state and weights."""
    inputs = tf.constant(inputs)
    sources = [inputs] if state is None else [inputs, tf.constant(state)]

    def forward_and_backward(*sources):
        with tf.GradientTape() as tape:
            tape.watch(sources)
            initial = sources[1] if len(sources) > 1 else None
            outputs, final = layer(sources[0], initial_state=initial, mask=mask, training=training)
            loss = tf.reduce_sum(tf.sin(3.0 * outputs)) + tf.reduce_sum(final * final)
        weights = [variable.value for variable in layer.trainable_variables]
        return [outputs, final, *tape.gradient(loss, [*sources, *weights])]

    function = tf.function(forward_and_backward, jit_compile=True) if jit_compile else forward_and_backward
    return [np.asarray(tensor) for tensor in function(*sources)]


def assert_equal(stock, ours):
    for place, (theirs, mine) in enumerate(zip(stock, ours, strict=True)):
        tolerance = 1e-5 if place < 2 else 1e-4 * max(1.0, float(np.abs(theirs).max()))
        np.testing.assert_allclose(mine, theirs, rtol=0.0, atol=tolerance)


MASKS = {
    "none": None,
    "right": np.arange(TIME) < np.array([6, 2, 0, 4])[:, None],
    "left": np.arange(TIME) >= np.array([0, 2, 6, 3])[:, None],
    "holes": np.random.default_rng(3).random((BATCH, TIME)) < 0.6,
}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.fixed_dictionaries(
        {
            "activation": st.sampled_from(["tanh", "relu", "sigmoid", "linear", "gelu", None]),
            "use_bias": st.booleans(),
            "return_sequences": st.booleans(),
            "go_backwards": st.booleans(),
            "zero_output_for_mask": st.booleans(),
            "unroll": st.booleans(),
        }
    ),
    st.sampled_from(sorted(MASKS)),
    st.booleans(),
    st.integers(0, 1000),
)
def test_equals_the_stock_layer(arguments, mask, has_state, seed):
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    state = 0.5 * random.normal(size=(BATCH, UNITS)).astype("float32") if has_state else None
    stock, ours = make_pair(return_state=True, recurrent_initializer="glorot_uniform", **arguments)
    assert_equal(run(stock, inputs, state, MASKS[mask]), run(ours, inputs, state, MASKS[mask]))


@pytest.mark.parametrize("mask", sorted(MASKS))
@pytest.mark.parametrize("go_backwards", [False, True])
def test_equals_the_stock_layer_through_xla(mask, go_backwards):
    inputs = np.random.default_rng(1).normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    stock, ours = make_pair(return_sequences=True, return_state=True, go_backwards=go_backwards)
    assert_equal(run(stock, inputs, None, MASKS[mask]), run(ours, inputs, None, MASKS[mask], jit_compile=True))


def test_dropout_equals_the_stock_layer_with_the_same_seed():
    inputs = np.random.default_rng(1).normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    stock, ours = make_pair(return_sequences=True, return_state=True, dropout=0.4, recurrent_dropout=0.4, seed=7)
    with_dropout = run(ours, inputs, None, MASKS["right"], training=True)
    assert_equal(run(stock, inputs, None, MASKS["right"], training=True), with_dropout)
    assert np.abs(with_dropout[0] - run(ours, inputs, None, MASKS["right"])[0]).max() > 0.01


def test_a_length_that_is_only_known_when_it_runs():
    stock, ours = make_pair(return_sequences=True)
    function = tf.function(ours, input_signature=[tf.TensorSpec([None, None, FEATURES])])
    for time in (1, 4, 9):
        inputs = np.random.default_rng(time).normal(size=(2, time, FEATURES)).astype("float32")
        np.testing.assert_allclose(function(inputs), stock(inputs), atol=1e-5)


@pytest.mark.parametrize("merge_mode", ["concat", "sum"])
def test_inside_bidirectional(merge_mode):
    inputs = np.random.default_rng(2).normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    stock, ours = (
        keras.layers.Bidirectional(cls(UNITS, return_sequences=True), merge_mode=merge_mode)
        for cls in (keras.layers.SimpleRNN, SimpleRNN)
    )
    stock.build((BATCH, TIME, FEATURES))
    ours.build((BATCH, TIME, FEATURES))
    ours.set_weights(stock.get_weights())
    assert isinstance(ours.backward_layer, SimpleRNN)
    np.testing.assert_allclose(ours(inputs, mask=MASKS["right"]), stock(inputs, mask=MASKS["right"]), atol=1e-5)


def test_stateful_carries_the_state_and_resets():
    stock, ours = make_pair(stateful=True)
    inputs = np.random.default_rng(4).normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    for _ in range(3):
        np.testing.assert_allclose(ours(inputs), stock(inputs), atol=1e-5)
    first = SimpleRNN.from_config({**ours.get_config(), "stateful": False})
    first.build(inputs.shape)
    first.set_weights(ours.get_weights()[:3])
    ours.reset_state()
    np.testing.assert_allclose(ours(inputs), first(inputs), atol=1e-6)


def test_model_file_round_trip_and_stock_weights(tmp_path):
    def build(cls):
        inputs = keras.Input((None, FEATURES))
        masked = keras.layers.Masking()(inputs)
        return keras.Model(inputs, cls(UNITS, return_sequences=True, go_backwards=True, name="rnn")(masked))

    stock, ours = build(keras.layers.SimpleRNN), build(SimpleRNN)
    stock.save_weights(tmp_path / "stock.weights.h5")
    ours.load_weights(tmp_path / "stock.weights.h5")
    inputs = np.random.default_rng(5).normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    inputs[1, 3:] = 0.0
    np.testing.assert_allclose(ours(inputs), stock(inputs), atol=1e-5)
    ours.save(tmp_path / "ours.keras")
    again = keras.saving.load_model(tmp_path / "ours.keras")
    assert isinstance(again.get_layer("rnn"), SimpleRNN)
    np.testing.assert_array_equal(again(inputs), ours(inputs))
    assert getattr(again.output, "_keras_mask", None) is not None


def test_config_is_that_of_the_stock_layer():
    stock, ours = make_pair(dropout=0.1, recurrent_dropout=0.2, go_backwards=True, kernel_regularizer="l2", name="same")
    assert ours.get_config() == stock.get_config()


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(policy):
    inputs = np.random.default_rng(6).normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    stock, ours = make_pair(return_sequences=True, dtype=policy)
    outputs = ours(inputs, mask=MASKS["right"])
    assert outputs.dtype == ours.compute_dtype
    np.testing.assert_allclose(
        tf.cast(outputs, tf.float32), tf.cast(stock(inputs, mask=MASKS["right"]), tf.float32), atol=0.03
    )
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.cast(ours(inputs, mask=MASKS["right"]), tf.float32))
    for gradient in tape.gradient(loss, [variable.value for variable in ours.trainable_variables]):
        assert gradient.dtype == tf.float32 and np.isfinite(gradient).all()


def test_second_derivatives_equal_the_stock_layers():
    inputs = tf.constant(np.random.default_rng(7).normal(size=(2, 3, FEATURES)).astype("float32"))

    def second_derivative(layer):
        with tf.GradientTape() as outer:
            outer.watch(inputs)
            with tf.GradientTape() as inner:
                inner.watch(inputs)
                loss = tf.reduce_sum(layer(inputs) ** 2)
            first = inner.gradient(loss, inputs)
            summed = tf.reduce_sum(first**2)
        return outer.gradient(summed, inputs)

    stock, ours = make_pair()
    np.testing.assert_allclose(second_derivative(ours), second_derivative(stock), atol=1e-4)


def test_layers_of_several_widths_run_eagerly_one_after_the_other():
    for units in (2, 3, 4):
        layer = SimpleRNN(units, return_sequences=True)
        inputs = tf.ones((units + 1, units + 2, units + 3))
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(inputs))
        weights = [variable.value for variable in layer.weights]
        for gradient, weight in zip(tape.gradient(loss, weights), weights, strict=True):
            assert gradient.shape == weight.shape


def test_ten_thousand_steps_give_finite_gradients():
    _, ours = make_pair(return_sequences=True)

    @tf.function
    def gradients(inputs):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(ours(inputs) ** 2)
        return tape.gradient(loss, [variable.value for variable in ours.trainable_variables])

    inputs = np.random.default_rng(8).normal(size=(1, 10_000, FEATURES)).astype("float32")
    for gradient in gradients(inputs):
        assert np.isfinite(gradient).all()
