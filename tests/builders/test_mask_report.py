"""Where the mask goes, and that a lost one is noticed."""

import keras
import pytest
from keras import layers, ops

from rnnzoo.builders import LayerMask, build_text_classifier, check_masks, report_masks
from rnnzoo.layers import RecurrentStack


@keras.saving.register_keras_serializable("rnnzoo_tests")
class Forgetful(layers.Layer):
    """Has no `supports_masking`."""

    def call(self, inputs):
        return inputs * 2.0


@keras.saving.register_keras_serializable("rnnzoo_tests")
class Careless(layers.Layer):
    """Passes the mask on but reads the padding."""

    def __init__(self, **options):
        super().__init__(**options)
        self.supports_masking = True

    def call(self, inputs):
        return inputs - ops.mean(inputs, axis=1, keepdims=True)


def make_model(middle, end=None):
    """Returns an embedding, then `middle`, then (the default) a recurrent layer and logits."""
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    h = middle(layers.Embedding(9, 4, mask_zero=True, name="embedding")(token_ids))
    return keras.Model(token_ids, end(h) if end else layers.Dense(2)(layers.SimpleRNN(3)(h)))


def nested(h):
    inside = keras.Input((None, 4))
    return keras.Model(inside, inside * 2.0, name="nested")(h)


def shared(h):
    layer = Forgetful(name="shared")
    return layers.Add()([layer(h), layer(h)])


DROPPING = {
    "Conv1D": lambda h: layers.Conv1D(4, 3, padding="same")(h),
    "multiply": lambda h: h * 2.0,
    "concatenate": lambda h: ops.concatenate([h, h], axis=-1),
    "relu": ops.relu,
    "sum of the features": lambda h: ops.expand_dims(ops.sum(h, axis=-1), -1),
    "layer without supports_masking": Forgetful(),
    "reversed": lambda h: h[:, ::-1],
    "operation in a nested model": nested,
    "shared layer": shared,
}
PASSING = {
    "nothing": lambda h: h,
    "Dropout": layers.Dropout(0.5),
    "Bidirectional": lambda h: layers.Bidirectional(layers.SimpleRNN(2, return_sequences=True))(h),
    "TimeDistributed": lambda h: layers.TimeDistributed(layers.Dense(3))(h),
    "LayerNormalization": lambda h: layers.LayerNormalization()(h),
    "Concatenate": lambda h: layers.Concatenate()([h, h]),
    "Add": lambda h: layers.Add()([h, h]),
    "RecurrentStack": lambda h: RecurrentStack(3, bidirectional=True)(h),
}


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
@pytest.mark.parametrize("what", DROPPING)
def test_a_dropped_mask_is_noticed(what):
    model = make_model(DROPPING[what])
    assert [row.mask for row in report_masks(model)].count("drops") == 1
    with pytest.raises(ValueError, match="the padding mask is dropped by the layer `"):
        check_masks(model)


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
def test_a_dropped_mask_is_noticed_where_padding_changes_no_answer():
    """The logits of a forward tagger stay right, but the loss would count padding."""
    model = make_model(lambda h: h * 2.0, lambda h: layers.Dense(2)(layers.SimpleRNN(3, return_sequences=True)(h)))
    with pytest.raises(ValueError, match="`multiply"):
        check_masks(model)


@pytest.mark.parametrize("what", PASSING)
def test_a_mask_that_is_passed_on_is_fine(what):
    model = make_model(PASSING[what])
    assert "drops" not in {row.mask for row in report_masks(model)}
    check_masks(model)


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
@pytest.mark.parametrize("end", [layers.GlobalMaxPooling1D(), lambda h: layers.SimpleRNN(3)(layers.Masking(-1.0)(h))])
def test_a_layer_that_reads_padding_is_noticed(end):
    with pytest.raises(ValueError, match=r"padding changes the answer by .*: a layer does not heed the mask"):
        check_masks(make_model(Careless(), end))


def test_a_model_without_a_mask_is_noticed():
    token_ids = keras.Input((None,), dtype="int32")
    x = layers.SimpleRNN(3, return_sequences=True)(layers.Embedding(9, 4)(token_ids))
    with pytest.raises(ValueError, match="no layer makes a padding mask"):
        check_masks(keras.Model(token_ids, layers.Dense(2)(x)))


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
def test_fixed_widths_are_followed_too():
    token_ids = keras.Input((6,), dtype="int32")
    h = layers.Embedding(9, 4, mask_zero=True)(token_ids)
    check_masks(keras.Model(token_ids, layers.SimpleRNN(6)(h)))
    with pytest.raises(ValueError, match="dropped by the layer `conv`"):
        check_masks(keras.Model(token_ids, layers.SimpleRNN(6)(layers.Conv1D(4, 3, name="conv")(h))))


def test_states_conditions_and_several_outputs():
    """The shape of a language model: ids, a state and a class in, logits and a state out."""
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    initial_state = keras.Input((2, 3), name="initial_state")
    condition = keras.Input((), dtype="int32", name="condition")
    x = layers.Embedding(4, 3, mask_zero=True)(token_ids)
    x, state = RecurrentStack(3, 2, return_state=True)(x, initial_state=initial_state)
    state = state + ops.expand_dims(layers.Embedding(2, 3)(condition), 1)
    inputs = {"token_ids": token_ids, "initial_state": initial_state, "condition": condition}
    check_masks(keras.Model(inputs, {"logits": layers.Dense(4)(x), "state": state}))
    # The last step's output is no final state: padding changes it.
    with pytest.raises(ValueError, match="padding changes the answer"):
        check_masks(keras.Model(inputs, {"logits": layers.Dense(4)(x), "state": state + ops.expand_dims(x[:, -1], 1)}))


def test_sequential_models():
    model = keras.Sequential([keras.Input((None,)), layers.Embedding(9, 4, mask_zero=True), layers.GRU(3)])
    assert [row.mask for row in report_masks(model)] == ["-", "makes", "uses"]
    check_masks(model)


def test_the_report_of_a_classifier():
    model = build_text_classifier(3, 20, units=4, embedding_dim=5, word_dropout=0.1)
    report = report_masks(model)
    assert [(row.layer, row.mask) for row in report] == [
        ("token_ids", "-"),
        ("word_dropout", "-"),
        ("embedding", "makes"),
        ("embedding_dropout", "passes"),
        ("recurrent_stack", "passes"),
        ("pooling", "uses"),
        ("dropout", "-"),
        ("logits", "-"),
    ]
    assert report[2] == LayerMask("embedding", "Embedding", "(batch, time, 5)", 100, "makes")
    assert sum(row.num_parameters for row in report) == model.count_params()


def test_a_vocabulary_of_special_ids_alone():
    check_masks(build_text_classifier(2, 4, units=2))
