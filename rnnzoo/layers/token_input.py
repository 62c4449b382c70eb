"""What happens to token ids before the first recurrent layer."""

import keras
import tensorflow as tf
from keras import ops

from rnnzoo.layers.random_bits import draw_bits, threshold_of


@keras.saving.register_keras_serializable("rnnzoo")
class WordDropout(keras.layers.Layer):
    """Replaces random tokens by the unknown token while training, so that its embedding is learned.

    Args:
        rate: Share of the tokens to replace; or the share for each id, (ids,) floats.
        unknown_id: Id of the unknown token; ids above the special ones may be replaced.
        num_special_ids: Ids below this many (padding, boundaries) are never replaced.
        seed: Seed of the replacements.

    Call arguments:
        token_ids: (batch, time) int.
        training: Whether to replace.

    Returns:
        (batch, time) int. Padding stays padding; a mask is passed on.

    References:
        Kiperwasser and Goldberg 2016, Simple and Accurate Dependency Parsing Using Bidirectional LSTM
        Feature Representations (rates by how rare a word is).
    """

    def __init__(self, rate, unknown_id=1, num_special_ids=4, seed=None, **kwargs):
        super().__init__(**kwargs)
        rates = rate if isinstance(rate, list | tuple) else [rate]
        if not all(0.0 <= each <= 1.0 for each in rates):
            raise ValueError(f"rate must be between 0 and 1, not {rate!r}")
        self.rate = rate
        self._thresholds = tuple(threshold_of(each) for each in rates)
        self.unknown_id = unknown_id
        self.num_special_ids = num_special_ids
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def build(self, input_shape):
        pass

    def call(self, token_ids, training=False):
        if not training or not any(self._thresholds):
            return token_ids
        thresholds = tf.constant(self._thresholds, tf.uint32)
        threshold = tf.gather(thresholds, token_ids) if isinstance(self.rate, list | tuple) else thresholds[0]
        drawn = draw_bits(ops.shape(token_ids), self.seed_generator) < threshold
        replaced = ops.logical_and(drawn, token_ids >= self.num_special_ids)
        return ops.where(replaced, ops.cast(self.unknown_id, token_ids.dtype), token_ids)

    def compute_output_spec(self, token_ids, training=False):
        return keras.KerasTensor(token_ids.shape, dtype=token_ids.dtype)

    def get_config(self):
        names = ("rate", "unknown_id", "num_special_ids", "seed")
        return super().get_config() | {name: getattr(self, name) for name in names}


@keras.saving.register_keras_serializable("rnnzoo")
class EmbeddingBag(keras.layers.Layer):
    """Sums the embeddings of the ids that belong to one step: the affixes or characters of a word.

    The id 0 adds nothing, so that bags may differ in size.

    Args:
        input_dim: Number of ids.
        output_dim: Width of the embedding.

    Call arguments:
        ids: (batch, time, bag) int.

    Returns:
        (batch, time, output_dim) float; the mask is true for the steps with an id other than 0.
    """

    def __init__(self, input_dim, output_dim, **kwargs):
        super().__init__(**kwargs)
        self.input_dim = input_dim
        self.output_dim = output_dim
        self.embedding = keras.layers.Embedding(input_dim, output_dim, name="embedding")

    def build(self, input_shape):
        self.embedding.build(input_shape)

    def call(self, ids):
        is_real = ops.cast(ops.not_equal(ids, 0), self.compute_dtype)
        return ops.einsum("btke,btk->bte", self.embedding(ids), is_real)

    def compute_mask(self, inputs, mask=None):
        return ops.any(ops.not_equal(inputs, 0), axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.output_dim)

    def get_config(self):
        return super().get_config() | {"input_dim": self.input_dim, "output_dim": self.output_dim}


@keras.saving.register_keras_serializable("rnnzoo")
class AddToSteps(keras.layers.Layer):
    """Adds a vector to every step of a sequence. (`keras.layers.Add` loses the mask where one input has none.)

    Call arguments:
        inputs: (batch, time, features) float.
        vector: (batch, features) float.

    Returns:
        As `inputs`, whose mask is passed on.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, inputs_shape, vector_shape):
        pass

    def call(self, inputs, vector):
        return inputs + ops.expand_dims(vector, axis=1)

    def compute_output_shape(self, inputs_shape, vector_shape):
        return inputs_shape
