"""One token at a time: what samples from a language model."""

import tensorflow as tf

from rnnzoo.layers import Affine, SingleStep, TiedEmbedding, read_weight


class LanguageModelStep:
    """Runs a language model token by token, with the weights of the model.

    Token by token gives what the whole sequence gives at once. Calls are for one step; for a loop of many, `prepare`
    it before.

    Args:
        model: A model of `build_language_model`, built or reloaded.

    Call arguments:
        token_ids: (batch,) int, none of them padding.
        state: (batch, num_layers, state size) float; zeros before the first token.
        condition: As the model takes it, where it takes one.

    Returns:
        The logits of the next token, (batch, vocabulary_size) float32, and the state after the token,
        (batch, num_layers, state size) float32.

    Example:

    >>> import numpy as np
    >>> from rnnzoo.builders import build_language_model
    >>> step = LanguageModelStep(build_language_model(20, units=8, embedding_dim=4))
    >>> logits, state = step(np.array([4, 7]), np.zeros((2, 1, 8), "float32"))
    >>> logits.shape, state.shape
    (TensorShape([2, 20]), TensorShape([2, 1, 8]))
    """

    def __init__(self, model):
        layers = {layer.name: layer for layer in model.layers}
        self.stack = layers["recurrent_stack"]
        self._embedding = layers.get("embedding")
        self._condition_layer = layers.get("condition_embedding", layers.get("condition_projection"))
        self._output_projection = layers.get("output_projection")
        self._is_tied = isinstance(self._embedding, TiedEmbedding)
        self._output = None if self._is_tied else layers["logits"]
        self.state_shape = tuple(model.input["initial_state"].shape[1:])
        self.vocabulary_size = model.output["logits"].shape[-1]

    def __call__(self, token_ids, state, condition=None):
        step = PreparedStep(self, condition, is_for_many=False)
        logits, after = step(tf.convert_to_tensor(token_ids), step.split_state(tf.convert_to_tensor(state)))
        return logits, step.join_state(after)

    def prepare(self, condition: tf.Tensor | None = None) -> "PreparedStep":
        """Computes what is the same in every step; to be called in each trace, before the loop.

        Args:
            condition: As the model takes it, where it takes one.

        Raises:
            ValueError: The model takes a condition and there is none, or the other way round.
        """
        return PreparedStep(self, condition, is_for_many=True)

    def read_condition(self, condition):
        """Returns what is added to the embedding of each token, (batch, embedding_dim) float32, or None."""
        if (condition is None) != (self._condition_layer is None):
            raise ValueError(f"the model takes {'no' if self._condition_layer is None else 'a'} condition")
        return None if condition is None else tf.cast(self._condition_layer(condition), tf.float32)

    def embeddings(self) -> tf.Tensor | None:
        """Returns the embedding of every token, (vocabulary_size, embedding_dim) float, or None: one-hot."""
        return None if self._embedding is None else read_weight(self._embedding.embeddings)

    def output_weights(self) -> list[tuple[tf.Tensor, tf.Tensor]]:
        """Returns kernel and bias of each dense layer from the stack to the logits."""
        dense = [layer for layer in (self._output_projection, self._output) if layer is not None]
        weights = [(read_weight(layer.kernel), read_weight(layer.bias)) for layer in dense]
        if self._is_tied:
            weights.append((tf.transpose(self.embeddings()), read_weight(self._embedding.output_bias)))
        return weights


class PreparedStep:
    """A step of a language model whose constant parts are computed; see `LanguageModelStep.prepare`.

    Call arguments:
        token_ids: (batch,) int, none of them padding.
        state: What `split_state` or an earlier call returned.

    Returns:
        The logits of the next token, (batch, vocabulary_size) float32, and the state after the token.
    """

    def __init__(self, step, condition, is_for_many):
        self._step = SingleStep(step.stack, fold=is_for_many)
        self._embeddings = step.embeddings()
        self._condition = step.read_condition(condition)
        first, *others = step.output_weights()
        self._outputs = [
            self._step.fold_output(*first),
            *(Affine(kernel, bias) for kernel, bias in others),
        ]
        self._read_tokens = None
        if is_for_many and condition is None:
            # Without a condition, what the first layer reads depends on nothing but the token.
            vocabulary = self._embeddings if self._embeddings is not None else tf.range(step.vocabulary_size)
            self._read_tokens = self._step.read(vocabulary)

    def __call__(self, token_ids, state):
        if self._read_tokens is not None:
            read = [tf.gather(table, token_ids) for table in self._read_tokens]
        elif self._embeddings is None:
            read = self._step.read(token_ids)
        else:
            vectors = tf.gather(self._embeddings, token_ids)
            read = self._step.read(vectors if self._condition is None else vectors + self._condition)
        x, after = self._step.advance(*read, state)
        for output in self._outputs:
            x = output(x)
        return x, after

    def split_state(self, state: tf.Tensor) -> tuple:
        """Takes a state, (batch, num_layers, state size) float, apart into the tensors that a loop carries."""
        return self._step.split_state(state)

    def join_state(self, state: tuple) -> tf.Tensor:
        """Joins the state again, (batch, num_layers, state size) float32."""
        return self._step.join_state(state)
