"""The next token after each token of a sequence; from a class or a vector too: one to many."""

import keras

from rnnzoo.builders.inputs import drop_features, embed_tokens
from rnnzoo.layers import AddToSteps, RecurrentStack, TiedEmbedding, WordDropout, state_size


def build_language_model(
    vocabulary_size,
    *,
    num_classes=None,
    condition_dim=None,
    input="embedding",
    embedding_dim=128,
    tie_embeddings=False,
    cell="simple_rnn",
    units=128,
    num_layers=1,
    stack="residual",
    activation="tanh",
    recurrent_initializer="orthogonal",
    dropout=0.3,
    locked_dropout=0.0,
    recurrent_dropout=0.0,
    word_dropout=0.0,
    name="language_model",
):
    """Builds a recurrent language model that takes and returns its state.

    A text can be read in pieces, each with the state after the piece before: that is how a stream is trained on,
    and how text is sampled. `LanguageModelStep` runs the same weights token by token.

    With `num_classes` or `condition_dim` it is told what the text is about. What it is told is added to the
    embedding of every token, after dropout, and not only put into the first state: a state of finite size fades,
    and the end of a long text would know nothing of it.

    Args:
        vocabulary_size: Number of token ids.
        num_classes: Number of classes for a model of texts of each class, or None; the model has then the
            input `condition`, (batch,) int.
        condition_dim: Instead, the width of a vector that the text is about; `condition` is then
            (batch, condition_dim) float.
        input: `embedding` or `one_hot`: how ids enter the network.
        embedding_dim: Width of the embedding.
        tie_embeddings: Whether the logits are products with the embeddings of the tokens, and not with a matrix of
            their own. Where `units` is not `embedding_dim`, a dense layer stands between.
        cell: `simple_rnn`, `gru` or `lstm`.
        units: Width of a recurrent layer.
        num_layers: Number of recurrent layers.
        stack: `residual` (pre-norm blocks) or `plain`; see `rnnzoo.layers.RecurrentStack`.
        activation: Activation of the cell.
        recurrent_initializer: `orthogonal`, `glorot_uniform` or `identity`.
        dropout: Dropout on embeddings, after each recurrent layer and before the output.
        locked_dropout: Dropout of whole features, the same at all steps of a sequence, on embeddings and
            before the output.
        recurrent_dropout: Dropout on the state, one mask for all steps.
        word_dropout: Share of input tokens that become the unknown token while training.
        name: Name of the model.

    Returns:
        A functional Keras model that takes a dictionary of `token_ids`, (batch, time) int, padded on the right
        with 0, of `initial_state`, (batch, num_layers, state size) float (zeros before the first token), and of
        `condition` where there is one. It returns a dictionary of `logits`, (batch, time, vocabulary_size)
        float32 with the mask, and of `state`, (batch, num_layers, state size) float, the state after the last
        real token.

    Raises:
        ValueError: An argument has an impossible value.

    Example:

    >>> import numpy as np
    >>> model = build_language_model(20, units=8, embedding_dim=4, num_layers=2)
    >>> inputs = {"token_ids": np.array([[4, 5, 6], [7, 0, 0]]), "initial_state": np.zeros((2, 2, 8), "float32")}
    >>> answers = model(inputs)
    >>> answers["logits"].shape, answers["state"].shape
    (TensorShape([2, 3, 20]), TensorShape([2, 2, 8]))
    """
    if num_classes is not None and condition_dim is not None:
        raise ValueError("give num_classes, for a class, or condition_dim, for a vector, not both")
    is_conditioned = num_classes is not None or condition_dim is not None
    if input != "embedding" and (is_conditioned or tie_embeddings):
        raise ValueError("num_classes, condition_dim and tie_embeddings need input='embedding'")

    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    initial_state = keras.Input((num_layers, state_size(cell, units)), dtype="float32", name="initial_state")
    inputs = {"token_ids": token_ids, "initial_state": initial_state}
    embedding = None
    if tie_embeddings:
        embedding = TiedEmbedding(vocabulary_size, embedding_dim, name="embedding")
        x = embedding(WordDropout(word_dropout, name="word_dropout")(token_ids) if word_dropout else token_ids)
    else:
        x = embed_tokens(
            token_ids, vocabulary_size, input=input, embedding_dim=embedding_dim, word_dropout=word_dropout
        )
    if input == "embedding":
        x = drop_features(x, dropout, locked_dropout, "embedding")
    if is_conditioned:
        if num_classes is not None:
            inputs["condition"] = keras.Input((), dtype="int32", name="condition")
            condition = keras.layers.Embedding(num_classes, embedding_dim, name="condition_embedding")(
                inputs["condition"]
            )
        else:
            inputs["condition"] = keras.Input((condition_dim,), dtype="float32", name="condition")
            condition = keras.layers.Dense(embedding_dim, name="condition_projection")(inputs["condition"])
        x = AddToSteps(name="token_and_condition")(x, condition)
    x, state = RecurrentStack(
        units,
        num_layers,
        cell=cell,
        stack=stack,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        recurrent_initializer=recurrent_initializer,
        activation=activation,
        return_state=True,
        one_hot_size=vocabulary_size if input == "one_hot" else None,
        name="recurrent_stack",
    )(x, initial_state=initial_state)
    x = drop_features(x, dropout, locked_dropout, "output")
    if tie_embeddings:
        if units != embedding_dim:
            x = keras.layers.Dense(embedding_dim, name="output_projection")(x)
        # Keras names an output after the layer that it comes from.
        logits = keras.layers.Identity(dtype="float32", name="logits")(embedding(x, reverse=True))
    else:
        logits = keras.layers.Dense(vocabulary_size, dtype="float32", name="logits")(x)
    state = keras.layers.Identity(dtype="float32", name="state")(state)
    return keras.Model(inputs, {"logits": logits, "state": state}, name=name)
