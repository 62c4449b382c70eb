"""The linear-chain conditional random field: tags that fit each other, rather than each for itself."""

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.layers.linear_chain import FORBIDDEN, compute_marginals, find_best_path, score_path, sum_over_paths


@keras.saving.register_keras_serializable("rnnzoo")
class ConditionalRandomField(keras.layers.Layer):
    """Linear-chain conditional random field over the logits of a tagger (Lafferty et al. 2001).

    Called in a model it passes the logits on as they are; it is there to own its weights. Loss, tags and
    probabilities come from its methods, which take the model's output. The weights score the
    transitions from tag to tag, from the start and to the end; they begin at 0, where the layer is a softmax at
    each step.

    Args:
        allowed: Which transitions may be, from row to column, (tags + 1, tags + 1) bool: the last row is
            the start, the last column the end; see `rnnzoo.text.tag_schemes.allowed_transitions`. Forbidden
            ones score -300. None: all are allowed.
        constrained_training: Whether `log_likelihood` heeds `allowed` as well; `decode` and `marginals`
            always do.

    Call arguments:
        logits: (batch, time, tags) float.

    Returns:
        The logits, unchanged. The mask is passed on.

    Example:

    >>> import numpy as np
    >>> layer = ConditionalRandomField(allowed=np.array([[True, False, True], [True, True, True], [True, True, True]]))
    >>> logits = layer(np.array([[[2.0, 0.0], [0.0, 1.0]]]))
    >>> tag_ids, score = layer.decode(logits)  # from tag 0 to tag 1 is not allowed
    >>> tag_ids.numpy().tolist(), score.numpy().tolist()
    ([[0, 0]], [2.0])
    """

    def __init__(self, allowed=None, constrained_training=False, **kwargs):
        # No autocast: half precision would cut the logits.
        super().__init__(autocast=False, **kwargs)
        self.allowed = None if allowed is None else np.array(allowed, bool)
        if allowed is not None:
            self.allowed[-1, -1] = True  # the sequence without a step
        self.constrained_training = constrained_training
        self.supports_masking = True

    def build(self, input_shape):
        num_tags = input_shape[-1]
        if self.allowed is not None and self.allowed.shape != (num_tags + 1, num_tags + 1):
            raise ValueError(
                f"allowed must have the shape {(num_tags + 1, num_tags + 1)} for {num_tags} tags and the border, "
                f"not {self.allowed.shape}"
            )
        self.transitions = self.add_weight(shape=(num_tags, num_tags), initializer="zeros", name="transitions")
        self.start_scores = self.add_weight(shape=(num_tags,), initializer="zeros", name="start_scores")
        self.end_scores = self.add_weight(shape=(num_tags,), initializer="zeros", name="end_scores")

    def call(self, logits):
        return logits

    def log_likelihood(self, logits, tag_ids, mask=None):
        """Computes the log probability of the given tags.

        Args:
            logits: (batch, time, tags) float.
            tag_ids: (batch, time) int; any value at masked steps.
            mask: True for real steps, (batch, time) bool; None: all are real. Others are left out, wherever they are.

        Returns:
            Nats, (batch,) float32; 0 for a row without a real step.
        """
        mask = _whole_mask(logits, mask)
        transitions = self._all_transitions(constrained=self.constrained_training)
        score = score_path(logits, transitions, tag_ids, mask)
        return tf.cast(score - sum_over_paths(logits, transitions, mask), tf.float32)

    def decode(self, logits, mask=None):
        """Finds the best tags; among equals those with the lowest last tag, then the lowest last but one.

        Args:
            logits, mask: As for `log_likelihood`.

        Returns:
            Tag ids, (batch, time) int32, zero at masked steps; and their score, the sum of logits and
            transitions, (batch,) float32.
        """
        transitions = self._all_transitions(constrained=True)
        tag_ids, score = find_best_path(logits, transitions, _whole_mask(logits, mask))
        return tag_ids, tf.cast(score, tf.float32)

    def marginals(self, logits, mask=None):
        """Computes the probability of each tag at each step.

        Args:
            logits, mask: As for `log_likelihood`.

        Returns:
            (batch, time, tags) float32, zero at masked steps.
        """
        transitions = self._all_transitions(constrained=True)
        return tf.cast(compute_marginals(logits, transitions, _whole_mask(logits, mask)), tf.float32)

    def _all_transitions(self, constrained):
        to_tags = tf.concat([self.transitions, tf.convert_to_tensor(self.start_scores)[None]], axis=0)
        transitions = tf.concat([to_tags, tf.pad(tf.convert_to_tensor(self.end_scores), [[0, 1]])[:, None]], axis=1)
        if constrained and self.allowed is not None:
            transitions = tf.where(self.allowed, transitions, FORBIDDEN)
        return transitions

    def get_config(self):
        allowed = None if self.allowed is None else self.allowed.tolist()
        return super().get_config() | {"allowed": allowed, "constrained_training": self.constrained_training}


def _whole_mask(logits, mask):
    return tf.ones(tf.shape(logits)[:2], tf.bool) if mask is None else tf.cast(mask, tf.bool)
