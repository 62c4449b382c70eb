"""Dropout whose masks cost little in a step compiled by XLA."""

import keras
import tensorflow as tf

from rnnzoo.layers.random_bits import draw_bits, threshold_of


@keras.saving.register_keras_serializable("rnnzoo")
class Dropout(keras.layers.Dropout):
    """`keras.layers.Dropout` that is cheap under XLA; see `draw_bits`.

    Args:
        rate: Share of the inputs that become 0; the others are scaled up by 1 / (1 - rate).
        noise_shape: Shape of the mask, where it is not that of the inputs; None and -1 stand for a
            dimension of the inputs. `(None, 1, None)` drops the same features at all steps.
        seed: Seed of the masks.

    Call arguments:
        inputs: (batch, ...) float.
        training: Whether to drop.

    Returns:
        As the inputs. A mask is passed on.
    """

    def call(self, inputs, training=False):
        if not training or not self.rate:
            return inputs
        shape = tf.shape(inputs)
        if self.noise_shape is not None:
            sizes = zip(self.noise_shape, tf.unstack(shape), strict=True)
            shape = tf.stack([there if size in (None, -1) else size for size, there in sizes])
        kept = draw_bits(shape, self.seed_generator) >= threshold_of(self.rate)
        return tf.where(kept, inputs / (1.0 - self.rate), tf.zeros([], inputs.dtype))
