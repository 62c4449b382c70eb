"""What happens to token ids before the first recurrent layer."""

import keras
from keras import ops

from rnnzoo.layers.random_bits import draw_bits, threshold_of


@keras.saving.register_keras_serializable("rnnzoo")
class WordDropout(keras.layers.Layer):
    """Replaces random tokens by the unknown token while training, so that its embedding is learned.

    Args:
        rate: Share of the tokens to replace.
        unknown_id: Id of the unknown token; ids above the special ones may be replaced.
        num_special_ids: Ids below this many (padding, boundaries) are never replaced.
        seed: Seed of the replacements.

    Call arguments:
        token_ids: (batch, time) int.
        training: Whether to replace.

    Returns:
        (batch, time) int. Padding stays padding; a mask is passed on.
    """

    def __init__(self, rate, unknown_id=1, num_special_ids=4, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0.0 <= rate <= 1.0:
            raise ValueError(f"rate must be between 0 and 1, not {rate!r}")
        self.rate = rate
        self.unknown_id = unknown_id
        self.num_special_ids = num_special_ids
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def build(self, input_shape):
        pass

    def call(self, token_ids, training=False):
        if not training or not self.rate:
            return token_ids
        drawn = draw_bits(ops.shape(token_ids), self.seed_generator) < threshold_of(self.rate)
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
