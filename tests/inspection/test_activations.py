"""Hidden units are what the layers answer, and the units that are chosen are the right ones."""

import keras
import numpy as np
import pytest

from rnnzoo.builders import build_language_model, build_sequence_tagger, build_text_classifier
from rnnzoo.config import UserError
from rnnzoo.inspection import Activations, compute_activations, correlate_units, parse_units, select_units
from rnnzoo.inspection.stack_outputs import find_stack, read_stack_inputs, run_layer_by_layer

TOKENS = list("abcde")
IDS = [4, 7, 1, 5, 6]


@pytest.mark.parametrize("cell", ["simple_rnn", "gru", "lstm"])
@pytest.mark.parametrize("stack", ["residual", "plain"])
@pytest.mark.parametrize("input", ["embedding", "one_hot"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_last_of_all_is_what_the_stack_answers(cell, stack, input, bidirectional):
    model = build_sequence_tagger(
        2, 9, input=input, embedding_dim=3, cell=cell, stack=stack, units=4, num_layers=2, bidirectional=bidirectional
    )
    ids = np.array([IDS], np.int32)
    layer = find_stack(model)
    outputs, last = run_layer_by_layer(layer, read_stack_inputs(model, {"token_ids": ids}))
    expected = keras.Model(model.inputs, layer.output)([ids], training=False)
    np.testing.assert_allclose(last, expected, atol=1e-6)
    activations = compute_activations(model, IDS, TOKENS)
    assert [values.shape for values in activations.layers] == [(5, 8 if bidirectional else 4)] * 2
    if stack == "plain":
        np.testing.assert_allclose(activations.layers[-1], expected[0], atol=1e-6)
    for kept, output in zip(activations.layers, outputs, strict=True):
        np.testing.assert_array_equal(kept, output[0])


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm"])
def test_a_language_model_also_goes_on_from_a_state(cell):
    model = build_language_model(9, cell=cell, units=4, num_layers=2, embedding_dim=3)
    whole = compute_activations(model, IDS, TOKENS)
    width = 8 if cell == "lstm" else 4
    outputs = model({"token_ids": np.array([IDS[:2]]), "initial_state": np.zeros((1, 2, width), "float32")})
    rest = compute_activations(model, IDS[2:], TOKENS[2:], {"initial_state": outputs["state"]})
    for of_whole, of_rest in zip(whole.layers, rest.layers, strict=True):
        np.testing.assert_allclose(of_rest, of_whole[2:], atol=1e-6)


def test_a_model_that_was_saved_says_the_same(tmp_path):
    model = build_text_classifier(2, 9, units=4, embedding_dim=3)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    first, second = (compute_activations(one, IDS, TOKENS) for one in (model, again))
    np.testing.assert_allclose(first.layers[0], second.layers[0], atol=1e-6)


def test_what_is_missing_is_named():
    model = build_text_classifier(2, 9, affix_vocabulary_size=5, num_affixes=2, units=4, embedding_dim=3)
    with pytest.raises(ValueError, match="affix_ids"):
        compute_activations(model, IDS, TOKENS)
    assert compute_activations(model, IDS, TOKENS, {"affix_ids": np.ones((1, 5, 2), "int32")}).tokens == tuple(TOKENS)
    with pytest.raises(ValueError, match="recurrent_stack"):
        compute_activations(keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]), IDS, TOKENS)
    with pytest.raises(ValueError, match="a token for each"):
        compute_activations(model, IDS, TOKENS[1:])


@pytest.fixture
def activations():
    rise = np.arange(4.0)
    first = np.stack([0.1 * rise, np.zeros(4), [5, -5, 5, -5]], axis=1)
    second = np.stack([-rise / 3, [0, 0, 1, 0], np.ones(4)], axis=1)
    return Activations(tuple("abcd"), (first.astype("float32"), second.astype("float32")), units=2)


def test_units_of_the_greatest_variance_come_first(activations):
    assert select_units(activations, 1) == [(0, 2)]
    assert {*select_units(activations, 3)[1:]} == {(1, 0), (1, 1)}
    assert len(select_units(activations, 99)) == 6


def test_units_that_correlate_come_first_whatever_the_sign(activations):
    feature = np.arange(4.0)
    assert set(select_units(activations, 2, feature)) == {(0, 0), (1, 0)}
    first, second = correlate_units(activations, feature)
    np.testing.assert_allclose(first[:2], [1, 0], atol=1e-6)
    np.testing.assert_allclose(second[0], -1, atol=1e-6)
    assert second[2] == 0
    assert all((of_layer == 0).all() for of_layer in correlate_units(activations, np.ones(4)))


def test_units_are_named_as_people_count(activations):
    assert parse_units(activations, "1:2, 2:0") == [(0, 2), (1, 0)]
    assert [activations.name(unit) for unit in [(0, 1), (1, 2)]] == ["layer 1, unit 1", "layer 2, unit 2 (backward)"]
    assert activations.values((1, 1)).tolist() == [0, 0, 1, 0]
    for wrong in ("0:1", "3:0", "1:3", "1", "a:b", "", "1:-1"):
        with pytest.raises(UserError, match=r"no such unit|no unit"):
            parse_units(activations, wrong)
