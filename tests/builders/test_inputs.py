"""The first layers of a builder."""

import keras
import numpy as np
import pytest

from rnnzoo.builders.inputs import embed_tokens

IDS = np.array([[5, 6, 0], [7, 1, 8]])


def make_model(**options):
    token_ids = keras.Input((None,), dtype="int32")
    return keras.Model(token_ids, embed_tokens(token_ids, 9, **options))


@pytest.mark.parametrize(
    ("options", "width", "kinds"),
    [
        ({"embedding_dim": 4}, 4, ["Embedding"]),
        ({"embedding_dim": 4, "dropout": 0.2}, 4, ["Embedding", "Dropout"]),
        ({"embedding_dim": 4, "word_dropout": 0.2}, 4, ["WordDropout", "Embedding"]),
    ],
)
@pytest.mark.parametrize("training", [False, True])
def test_vectors_carry_the_mask_of_the_ids(options, width, kinds, training):
    model = make_model(**options)
    assert [type(layer).__name__ for layer in model.layers[1:]] == kinds
    vectors = model(IDS, training=training)
    assert vectors.shape == (2, 3, width)
    np.testing.assert_array_equal(vectors._keras_mask, IDS != 0)


def test_one_hot_leaves_the_ids_to_the_stack():
    np.testing.assert_array_equal(make_model(input="one_hot")(IDS), IDS)
    model = make_model(input="one_hot", word_dropout=1.0, dropout=0.2)
    np.testing.assert_array_equal(model(IDS, training=True), [[1, 1, 0], [1, 1, 1]])


def test_refuses_an_unknown_input():
    with pytest.raises(ValueError, match="input must be embedding or one_hot, not 'onehot'"):
        make_model(input="onehot")
