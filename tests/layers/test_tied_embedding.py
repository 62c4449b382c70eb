"""An embedding whose table also gives the logits."""

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.layers import TiedEmbedding


def make_model():
    token_ids = keras.Input((None,), dtype="int32")
    embedding = TiedEmbedding(6, 3)
    return keras.Model(token_ids, embedding(embedding(token_ids), reverse=True)), embedding


def test_logits_are_products_with_the_embeddings():
    model, embedding = make_model()
    table, bias = np.random.default_rng(0).normal(size=(6, 3)), np.arange(6.0)
    embedding.set_weights([table, bias])
    token_ids = np.array([[1, 5, 0], [2, 0, 0]])
    logits = model(token_ids)
    np.testing.assert_allclose(logits, table[token_ids] @ table.T + bias, atol=1e-5)
    np.testing.assert_array_equal(logits._keras_mask, token_ids != 0)
    assert logits.dtype == "float32"


def test_both_uses_train_one_table():
    model, embedding = make_model()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(np.array([[1, 5]])) ** 2)
    assert len(model.trainable_weights) == 2
    gradient = tf.convert_to_tensor(tape.gradient(loss, embedding.embeddings.value))
    assert (np.abs(gradient).max(axis=1) > 0).all()  # those of tokens that were not read too


def test_a_reloaded_model_still_shares_the_table(tmp_path):
    model, _ = make_model()
    model.save(tmp_path / "model.keras")
    reloaded = keras.models.load_model(tmp_path / "model.keras")
    token_ids = np.array([[1, 5, 0]])
    np.testing.assert_array_equal(reloaded(token_ids), model(token_ids))
    assert len(reloaded.trainable_weights) == 2
