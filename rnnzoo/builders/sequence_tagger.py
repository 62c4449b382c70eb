"""Many to many, in step: a tag for each word of a sentence or each frame of a feature sequence."""

import keras

from rnnzoo.builders.inputs import check_inputs, drop_features, embed_tokens
from rnnzoo.layers import (
    CharacterConvolution,
    CharacterRecurrence,
    ConditionalRandomField,
    RecurrentStack,
    WordDropout,
)

CHARACTER_LAYERS = ("convolution", "recurrence")
TAGGER_HEADS = ("softmax", "crf")


def build_sequence_tagger(
    num_tags,
    vocabulary_size=None,
    *,
    feature_dim=None,
    affix_vocabulary_size=None,
    num_affixes=None,
    character_vocabulary_size=None,
    word_length=16,
    character_layer="convolution",
    character_dim=64,
    character_kernel_sizes=(3,),
    character_dropout=0.0,
    num_shapes=None,
    shape_dim=16,
    input="embedding",
    embedding_dim=128,
    cell="simple_rnn",
    units=128,
    num_layers=1,
    bidirectional=True,
    stack="residual",
    activation="tanh",
    recurrent_initializer="orthogonal",
    dropout=0.3,
    locked_dropout=0.0,
    recurrent_dropout=0.0,
    word_dropout=0.0,
    head="softmax",
    allowed_transitions=None,
    name="sequence_tagger",
):
    """Builds a recurrent tagger of token ids or of float features.

    With affixes, characters or shapes the model has an input for each beside `token_ids`, padded in the same
    steps, and takes a dictionary.

    Args:
        num_tags: Number of tags.
        vocabulary_size: Number of token ids; the model's input is then `token_ids`, (batch, time) int,
            padded on the right with 0.
        feature_dim: Instead of `vocabulary_size`, the width of each step; the input is then `features`,
            (batch, time, feature_dim) float, where a step of zeros is padding.
        affix_vocabulary_size: Number of affix ids, or None; the input is `affix_ids`,
            (batch, time, num_affixes) int. Their embeddings are added to those of the words.
        num_affixes: Affixes of each word.
        character_vocabulary_size: Number of character ids, or None; the input is `character_ids`,
            (batch, time, word_length) int. What is read from them is joined to the embedding of the word.
        word_length: Characters of each word.
        character_layer: `convolution` or `recurrence`; see `rnnzoo.layers.CharacterConvolution` and
            `CharacterRecurrence`, whose cell is `cell` too.
        character_dim: Width of what is read from the characters; even for `recurrence`.
        character_kernel_sizes: For `convolution`, the widths of the filters, which share `character_dim`.
        character_dropout: Share of the characters that become the unknown one while training.
        num_shapes: Number of word shapes, or None; the input is `shape_ids`, (batch, time) int. Their
            embeddings are joined too.
        shape_dim: Width of the embedding of a shape.
        input: `embedding` or `one_hot`: how ids enter the network; `one_hot` for token ids alone.
        embedding_dim: Width of the embedding of a word.
        cell: `simple_rnn`, `gru` or `lstm`.
        units: Width of a recurrent layer, for each direction.
        num_layers: Number of recurrent layers.
        bidirectional: Whether to read in both directions.
        stack: `residual` (pre-norm blocks) or `plain`; see `rnnzoo.layers.RecurrentStack`.
        activation: Activation of the cell.
        recurrent_initializer: `orthogonal`, `glorot_uniform` or `identity`.
        dropout: Dropout on embeddings, after each recurrent layer and before the output.
        locked_dropout: Dropout of whole features, the same at all steps of a sequence, on embeddings and
            before the output.
        recurrent_dropout: Dropout on the state, one mask for all steps.
        word_dropout: Share of tokens that become the unknown token while training, or the share for each id,
            (vocabulary_size,) floats. Affixes, characters and shapes stay: what is learned from them then
            serves unseen words.
        head: `softmax`: each tag for itself; `crf`: with the layer `crf`, a
            `rnnzoo.layers.ConditionalRandomField` that gives loss and tags of the logits and the mask.
        allowed_transitions: For `crf`, the transitions from tag to tag that the tag scheme allows,
            (num_tags + 1, num_tags + 1) bool; None: all.
        name: Name of the model.

    Returns:
        A functional Keras model with the output `logits`, (batch, time, num_tags) float32, which carries
        the mask.

    Raises:
        ValueError: An argument has an impossible value.

    References:
        Gal and Ghahramani 2016, A Theoretically Grounded Application of Dropout in Recurrent Neural
        Networks (locked dropout).

    Example:

    >>> import numpy as np
    >>> model = build_sequence_tagger(num_tags=3, vocabulary_size=20, units=8, embedding_dim=4)
    >>> model(np.array([[4, 5, 6], [7, 0, 0]])).shape
    TensorShape([2, 3, 3])
    """
    check_inputs(vocabulary_size, feature_dim, input, word_dropout)
    if (affix_vocabulary_size is None) != (num_affixes is None):
        raise ValueError("affix_vocabulary_size and num_affixes go together")
    reads_words = any(size is not None for size in (affix_vocabulary_size, character_vocabulary_size, num_shapes))
    if reads_words and (vocabulary_size is None or input != "embedding"):
        raise ValueError("affixes, characters and shapes are for embedded token ids")
    if head not in TAGGER_HEADS:
        raise ValueError(f"head must be one of {', '.join(TAGGER_HEADS)}, not {head!r}")
    if allowed_transitions is not None and head != "crf":
        raise ValueError("allowed_transitions needs head='crf'")

    inputs = {}

    def add_input(input_name, *shape, dtype="int32"):
        inputs[input_name] = keras.Input((None, *shape), dtype=dtype, name=input_name)
        return inputs[input_name]

    if feature_dim is not None:
        x = keras.layers.Masking(name="masking")(add_input("features", feature_dim, dtype="float32"))
    else:
        x = embed_tokens(
            add_input("token_ids"),
            vocabulary_size,
            affix_ids=None if num_affixes is None else add_input("affix_ids", num_affixes),
            affix_vocabulary_size=affix_vocabulary_size,
            input=input,
            embedding_dim=embedding_dim,
            word_dropout=word_dropout,
        )
        parts = [x]
        if character_vocabulary_size is not None:
            character_ids = add_input("character_ids", word_length)
            if character_dropout:
                character_ids = WordDropout(character_dropout, name="character_dropout")(character_ids)
            parts += [
                read_characters(character_ids)
                for read_characters in _make_character_layers(
                    character_layer, character_vocabulary_size, character_dim, character_kernel_sizes, cell
                )
            ]
        if num_shapes is not None:
            embed_shapes = keras.layers.Embedding(num_shapes, shape_dim, mask_zero=True, name="shape_embedding")
            parts.append(embed_shapes(add_input("shape_ids")))
        if len(parts) > 1:
            x = keras.layers.Concatenate(name="word_features")(parts)
        if input == "embedding":
            x = drop_features(x, dropout, locked_dropout, "embedding")
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
    x = drop_features(x, dropout, locked_dropout, "output")
    if head == "softmax":
        logits = keras.layers.Dense(num_tags, dtype="float32", name="logits")(x)
    else:
        logits = keras.layers.Dense(num_tags, dtype="float32", name="emissions")(x)
        logits = ConditionalRandomField(allowed_transitions, dtype="float32", name="crf")(logits)
        # Keras names an output after the layer that it comes from.
        logits = keras.layers.Identity(dtype="float32", name="logits")(logits)
    return keras.Model(inputs if len(inputs) > 1 else next(iter(inputs.values())), logits, name=name)


def _make_character_layers(kind, vocabulary_size, dim, kernel_sizes, cell):
    if kind not in CHARACTER_LAYERS:
        raise ValueError(f"character_layer must be one of {', '.join(CHARACTER_LAYERS)}, not {kind!r}")
    if kind == "recurrence":
        if dim % 2:
            raise ValueError(f"character_dim must be even for character_layer='recurrence', not {dim!r}")
        return [CharacterRecurrence(vocabulary_size, dim // 2, cell=cell, name="characters")]
    num_kernels = len(kernel_sizes)
    if not 1 <= num_kernels <= dim:
        raise ValueError(f"character_kernel_sizes must be 1 to {dim} sizes, not {kernel_sizes!r}")
    # The first ones are one filter wider where the width cannot be parted evenly.
    shares = [dim // num_kernels + (place < dim % num_kernels) for place in range(num_kernels)]
    names = ["characters", *(f"characters_{place}" for place in range(1, num_kernels))]
    return [
        CharacterConvolution(vocabulary_size, filters, kernel_size, name=name)
        for filters, kernel_size, name in zip(shares, kernel_sizes, names, strict=True)
    ]
