"""From one sequence of tokens to another, of another length: many to many, out of step."""

import keras

from rnnzoo.builders.inputs import drop_features
from rnnzoo.layers import (
    ATTENTIONS,
    Attention,
    InputFeedingDecoder,
    RecurrentStack,
    SequencePooling,
    TiedEmbedding,
    WordDropout,
    state_size,
)

TRANSLATOR_ATTENTIONS = (*ATTENTIONS, "none")


def build_translator(
    source_vocabulary_size,
    target_vocabulary_size,
    *,
    embedding_dim=256,
    units=256,
    encoder_layers=2,
    decoder_layers=2,
    cell="simple_rnn",
    stack="residual",
    attention="dot",
    input_feeding=False,
    share_embeddings=False,
    tie_embeddings=False,
    activation="tanh",
    recurrent_initializer="orthogonal",
    dropout=0.3,
    locked_dropout=0.0,
    recurrent_dropout=0.0,
    word_dropout=0.0,
    name="translator",
):
    """Builds a recurrent encoder-decoder.

    A bidirectional encoder reads the source. The mean of its outputs, through a dense layer, is the state in which
    the decoder starts; without attention that is all the decoder ever knows of the source. With attention, each
    output h of the decoder asks the encoder's outputs for a context, and tanh(W [h; context]) gives the logits. As
    the attention stands after the decoder, training runs layer by layer over whole sequences; with `input_feeding`
    each step waits for the one before. `TranslatorStep` runs the same weights token by token.

    Args:
        source_vocabulary_size: Number of source ids.
        target_vocabulary_size: Number of target ids.
        embedding_dim: Width of the embeddings.
        units: Width of the decoder, and of the encoder, of which each direction has half.
        encoder_layers: Number of bidirectional recurrent layers that read the source.
        decoder_layers: Number of recurrent layers that write the target.
        cell: `simple_rnn`, `gru` or `lstm`.
        stack: `residual` (pre-norm blocks) or `plain`; see `rnnzoo.layers.RecurrentStack`.
        attention: `dot`, `general`, `additive` (see `rnnzoo.layers.Attention`) or `none`.
        input_feeding: Whether the decoder also reads, at each step, tanh(W [h; context]) of the step before.
        share_embeddings: Whether source and target have one embedding, as of a joint vocabulary.
        tie_embeddings: Whether the logits are products with the embeddings of the target tokens, and not with a
            matrix of their own.
        activation: Activation of the cells.
        recurrent_initializer: `orthogonal`, `glorot_uniform` or `identity`.
        dropout: Dropout on embeddings, after each recurrent layer and before the output.
        locked_dropout: Dropout of whole features, the same at all steps of a sequence, on embeddings and
            before the output.
        recurrent_dropout: Dropout on the state, one mask for all steps.
        word_dropout: Share of source and target tokens that become the unknown token while training.
        name: Name of the model.

    Returns:
        A functional Keras model that takes a dictionary of `source_ids`, (batch, source time) int, and `target_ids`,
        (batch, target time) int, from `<bos>` to the last token before `<eos>`, both padded on the right with 0. It
        returns `logits`, (batch, target time, target_vocabulary_size) float32, each of the token after, with the mask
        of the target.

    Raises:
        ValueError: An argument has an impossible value.

    References:
        Sutskever et al. 2014, Sequence to Sequence Learning with Neural Networks.
        Luong et al. 2015, Effective Approaches to Attention-based Neural Machine Translation.
        Press and Wolf 2017, Using the Output Embedding to Improve Language Models (one table for all three).

    Example:

    >>> import numpy as np
    >>> model = build_translator(20, 30, units=8, embedding_dim=4)
    >>> model({"source_ids": np.array([[4, 5, 6, 3], [7, 3, 0, 0]]), "target_ids": np.array([[2, 9], [2, 0]])}).shape
    TensorShape([2, 2, 30])
    """
    if units < 2 or units % 2:
        raise ValueError(f"units must be even, for each direction of the encoder has half of them, not {units!r}")
    if attention not in TRANSLATOR_ATTENTIONS:
        raise ValueError(f"attention must be one of {', '.join(TRANSLATOR_ATTENTIONS)}, not {attention!r}")
    if input_feeding and attention == "none":
        raise ValueError("input_feeding needs an attention: without one there is nothing to feed")
    if share_embeddings and source_vocabulary_size != target_vocabulary_size:
        raise ValueError(
            "share_embeddings needs one vocabulary for both sides, "
            f"not {source_vocabulary_size!r} source ids and {target_vocabulary_size!r} target ids"
        )

    table = TiedEmbedding if tie_embeddings else keras.layers.Embedding
    target_name = "embedding" if share_embeddings else "target_embedding"
    target_embedding = table(target_vocabulary_size, embedding_dim, mask_zero=True, name=target_name)
    source_embedding = target_embedding
    if not share_embeddings:
        source_embedding = keras.layers.Embedding(
            source_vocabulary_size, embedding_dim, mask_zero=True, name="source_embedding"
        )

    def embed(token_ids, embedding, side):
        if word_dropout:
            token_ids = WordDropout(word_dropout, name=f"{side}_word_dropout")(token_ids)
        return drop_features(embedding(token_ids), dropout, locked_dropout, side)

    def make_stack(size, num_layers, stack_name, **options):
        return RecurrentStack(
            size,
            num_layers,
            cell=cell,
            stack=stack,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            recurrent_initializer=recurrent_initializer,
            activation=activation,
            name=stack_name,
            **options,
        )

    source_ids = keras.Input((None,), dtype="int32", name="source_ids")
    target_ids = keras.Input((None,), dtype="int32", name="target_ids")
    source = embed(source_ids, source_embedding, "source")
    memory = make_stack(units // 2, encoder_layers, "encoder", bidirectional=True)(source)
    size_of_state = state_size(cell, units)
    # Of every layer at once.
    state = keras.layers.Dense(decoder_layers * size_of_state, activation="tanh", name="context_to_state")(
        SequencePooling("mean", name="context")(memory)
    )
    state = keras.layers.Reshape((decoder_layers, size_of_state), name="initial_state")(state)

    x = embed(target_ids, target_embedding, "target")
    vector_size = embedding_dim if tie_embeddings else units
    if input_feeding:
        decoder = InputFeedingDecoder(
            make_stack(units, decoder_layers, "recurrent_stack"),
            Attention(attention, name="attention"),
            vector_size,
            name="decoder",
        )
        x, _ = decoder(x, memory, initial_state=state)
    else:
        x = make_stack(units, decoder_layers, "decoder")(x, initial_state=state)
        if attention != "none":
            context, _ = Attention(attention, name="attention")(x, memory)
            x = keras.layers.Concatenate(name="output_and_context")([x, context])
            x = keras.layers.Dense(vector_size, activation="tanh", name="attentional_vector")(x)
    x = drop_features(x, dropout, locked_dropout, "output")
    if tie_embeddings:
        if x.shape[-1] != embedding_dim:
            x = keras.layers.Dense(embedding_dim, name="output_projection")(x)
        # Keras names an output after the layer that it comes from.
        logits = keras.layers.Identity(dtype="float32", name="logits")(target_embedding(x, reverse=True))
    else:
        logits = keras.layers.Dense(target_vocabulary_size, dtype="float32", name="logits")(x)
    return keras.Model({"source_ids": source_ids, "target_ids": target_ids}, logits, name=name)
