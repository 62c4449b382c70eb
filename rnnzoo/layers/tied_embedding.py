"""An embedding whose table also gives the logits."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("rnnzoo")
class TiedEmbedding(keras.layers.Embedding):
    """`keras.layers.Embedding` that also turns vectors back into a logit for each id, by the same table.

    Called with ids it embeds, and makes the mask; called with `reverse=True` it returns the products of vectors with
    the embedding of every id, plus a bias of its own. (`keras.layers.ReversibleEmbedding` has no bias, and
    makes no mask while a functional model is built.)

    Args:
        input_dim: Number of ids.
        output_dim: Width of the embedding.
        **kwargs: All other arguments of `keras.layers.Embedding`. `mask_zero` is true by default.

    Call arguments:
        inputs: (...) int; with `reverse`, (..., output_dim) float.
        reverse: Whether to go from vectors to logits.

    Returns:
        (..., output_dim) float; with `reverse`, (..., input_dim) float32, and a mask is passed on.

    References:
        Press and Wolf 2017, Using the Output Embedding to Improve Language Models.
    """

    def __init__(self, input_dim, output_dim, mask_zero=True, **kwargs):
        super().__init__(input_dim, output_dim, mask_zero=mask_zero, **kwargs)

    def build(self, input_shape=None):
        super().build(input_shape)
        self.output_bias = self.add_weight(shape=(self.input_dim,), initializer="zeros", name="output_bias")

    def call(self, inputs, reverse=False):
        if not reverse:
            return super().call(inputs)
        products = ops.matmul(ops.cast(inputs, "float32"), ops.transpose(ops.cast(self.embeddings, "float32")))
        return products + ops.cast(self.output_bias, "float32")

    @property
    def variable_serialization_spec(self):
        # What `Embedding` saves, by the kind of its quantization.
        saved = super().variable_serialization_spec
        return {kind: [*names, "output_bias"] for kind, names in saved.items()}

    def compute_mask(self, inputs, mask=None):
        is_ids = keras.backend.is_int_dtype(keras.backend.standardize_dtype(inputs.dtype))
        return super().compute_mask(inputs) if is_ids else mask

    def compute_output_shape(self, input_shape, reverse=False):
        return (*input_shape[:-1], self.input_dim) if reverse else (*input_shape, self.output_dim)

    def compute_output_spec(self, inputs, reverse=False):
        dtype = "float32" if reverse else self.compute_dtype
        return keras.KerasTensor(self.compute_output_shape(inputs.shape, reverse), dtype=dtype)
