"""One target token at a time: what decodes with a translator."""

import keras
import tensorflow as tf

from rnnzoo.layers import Affine, AttentionalStep, InputFeedingDecoder, SingleStep, TiedEmbedding, read_weight


class TranslatorStep:
    """Runs a translator token by token, with the weights of the model.

    Token by token gives what the whole target gives at once. The source is encoded once, and a loop is prepared once;
    both work eagerly and in a graph.

    Args:
        model: A model of `build_translator`, built or reloaded.

    Attributes:
        vocabulary_size: Number of target ids.
        has_attention: Whether the decoder looks at the source.

    Example:

    >>> import numpy as np
    >>> from rnnzoo.builders import build_translator
    >>> step = TranslatorStep(build_translator(20, 30, units=8, embedding_dim=4))
    >>> memory = step.encode(np.array([[4, 5, 6, 3], [7, 3, 0, 0]]))
    >>> prepared = step.prepare(memory)
    >>> logits, state = prepared.start()
    >>> logits, state = prepared(tf.argmax(logits, axis=1), state)
    >>> logits.shape
    TensorShape([2, 30])
    """

    def __init__(self, model):
        layers = {layer.name: layer for layer in model.layers}
        decoder = layers["decoder"]
        self.has_input_feeding = isinstance(decoder, InputFeedingDecoder)
        if self.has_input_feeding:
            self.stack, self.attention = decoder.recurrent_stack, decoder.attention
            self.attentional_vector = decoder.attentional_vector
        else:
            self.stack, self.attention = decoder, layers.get("attention")
            self.attentional_vector = layers.get("attentional_vector")
        self.has_attention = self.attention is not None
        self.vocabulary_size = model.output.shape[-1]
        self.embedding = layers.get("embedding", layers.get("target_embedding"))
        self.output_layers = [
            layers[name] for name in ("output_projection", "logits") if isinstance(layers.get(name), keras.layers.Dense)
        ]
        encoded = {"initial_state": layers["initial_state"].output}
        self._force = model
        if self.has_attention:
            encoded["outputs"] = layers["encoder"].output
            weights = (decoder if self.has_input_feeding else self.attention).output[1]
            self._force = keras.Model(model.input, [model.output, weights])
        self._encode = keras.Model(model.input["source_ids"], encoded)

    def encode(self, source_ids: tf.Tensor) -> dict[str, tf.Tensor]:
        """Reads the source.

        Args:
            source_ids: (batch, source time) int, padded on the right with 0.

        Returns:
            What is known of the source: `initial_state`, (batch, decoder_layers, state size) float32; with attention
            also `outputs`, (batch, source time, units) float32, and `mask`, (batch, source time) bool.
        """
        source_ids = tf.convert_to_tensor(source_ids)
        encoded = self._encode(source_ids, training=False)
        memory = {part: tf.cast(value, tf.float32) for part, value in encoded.items()}
        return memory | {"mask": tf.not_equal(source_ids, 0)} if self.has_attention else memory

    def initial_state(self, memory: dict[str, tf.Tensor]) -> tuple[tf.Tensor, ...]:
        """Returns the state before `<bos>`: tensors of (batch, ...) float32."""
        state = memory["initial_state"]
        parts = SingleStep(self.stack, fold=False).split_state(state)
        if self.has_input_feeding:
            parts = (*parts, tf.zeros([tf.shape(state)[0], self.attentional_vector.units]))
        return parts

    def prepare(self, memory: dict[str, tf.Tensor], beam_width: int = 1) -> "PreparedTranslatorStep":
        """Computes what is the same in every step; to be called in each trace, before the loop.

        Args:
            memory: What `encode` returned.
            beam_width: Hypotheses of each source. The memory is not copied for them.
        """
        return PreparedTranslatorStep(self, memory, beam_width)

    def force(self, source_ids: tf.Tensor, target_ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Runs a given target at once.

        Args:
            source_ids: (batch, source time) int, padded on the right with 0.
            target_ids: (batch, target time) int from `<bos>` on, padded on the right with 0.

        Returns:
            The logits of what comes after each target token, (batch, target time, vocabulary_size) float32, and what
            `attention_weights` returns; None without attention.
        """
        inputs = {"source_ids": tf.convert_to_tensor(source_ids), "target_ids": tf.convert_to_tensor(target_ids)}
        answer = self._force(inputs, training=False)
        logits, weights = answer if self.has_attention else (answer, None)
        return tf.cast(logits, tf.float32), None if weights is None else tf.cast(weights, tf.float32)

    def attention_weights(self, source_ids: tf.Tensor, target_ids: tf.Tensor) -> tf.Tensor:
        """Computes where in the source the model looks before it says what comes after each target token.

        Args:
            source_ids: (batch, source time) int, padded on the right with 0.
            target_ids: (batch, target time) int from `<bos>` on, padded on the right with 0.

        Returns:
            (batch, target time, source time) float32; 0 for padding of the source. A row
            sums to 1, or to 0 where the source is empty.

        Raises:
            ValueError: The model has no attention.
        """
        if not self.has_attention:
            raise ValueError("the model has no attention")
        return self.force(source_ids, target_ids)[1]


class PreparedTranslatorStep:
    """A step of a translator whose constant parts are computed; see `TranslatorStep.prepare`.

    Call arguments:
        token_ids: The last tokens, none of them padding, (batch × beam_width,) int, the hypotheses of a source one
            after the other.
        state: That after the token before, as an earlier call or `start` returned it, in the same order: a tuple of
            (batch × beam_width, ...) float32.

    Returns:
        The logits of the next token, (batch × beam_width, vocabulary_size) float32, and the state after the token.
    """

    def __init__(self, step, memory, beam_width=1):
        self._beam_width = beam_width
        self._step = SingleStep(step.stack)
        self._initial_state = step.initial_state(memory)
        self._batch_size = tf.shape(memory["initial_state"])[0]
        self._has_input_feeding = step.has_input_feeding
        # Not the first layer's product with the whole table, which costs more than the steps of a sentence.
        self._embeddings = read_weight(step.embedding.embeddings)
        self._attend = None
        if step.has_attention:
            self._attend = AttentionalStep(step.attention, step.attentional_vector, memory["outputs"], memory["mask"])
        self._outputs = [Affine(read_weight(layer.kernel), read_weight(layer.bias)) for layer in step.output_layers]
        if isinstance(step.embedding, TiedEmbedding):
            # Transposed in the product: a copy of the table costs more than a step.
            self._outputs.append(Affine(self._embeddings, read_weight(step.embedding.output_bias), transpose=True))

    def start(self, bos_id: int = 2) -> tuple[tf.Tensor, tuple]:
        """Runs the step of `<bos>`, with one row for each source whatever the beam width.

        Returns:
            The logits of the first token, (batch, vocabulary_size) float32, and the state.
        """
        return self._run(tf.fill([self._batch_size], bos_id), self._initial_state, 1)

    def __call__(self, token_ids, state):
        return self._run(token_ids, state, self._beam_width)

    def _run(self, token_ids, state, copies):
        x = tf.gather(self._embeddings, token_ids)
        if self._has_input_feeding:
            *state, vector = state
            x = tf.concat([x, vector], axis=1)
        x, after = self._step.advance(*self._step.read(x), state)
        # Not folded into what comes next: with attention it is read twice, without it is as large as the vocabulary.
        x = self._step.finish(x)
        if self._attend is not None:
            x, _ = self._attend(x, copies)
        if self._has_input_feeding:
            after = (*after, x)
        for output in self._outputs:
            x = output(x)
        return x, after
