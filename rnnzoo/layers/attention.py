"""What a decoder looks at: the memory of an encoder, weighted by how well each of its steps fits a query."""

from collections.abc import Callable

import keras
import tensorflow as tf

from rnnzoo.layers.affine import Affine

ATTENTIONS = ("dot", "general", "additive")
_LOWEST = -1e9


@keras.saving.register_keras_serializable("rnnzoo")
class Attention(keras.layers.Layer):
    """Weighs the steps of a memory for each query and returns their weighted mean.

    Masked steps weigh exactly 0. A memory without a real step gives zeros.

    Args:
        kind: How well a query q fits a step m of the memory: `dot`, q · m (both of one width); `general`, q · W m
            (both Luong et al. 2015); or `additive`, v · tanh(U q + W m + b) (Bahdanau et al. 2015). The first two
            are divided by the root of the width of q, for they grow with it (Vaswani et al. 2017).
        units: For `additive`, the width of U q + W m; None: that of the query.

    Call arguments:
        query: (batch, target time, units) float.
        memory: (batch, source time, width) float.
        memory_mask: (batch, source time) bool, True for real steps; all steps are real where it is left out.

    Returns:
        The context of each query, (batch, target time, width) float, and the weights, (batch, target time,
        source time) float. The mask of the queries is passed on to both.

    References:
        Bahdanau et al. 2015, Neural Machine Translation by Jointly Learning to Align and Translate.
        Luong et al. 2015, Effective Approaches to Attention-based Neural Machine Translation.

    Example:

    >>> import numpy as np
    >>> memory = np.array([[[3.0, 0.0], [0.0, 5.0], [9.0, 9.0]]], "float32")
    >>> context, weights = Attention()(np.zeros((1, 1, 2)), memory, memory_mask=np.array([[True, True, False]]))
    >>> np.asarray(weights).tolist(), np.asarray(context).tolist()
    ([[[0.5, 0.5, 0.0]]], [[[1.5, 2.5]]])
    """

    def __init__(self, kind="dot", units=None, **kwargs):
        super().__init__(**kwargs)
        if kind not in ATTENTIONS:
            raise ValueError(f"kind must be one of {', '.join(ATTENTIONS)}, not {kind!r}")
        if units is not None and kind != "additive":
            raise ValueError(f"units is for kind='additive', not for {kind!r}")
        if units is not None and units < 1:
            raise ValueError(f"units must be at least 1, not {units!r}")
        self.kind = kind
        self.units = units
        self.supports_masking = True

    def build(self, query_shape, memory_shape):
        query_width, width = query_shape[-1], memory_shape[-1]
        if self.kind == "dot" and query_width != width:
            raise ValueError(f"kind='dot' needs a memory as wide as the query, {query_width}, not {width}")
        if self.kind == "general":
            self.memory_kernel = self.add_weight((width, query_width), name="memory_kernel")
        if self.kind == "additive":
            units = self.units or query_width
            self.query_kernel = self.add_weight((query_width, units), name="query_kernel")
            self.memory_kernel = self.add_weight((width, units), name="memory_kernel")
            self.bias = self.add_weight((units,), initializer="zeros", name="bias")
            self.score_vector = self.add_weight((units,), name="score_vector")

    def prepare(
        self,
        memory: tf.Tensor,
        memory_mask: tf.Tensor | None = None,
        values: tf.Tensor | None = None,
        for_few: bool = False,
    ) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
        """Computes what is the same for every query; to be called in each trace, before a loop over queries.

        Args:
            memory: (batch, source time, width) float.
            memory_mask: (batch, source time) bool; None: all steps are real.
            values: What is to be averaged, (batch, source time, features) float; None: the memory.
            for_few: Whether there are only a few queries of a row at a time.

        Returns:
            A function from queries, (batch, target time, units) float, to contexts and weights; see the class.
        """
        values = memory if values is None else values
        score = self._prepare_score(memory, for_few)
        if memory_mask is not None:
            real = tf.cast(memory_mask, tf.float32)[:, None]
            penalty = (1.0 - real) * _LOWEST

        def attend(query):
            # In float32 whatever the policy.
            scores = tf.cast(score(query), tf.float32)
            # Where any step is real the penalty alone would do; where none is, the product does.
            weights = tf.nn.softmax(scores) if memory_mask is None else tf.nn.softmax(scores + penalty) * real
            weights = tf.cast(weights, values.dtype)
            return _multiply_few(weights, values) if for_few else tf.matmul(weights, values), weights

        return attend

    def _prepare_score(self, memory, for_few):
        def read(weight):
            return tf.cast(tf.convert_to_tensor(weight), memory.dtype)

        if self.kind == "additive":
            query_kernel, score_vector = read(self.query_kernel), read(self.score_vector)
            keys = (tf.tensordot(memory, read(self.memory_kernel), 1) + read(self.bias))[:, None]

            def score(query):
                hidden = tf.tanh(tf.tensordot(query, query_kernel, 1)[:, :, None] + keys)
                return tf.reduce_sum(hidden * score_vector, axis=-1)

            return score
        keys = memory if self.kind == "dot" else tf.tensordot(memory, read(self.memory_kernel), 1)
        keys = keys * keys.shape[-1] ** -0.5

        def score_by_product(query):
            # Of several queries tf.matmul is faster with many rows, and as fast with one.
            multiply = _multiply_few if for_few and query.shape[1] == 1 else tf.matmul
            return multiply(query, keys, transpose_b=True)

        return score_by_product

    def call(self, query, memory, memory_mask=None):
        return self.prepare(memory, memory_mask)(query)

    def compute_mask(self, query, mask=None):
        return mask, mask

    def compute_output_shape(self, query_shape, memory_shape):
        return (*query_shape[:2], memory_shape[-1]), (*query_shape[:2], memory_shape[1])

    def get_config(self):
        return super().get_config() | {"kind": self.kind, "units": self.units}


def _multiply_few(x, y, transpose_b=False):
    """Multiplies as `tf.matmul` does, which with oneDNN lays `y` out anew in every call; the third version does not."""
    if x.dtype != tf.float32:
        return tf.matmul(x, y, transpose_b=transpose_b)
    return tf.raw_ops.BatchMatMulV3(x=x, y=y, Tout=tf.float32, adj_y=transpose_b)


class AttentionalStep:
    """The attentional vector tanh(W [h; context] + b) of one step at a time, for loops over many.

    The weights are read, and what is the same in every step is computed, when the object is made: make it in each
    trace, before the loop. A context is a sum of steps of the memory, so W may multiply those before the loop.

    Args:
        attention: A built `Attention`.
        dense: The built dense layer of W and b.
        memory: (batch, source time, width) float.
        memory_mask: (batch, source time) bool; None: all steps are real.

    Call arguments:
        query: The output h of the decoder, (batch × copies, units) float, the copies of a row one after the other.
        copies: How many queries a row of the memory has, as in a beam search. The memory is not copied.

    Returns:
        The attentional vector, (batch × copies, size) float, and the weights, (batch, copies, source time) float.
    """

    def __init__(self, attention, dense, memory, memory_mask=None):
        kernel, bias = (tf.cast(tf.convert_to_tensor(part), memory.dtype) for part in (dense.kernel, dense.bias))
        self._width = kernel.shape[0] - memory.shape[-1]
        self._size = kernel.shape[1]
        self._batch_size = tf.shape(memory)[0]
        self._affine = Affine(kernel[: self._width], bias)
        values = tf.tensordot(memory, kernel[self._width :], 1)
        self._attend = attention.prepare(memory, memory_mask, values, for_few=True)

    def __call__(self, query, copies=1):
        queries = query[:, None] if copies == 1 else tf.reshape(query, [self._batch_size, copies, self._width])
        context, weights = self._attend(queries)
        context = tf.reshape(context, [-1, self._size])
        return tf.tanh(self._affine(query) + context), weights
