"""What a tagger's logits say: tags, their probabilities, and the loss; the same in training, scores and the export."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from rnnzoo.evaluation import softmax_cross_entropy_sum
from rnnzoo.layers import ConditionalRandomField
from rnnzoo.tasks.model_inputs import pick_model_inputs


def _find_crf(model: keras.Model) -> ConditionalRandomField | None:
    return next((layer for layer in model.layers if isinstance(layer, ConditionalRandomField)), None)


def decode_tags(model: keras.Model, logits: tf.Tensor, is_real: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Finds the best tags: those of the likeliest sequence where the model has a CRF, else the likeliest at each step.

    Args:
        model: A tagger.
        logits: What it returned, (batch, time, tags) float.
        is_real: Which steps are to be tagged, (batch, time) bool.

    Returns:
        Tag ids, (batch, time) int32, and the probability of every tag at each step, (batch, time, tags)
        float32; any value at other steps.
    """
    crf = _find_crf(model)
    if crf is not None:
        return crf.decode(logits, is_real)[0], crf.marginals(logits, is_real)
    return tf.argmax(logits, axis=-1, output_type=tf.int32), tf.nn.softmax(logits)


def sum_tag_losses(
    model: keras.Model, logits: tf.Tensor, tag_ids: tf.Tensor, is_real: tf.Tensor, label_smoothing: float = 0.0
) -> tuple[tf.Tensor, tf.Tensor]:
    """Sums the negative log likelihood of the true tags.

    Args:
        model: A tagger.
        logits: What it returned, (batch, time, tags) float.
        tag_ids: True tags, (batch, time) int; any value at steps that are not real.
        is_real: Which steps count, (batch, time) bool.
        label_smoothing: Share of the target that is spread evenly over all tags; not for a CRF.

    Returns:
        Nats and the number of steps that they are a sum over, both () float32.
    """
    crf = _find_crf(model)
    num_steps = tf.cast(is_real, tf.float32)
    if crf is None:
        return softmax_cross_entropy_sum(logits, tag_ids, num_steps, label_smoothing)
    return -tf.reduce_sum(crf.log_likelihood(logits, tag_ids, is_real)), tf.reduce_sum(num_steps)


def score_batch(
    model: keras.Model, batch: Mapping[str, tf.Tensor], is_real: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Tags a batch whose tags are known.

    Args:
        model: A tagger.
        batch: Its inputs, and the true `tag_ids`, (batch, time) int.
        is_real: Which steps are to be tagged, (batch, time) bool.

    Returns:
        Tag ids, (batch, time) int32; the probabilities of the true ones, (batch, time) float32; and the sum
        of the losses with the number of steps, as `sum_tag_losses` returns them.
    """
    logits = model(pick_model_inputs(batch), training=False)
    tag_ids, probabilities = decode_tags(model, logits, is_real)
    of_gold = tf.gather(probabilities, batch["tag_ids"], batch_dims=2)
    return tag_ids, of_gold, *sum_tag_losses(model, logits, batch["tag_ids"], is_real)
