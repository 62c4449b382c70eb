"""A tiny untrained model with a classifier's and a tagger's signature, for the tests of export and serving."""

import keras
import tensorflow as tf

from rnnzoo.export import export_model

CHARACTERS = list("abcdefghijklmnopqrstuvwxyz é😀")
CLASSES = ["negative", "positive"]
ODD_TEXTS = ["a good film", "", b"broken \xff\xfe bytes", "😀 é", "long " * 40]
TEXT = [tf.TensorSpec([None], tf.string, name="text")]


class TinyModule(tf.Module):
    """Characters → ids → Embedding → SimpleRNN → Dense; labels of a text and of its characters."""

    def __init__(self):
        super().__init__()
        token_ids = keras.Input((None,), dtype="int64", name="token_ids")
        hidden = keras.layers.Embedding(len(CHARACTERS) + 2, 4, mask_zero=True)(token_ids)
        hidden = keras.layers.SimpleRNN(6, return_sequences=True)(hidden)
        self.model = keras.Model(token_ids, keras.layers.Dense(len(CLASSES))(hidden))
        self.ids = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(CHARACTERS, tf.range(2, len(CHARACTERS) + 2, dtype=tf.int64)), 1
        )

    def _encode(self, text):
        characters = tf.strings.unicode_split(tf.strings.unicode_transcode(text, "UTF-8", "UTF-8"), "UTF-8")
        length = tf.cast(characters.row_lengths(), tf.int32)
        characters = characters.to_tensor("")
        characters = tf.pad(characters, [[0, 0], [0, tf.maximum(0, 1 - tf.shape(characters)[1])]], constant_values="")
        characters = tf.ensure_shape(characters, [None, None])
        mask = tf.sequence_mask(length, tf.shape(characters)[1])
        token_ids = tf.where(mask, self.ids.lookup(characters), 0)
        return characters, length, tf.nn.softmax(self.model(token_ids, training=False))

    @tf.function(input_signature=TEXT)
    def classify(self, text):
        _, length, steps = self._encode(text)
        probabilities = tf.gather(steps, tf.maximum(length - 1, 0), batch_dims=1)
        return {
            "label": tf.gather(CLASSES, tf.argmax(probabilities, -1)),
            "score": tf.reduce_max(probabilities, -1),
            "classes": tf.tile([CLASSES], [tf.shape(text)[0], 1]),
            "probabilities": probabilities,
        }

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="text"),
            tf.TensorSpec([None], tf.float32, name="threshold"),
        ]
    )
    def tag(self, text, threshold):
        characters, length, steps = self._encode(text)
        mask = tf.sequence_mask(length, tf.shape(characters)[1])
        positive = steps[..., 1] > threshold[:, None]
        return {
            "tokens": characters,
            "tags": tf.where(mask, tf.where(positive, "P", "N"), ""),
            "scores": tf.where(mask, steps[..., 1], 0.0),
            "length": length,
        }


def make_tiny_module():
    keras.utils.set_random_seed(1)
    return TinyModule()


def tiny_signatures(module):
    return {"serving_default": module.classify, "tag": module.tag}


TINY_REQUESTS = {
    "serving_default": [{"text": ODD_TEXTS}, {"text": [""]}, {"text": ["", ""]}],
    "tag": [{"text": ODD_TEXTS, "threshold": [0.5, 0.1, 0.9, 0.5, 0.5]}],
}


def export_tiny(module, root, **changes):
    """Exports the module; `changes` replace arguments of `export_model`."""
    arguments = {
        "signatures": tiny_signatures(module),
        "row_name": "toy/tiny",
        "requests": TINY_REQUESTS,
        "extra_files": {"card.md": "# Tiny\n", "vocabulary/characters.txt": b'"a"\n'},
        "num_parameters": module.model.count_params(),
        "root": root,
    }
    return export_model(module, **{**arguments, **changes})
