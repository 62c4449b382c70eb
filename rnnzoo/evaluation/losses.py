"""Losses as sums over what is real, so that padding and filler rows count for nothing."""

import tensorflow as tf

from rnnzoo.layers.custom_gradients import custom_gradient


def softmax_cross_entropy_sum(
    logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor, label_smoothing: float = 0.0
) -> tuple[tf.Tensor, tf.Tensor]:
    """Sums the cross entropy of softmax over examples or steps.

    Args:
        logits: (..., classes) float.
        labels: True classes, (...) int; any value where the weight is 0.
        weights: 1 for real examples or steps, 0 for padding, (...) float.
        label_smoothing: Share of the target that is spread evenly over all classes.

    Returns:
        The weighted sum of the losses in nats and the sum of the weights, both () float32. The mean loss
        of any union of batches is the quotient of the summed pairs.

    Example:

    >>> loss, weight = softmax_cross_entropy_sum(tf.zeros([2, 4]), tf.constant([1, 0]), tf.constant([1.0, 0.0]))
    >>> round(float(loss / weight), 4)  # log(4)
    1.3863
    """
    weights = tf.cast(weights, tf.float32)
    is_real = weights > 0
    # Replaced before the softmax: times zero, what is infinite at padding would be NaN, in the gradient too.
    logits = tf.where(is_real[..., None], tf.cast(logits, tf.float32), 0.0)
    labels = tf.where(is_real, labels, tf.zeros_like(labels))
    losses = _cross_entropy(logits, labels)
    if label_smoothing:
        # Cross entropy with uniform targets: log Z - mean(logits), where log Z = loss + logit of the label.
        log_normalizer = losses + tf.gather(logits, labels, batch_dims=labels.shape.rank)
        uniform = log_normalizer - tf.reduce_mean(logits, axis=-1)
        losses = (1.0 - label_smoothing) * losses + label_smoothing * uniform
    return tf.reduce_sum(losses * weights), tf.reduce_sum(weights)


@custom_gradient
def _cross_entropy(logits, labels):
    """Cross entropy of each example, whose gradient uses the exponentials of the forward pass again."""
    largest = tf.reduce_max(logits, axis=-1, keepdims=True)
    exponentials = tf.exp(logits - largest)
    total = tf.reduce_sum(exponentials, axis=-1, keepdims=True)
    log_normalizer = tf.squeeze(tf.math.log(total) + largest, -1)
    losses = log_normalizer - tf.gather(logits, labels, batch_dims=labels.shape.rank)

    def gradient(upstream):
        targets = tf.one_hot(labels, tf.shape(logits)[-1], dtype=logits.dtype)
        return upstream[..., None] * (exponentials / total - targets), None

    return losses, gradient
