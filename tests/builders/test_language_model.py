"""The language model in a user's own code. What every builder must do is in `tests/contract`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.builders import LanguageModelStep, build_language_model, check_masks, report_masks
from rnnzoo.layers import CELLS, state_size

# Keras warns that a dictionary is not the one tensor that it knows, and takes it by name all the same.
pytestmark = pytest.mark.filterwarnings("ignore:The structure of `inputs`")
SMALL = {"units": 5, "embedding_dim": 4}
OPTIONS = {
    "embedded": {},
    "one_hot": {"input": "one_hot"},
    "tied": {"tie_embeddings": True, "embedding_dim": 5},
    "projected": {"tie_embeddings": True},
    "of_a_class": {"num_classes": 3},
    "of_a_vector": {"condition_dim": 2, "tie_embeddings": True},
}


def make_model(**options):
    """Returns a model of which no weight is zero."""
    model = build_language_model(9, **SMALL | options)
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(random.normal(0.1, 0.5, weight.shape))
    return model


def make_inputs(model, token_ids, seed=0):
    random = np.random.default_rng(seed)
    inputs = {"token_ids": np.asarray(token_ids)}
    for name in set(model.input) - {"token_ids"}:
        shape = (len(inputs["token_ids"]), *model.input[name].shape[1:])
        is_class = name == "condition" and len(shape) == 1
        inputs[name] = random.integers(0, 3, shape) if is_class else random.normal(size=shape).astype("float32")
    return inputs


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_a_text_in_pieces_is_the_text(cell, options):
    model = make_model(cell=cell, num_layers=2, **options)
    inputs = make_inputs(model, [[1, 2, 3, 4, 5], [8, 7, 6, 0, 0]])
    whole = model(inputs)
    first = model(inputs | {"token_ids": inputs["token_ids"][:, :2]})
    second = model(inputs | {"token_ids": inputs["token_ids"][:, 2:], "initial_state": first["state"].numpy()})
    logits = np.concatenate([first["logits"], second["logits"]], axis=1)
    real = inputs["token_ids"] != 0
    np.testing.assert_allclose(logits[real], whole["logits"][real], atol=1e-5)
    np.testing.assert_allclose(second["state"], whole["state"], atol=1e-5)
    np.testing.assert_array_equal(whole["logits"]._keras_mask, real)
    check_masks(model)


@pytest.mark.parametrize("stack", ["residual", "plain"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_token_by_token_is_the_text(cell, options, stack):
    model = make_model(cell=cell, stack=stack, num_layers=2, **options)
    inputs = make_inputs(model, [[1, 2, 3, 4], [8, 7, 6, 5]])
    whole = model(inputs)
    condition, state = inputs.get("condition"), inputs["initial_state"]
    step = LanguageModelStep(model)
    prepared = step.prepare(condition)
    carried = prepared.split_state(tf.constant(state))
    assert step.state_shape == state.shape[1:]
    for time in range(4):
        logits, state = step(inputs["token_ids"][:, time], state, condition)
        np.testing.assert_allclose(logits, whole["logits"][:, time], atol=1e-5)
        logits, carried = prepared(tf.constant(inputs["token_ids"][:, time]), carried)
        np.testing.assert_allclose(logits, whole["logits"][:, time], atol=1e-5)
    np.testing.assert_allclose(state, whole["state"], atol=1e-5)
    np.testing.assert_allclose(prepared.join_state(carried), whole["state"], atol=1e-5)


def test_a_step_shares_the_weights_of_the_model():
    model = make_model()
    step = LanguageModelStep(model)
    arguments = np.array([3]), np.zeros((1, 1, 5), "float32")
    run = tf.function(lambda token_ids, state: step(token_ids, state)[0])
    before = run(*arguments)
    model.get_layer("logits").bias.assign_add(np.full(9, 2.0))
    np.testing.assert_allclose(run(*arguments), before + 2.0, atol=1e-5)


def test_a_step_of_a_reloaded_model(tmp_path):
    model = make_model(tie_embeddings=True, num_classes=3)
    model.save(tmp_path / "model.keras")
    arguments = np.array([3]), np.ones((1, 1, 5), "float32"), np.array([2])
    again = LanguageModelStep(keras.models.load_model(tmp_path / "model.keras"))(*arguments)
    for answer, expected in zip(again, LanguageModelStep(model)(*arguments), strict=True):
        np.testing.assert_array_equal(answer, expected)


def test_a_condition_is_heard_at_every_step_and_by_every_row():
    model = make_model(num_classes=3, num_layers=2)
    token_ids = np.tile([[3, 4, 5, 6, 7, 8] * 10], (3, 1))
    inputs = {"token_ids": token_ids, "initial_state": np.zeros((3, 2, 5), "float32"), "condition": np.arange(3)}
    logits = model(inputs)["logits"].numpy()
    for step in (0, 59):
        assert min(np.abs(logits[a, step] - logits[b, step]).max() for a, b in ((0, 1), (1, 2), (0, 2))) > 1e-3
    # Its own row's class counts, no other's.
    other = model(inputs | {"condition": np.array([0, 2, 2])})["logits"]
    np.testing.assert_allclose(other[0], logits[0], atol=1e-5)


def test_a_condition_that_is_missing_or_too_much_is_refused():
    state = np.zeros((1, 1, 5), "float32")
    with pytest.raises(ValueError, match="takes a condition"):
        LanguageModelStep(make_model(num_classes=3))(np.array([3]), state)
    with pytest.raises(ValueError, match="takes no condition"):
        LanguageModelStep(make_model()).prepare(np.array([3]))


def test_hello_is_learned():
    keras.utils.set_random_seed(0)
    model = build_language_model(8, units=8, input="one_hot", stack="plain", dropout=0.0)
    letters = {"h": 4, "e": 5, "l": 6, "o": 7}
    ids = np.array([[letters[letter] for letter in "hello"]])
    inputs = {"token_ids": ids[:, :-1], "initial_state": np.zeros((1, 1, 8), "float32")}
    optimizer = keras.optimizers.Adam(0.05)
    optimizer.build(model.trainable_weights)

    @tf.function
    def train():
        with tf.GradientTape() as tape:
            logits = model(inputs, training=True)["logits"]
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(ids[:, 1:], logits))
        optimizer.apply(tape.gradient(loss, model.trainable_weights), model.trainable_weights)
        return loss

    for _ in range(60):
        loss = train()
    assert float(loss) < 0.1
    assert np.argmax(model(inputs)["logits"], axis=-1).tolist() == ids[:, 1:].tolist()
    step = LanguageModelStep(model)
    token_ids, state, written = np.array([4]), inputs["initial_state"], "h"
    for _ in range(4):
        logits, state = step(token_ids, state)
        token_ids = np.argmax(logits, axis=-1)
        written += "????helo"[token_ids[0]]
    assert written == "hello"


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_go_through_a_given_state(cell):
    model = make_model(cell=cell, num_layers=2)
    inputs = {name: tf.constant(value) for name, value in make_inputs(model, [[1, 2, 3]]).items()}
    state = inputs["initial_state"]
    with tf.GradientTape() as tape:
        tape.watch(state)
        loss = tf.reduce_sum(model(inputs)["logits"][:, -1] ** 2)
    gradient = tape.gradient(loss, state).numpy()
    assert gradient.shape == (1, 2, state_size(cell, 5))
    assert (np.abs(gradient).max(axis=-1) > 0).all()


def test_a_training_step_compiles_with_xla_and_gives_the_same():
    model = make_model(num_layers=2, dropout=0.0, tie_embeddings=True)
    inputs = make_inputs(model, [[1, 2, 3], [4, 0, 0]])

    def step(inputs):
        with tf.GradientTape() as tape:
            answers = model(inputs, training=True)
            loss = tf.reduce_sum(answers["logits"] ** 2)
        gradients = tape.gradient(loss, model.trainable_weights)
        return loss, answers["state"], [tf.convert_to_tensor(gradient) for gradient in gradients]

    inputs = {name: tf.constant(value) for name, value in inputs.items()}
    expected, compiled = step(inputs), tf.function(step, jit_compile=True)(inputs)
    for one, other in zip(tf.nest.flatten(expected), tf.nest.flatten(compiled), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("options", [{}, {"tie_embeddings": True}, {"num_classes": 3}], ids=str)
def test_mixed_precision_gives_float32_logits_and_state(options):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = make_model(**options)
        answers = model(make_inputs(model, [[1, 2, 3]]))
        assert (answers["logits"].dtype, answers["state"].dtype) == ("float32", "float32")
    finally:
        keras.config.set_dtype_policy(before)


def test_options_reach_the_layers():
    options = {"units": 3, "num_layers": 2, "cell": "lstm", "stack": "plain", "recurrent_dropout": 0.1}
    model = build_language_model(9, **options, word_dropout=0.2, locked_dropout=0.4, name="mine")
    stack = model.get_layer("recurrent_stack")
    assert {name: getattr(stack, name) for name in options} == options
    assert (stack.dropout, stack.bidirectional, model.name) == (0.3, False, "mine")
    assert model.get_layer("embedding").output_dim == 128
    assert model.get_layer("word_dropout").rate == 0.2
    for place in ("embedding", "output"):
        assert model.get_layer(f"{place}_dropout").rate == 0.3
        assert model.get_layer(f"{place}_locked_dropout").noise_shape == (None, 1, None)
    assert model.input["initial_state"].shape == (None, 2, 6)
    assert model.output["logits"].shape == (None, None, 9)
    without = build_language_model(9, dropout=0.0)
    assert not any("dropout" in row.layer for row in report_masks(without))


def test_tied_embeddings_save_the_output_matrix():
    assert (
        make_model(tie_embeddings=True, embedding_dim=5).count_params()
        == make_model(embedding_dim=5).count_params() - 45
    )


@pytest.mark.parametrize(
    "options",
    [
        {"num_classes": 2, "condition_dim": 3},
        {"num_classes": 2, "input": "one_hot"},
        {"condition_dim": 2, "input": "one_hot"},
        {"tie_embeddings": True, "input": "one_hot"},
        {"input": "bytes"},
        {"cell": "rnn"},
        {"stack": "dense"},
        {"units": 0},
        {"num_layers": 0},
        {"dropout": 1.1},
        {"locked_dropout": -0.1},
        {"word_dropout": -0.1},
    ],
    ids=str,
)
def test_refuses_impossible_arguments(options):
    with pytest.raises(ValueError):
        build_language_model(9, **options)
