"""The classifier in a user's own code. What every builder must do is in `tests/contract`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.builders import build_text_classifier

# Keras warns that a dictionary is not the one tensor that it knows, and takes it by name all the same.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The structure of `inputs`"),
    pytest.mark.filterwarnings("ignore:`shuffle=True` was passed"),
]
SMALL = {"vocabulary_size": 20, "units": 8, "embedding_dim": 8, "dropout": 0.0}


def make_examples(num_examples=64):
    """Returns padded ids and whether the id 4 is among them."""
    random = np.random.default_rng(0)
    ids = random.integers(5, 20, (num_examples, 6)).astype(np.int32)
    labels = np.arange(num_examples) % 2
    ids[np.arange(num_examples), random.integers(0, 3, num_examples)] = np.where(labels, 4, 5)
    ids[np.arange(6) >= random.integers(3, 7, (num_examples, 1))] = 0
    return ids, labels


def compile_model(model):
    model.compile(
        keras.optimizers.Adam(0.02),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )


@pytest.fixture(scope="module")
def trained():
    keras.utils.set_random_seed(0)
    model = build_text_classifier(2, **SMALL)
    compile_model(model)
    ids, labels = make_examples()
    before = model.evaluate(ids, labels, verbose=0)[0]
    model.fit(ids, labels, batch_size=16, epochs=12, verbose=0)
    return model, before


def test_fits_arrays(trained):
    model, before = trained
    loss, accuracy = model.evaluate(*make_examples(), verbose=0)
    assert loss < 0.2 < before
    assert accuracy > 0.9


def test_takes_a_dictionary_by_name(trained):
    model, _ = trained
    ids, labels = make_examples()
    by_array = model.evaluate(ids, labels, verbose=0)
    assert model.evaluate({"token_ids": ids}, labels, verbose=0) == pytest.approx(by_array)
    np.testing.assert_allclose(model.predict({"token_ids": ids}, verbose=0), model(ids), atol=1e-5)


def test_takes_batches_of_several_widths(trained):
    model, _ = trained
    ids, labels = make_examples()
    examples = tf.data.Dataset.from_tensor_slices((ids, labels))
    examples = examples.map(lambda row, label: ({"token_ids": row[row != 0]}, label))
    batches = examples.padded_batch(16, padded_shapes=({"token_ids": [None]}, []))
    loss, _ = model.evaluate(batches, verbose=0)
    assert loss == pytest.approx(model.evaluate(ids, labels, verbose=0)[0], abs=1e-5)
    model.fit(batches, epochs=1, verbose=0)


def test_fits_features():
    keras.utils.set_random_seed(0)
    model = build_text_classifier(2, feature_dim=3, units=8, cell="gru", dropout=0.0)
    compile_model(model)
    features = np.random.default_rng(0).normal(size=(32, 5, 3)).astype(np.float32)
    labels = (features[:, 0, 0] > 0).astype(np.int32)
    history = model.fit({"features": features}, labels, epochs=12, verbose=0).history
    assert history["loss"][-1] < 0.7 * history["loss"][0]


def test_a_frame_of_zeros_inside_is_skipped():
    model = build_text_classifier(2, feature_dim=2, units=3, pooling="last")
    frames = np.random.default_rng(0).normal(size=(1, 3, 2)).astype(np.float32)
    with_gaps = np.zeros((1, 6, 2), np.float32)
    with_gaps[:, [1, 2, 4]] = frames
    np.testing.assert_allclose(model(with_gaps), model(frames), atol=1e-5)


def test_the_model_has_the_name_it_is_given():
    parts = {"affix_vocabulary_size": 9, "num_affixes": 2, "ngram_vocabulary_size": 9, "num_ngrams": 1}
    assert build_text_classifier(2, 20, **parts, units=3).name == "text_classifier"
    assert build_text_classifier(2, 20, units=3, name="mine").name == "mine"


def test_affixes_add_to_words_and_a_word_without_any_still_counts():
    model = build_text_classifier(2, 20, affix_vocabulary_size=9, num_affixes=2, units=3, embedding_dim=4)
    ids, affixes = np.array([[5, 6, 7]]), np.array([[[4, 5], [0, 0], [6, 0]]])
    logits = model({"token_ids": ids, "affix_ids": affixes})
    padded = {"token_ids": np.pad(ids, [(0, 0), (0, 2)]), "affix_ids": np.pad(affixes, [(0, 0), (0, 2), (0, 0)])}
    np.testing.assert_allclose(model(padded), logits, atol=1e-5)
    without_middle = {"token_ids": ids[:, [0, 2]], "affix_ids": affixes[:, [0, 2]]}
    assert np.abs(model(without_middle) - logits).max() > 1e-4
    assert np.abs(model({"token_ids": ids, "affix_ids": affixes[..., ::-1]}) - logits).max() < 1e-5
    assert np.abs(model({"token_ids": ids, "affix_ids": np.zeros_like(affixes)}) - logits).max() > 1e-4


@pytest.fixture
def mixed_bfloat16():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("cell", ["simple_rnn", "gru", "lstm"])
def test_mixed_precision_gives_float32_logits(cell, mixed_bfloat16):
    model = build_text_classifier(3, **SMALL, num_layers=2, cell=cell, pooling="attention")
    ids, _ = make_examples(8)
    with tf.GradientTape() as tape:
        logits = model(np.pad(ids, [(0, 1), (0, 0)]), training=True)
        loss = tf.reduce_mean(logits**2)
    assert logits.dtype == "float32"
    assert model.trainable_weights[0].dtype == "float32"
    assert np.isfinite(logits).all()
    assert all(np.isfinite(tf.convert_to_tensor(g)).all() for g in tape.gradient(loss, model.trainable_weights))


@pytest.mark.parametrize("num_classes", [1, 2, 5, 1000])
def test_any_number_of_classes(num_classes):
    model = build_text_classifier(num_classes, vocabulary_size=9, units=2, embedding_dim=2)
    assert model.output.shape == (None, num_classes)


def test_options_reach_the_layers():
    model = build_text_classifier(
        2, 9, units=3, num_layers=2, cell="lstm", bidirectional=False, stack="plain", recurrent_dropout=0.1, name="mine"
    )
    stack = model.get_layer("recurrent_stack")
    assert (stack.units, stack.num_layers, stack.cell, stack.stack) == (3, 2, "lstm", "plain")
    assert (stack.bidirectional, stack.recurrent_dropout, stack.dropout) == (False, 0.1, 0.3)
    assert model.get_layer("pooling").bidirectional is False
    assert (model.name, model.get_layer("embedding_dropout").rate, model.get_layer("dropout").rate) == (
        "mine",
        0.3,
        0.3,
    )


@pytest.mark.parametrize(
    "options",
    [
        {"vocabulary_size": None},
        {"feature_dim": 4},
        {"vocabulary_size": None, "feature_dim": 4, "word_dropout": 0.1},
        {"vocabulary_size": None, "feature_dim": 4, "input": "one_hot"},
        {"affix_vocabulary_size": 9},
        {"num_affixes": 2},
        {"ngram_vocabulary_size": 9},
        {"ngram_vocabulary_size": 9, "num_ngrams": 1, "vocabulary_size": None, "feature_dim": 4},
        {"affix_vocabulary_size": 9, "num_affixes": 2, "input": "one_hot"},
        {"affix_vocabulary_size": 9, "num_affixes": 2, "vocabulary_size": None, "feature_dim": 4},
        {"num_classes": 0},
        {"input": "bytes"},
        {"input": "one_hot", "vocabulary_size": 0},
        {"cell": "rnn"},
        {"stack": "dense"},
        {"pooling": "sum"},
        {"activation": "sinus"},
        {"recurrent_initializer": "ones"},
        {"recurrent_initializer": "identity", "cell": "gru"},
        {"units": 0},
        {"num_layers": 0},
        {"dropout": 1.1},
        {"recurrent_dropout": 2.0},
        {"word_dropout": -0.1},
    ],
    ids=str,
)
def test_refuses_impossible_arguments(options):
    with pytest.raises(ValueError):
        build_text_classifier(**{"num_classes": 2, "vocabulary_size": 20} | options)
