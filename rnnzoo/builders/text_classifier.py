"""Many to one: a class for a whole sequence."""

import keras

from rnnzoo.builders.inputs import check_inputs, embed_tokens
from rnnzoo.layers import Dropout, RecurrentStack, SequencePooling


def build_text_classifier(
    num_classes,
    vocabulary_size=None,
    *,
    feature_dim=None,
    affix_vocabulary_size=None,
    num_affixes=None,
    ngram_vocabulary_size=None,
    num_ngrams=None,
    input="embedding",
    embedding_dim=128,
    cell="simple_rnn",
    units=128,
    num_layers=1,
    bidirectional=True,
    stack="residual",
    pooling="mean_max",
    activation="tanh",
    recurrent_initializer="orthogonal",
    dropout=0.3,
    recurrent_dropout=0.0,
    word_dropout=0.0,
    name="text_classifier",
):
    """Builds a recurrent classifier of token ids or of float features.

    Args:
        num_classes: Number of classes.
        vocabulary_size: Number of token ids; the model's input is then `token_ids`, (batch, time) int,
            padded on the right with 0.
        feature_dim: Instead of `vocabulary_size`, the width of each step; the input is then `features`,
            (batch, time, feature_dim) float, where a step of zeros is padding. `input`, `embedding_dim` and
            `word_dropout` are for token ids.
        affix_vocabulary_size: Number of affix ids, or None; with them the model has a further input,
            `affix_ids`, (batch, time, num_affixes) int, and takes a dictionary.
        num_affixes: Affixes of each word.
        ngram_vocabulary_size: Number of n-gram ids, or None; with them the model has a further input,
            `ngram_ids`, (batch, time, num_ngrams) int, and takes a dictionary.
        num_ngrams: N-grams that end at each word.
        input: `embedding` or `one_hot`: how ids enter the network.
        embedding_dim: Width of the embedding.
        cell: `simple_rnn`, `gru` or `lstm`.
        units: Width of a recurrent layer, for each direction.
        num_layers: Number of recurrent layers.
        bidirectional: Whether to read in both directions.
        stack: `residual` (pre-norm blocks) or `plain`; see `rnnzoo.layers.RecurrentStack`.
        pooling: `last`, `mean`, `max`, `mean_max` or `attention`, over the real steps.
        activation: Activation of the cell.
        recurrent_initializer: `orthogonal`, `glorot_uniform` or `identity`.
        dropout: Dropout on embeddings, after each recurrent layer and before the output.
        recurrent_dropout: Dropout on the state, one mask for all steps.
        word_dropout: Share of tokens that become the unknown token while training.
        name: Name of the model.

    Returns:
        A functional Keras model with the output `logits`, (batch, num_classes) float32. The mask reaches
        the pooling, where it ends.

    Raises:
        ValueError: An argument has an impossible value.

    Example:

    >>> import numpy as np
    >>> model = build_text_classifier(num_classes=3, vocabulary_size=20, units=8, embedding_dim=4)
    >>> model(np.array([[4, 5, 6], [7, 0, 0]])).shape
    TensorShape([2, 3])
    """
    check_inputs(vocabulary_size, feature_dim, input, word_dropout)
    for part, size, number in (
        ("affix", affix_vocabulary_size, num_affixes),
        ("ngram", ngram_vocabulary_size, num_ngrams),
    ):
        if (size is None) != (number is None):
            raise ValueError(f"{part}_vocabulary_size and num_{part}{'es' if part == 'affix' else 's'} go together")
        if size is not None and (vocabulary_size is None or input != "embedding"):
            raise ValueError(f"{part}_vocabulary_size is for embedded token ids")
    if vocabulary_size is not None:
        inputs = {"token_ids": keras.Input((None,), dtype="int32", name="token_ids")}
        for part, number in (("affix_ids", num_affixes), ("ngram_ids", num_ngrams)):
            if number is not None:
                inputs[part] = keras.Input((None, number), dtype="int32", name=part)
        x = embed_tokens(
            **inputs,
            vocabulary_size=vocabulary_size,
            affix_vocabulary_size=affix_vocabulary_size,
            ngram_vocabulary_size=ngram_vocabulary_size,
            input=input,
            embedding_dim=embedding_dim,
            word_dropout=word_dropout,
            dropout=dropout,
        )
        inputs = inputs if len(inputs) > 1 else inputs["token_ids"]
    else:
        inputs = keras.Input((None, feature_dim), dtype="float32", name="features")
        x = keras.layers.Masking(name="masking")(inputs)
    x = RecurrentStack(
        units,
        num_layers,
        cell=cell,
        bidirectional=bidirectional,
        stack=stack,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        recurrent_initializer=recurrent_initializer,
        activation=activation,
        one_hot_size=vocabulary_size if input == "one_hot" else None,
        name="recurrent_stack",
    )(x)
    x = SequencePooling(pooling, bidirectional=bidirectional, name="pooling")(x)
    x = Dropout(dropout, name="dropout")(x)
    logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(x)
    return keras.Model(inputs, logits, name=name)
