"""The first layers of every builder: from ids or features to masked vectors."""

import keras

from rnnzoo.layers import Dropout, EmbeddingBag, WordDropout

_LOCKED = (None, 1, None)


def check_inputs(vocabulary_size, feature_dim, input, word_dropout):
    """Checks the arguments by which a builder is told what its model reads: token ids or float features.

    Raises:
        ValueError: They are for neither, for both, or do not go together.
    """
    if (vocabulary_size is None) == (feature_dim is None):
        raise ValueError("give either vocabulary_size, for token ids, or feature_dim, for float features")
    if feature_dim is not None and (word_dropout or input != "embedding"):
        raise ValueError("word_dropout and input are for token ids, not for float features")


def embed_tokens(
    token_ids,
    vocabulary_size,
    *,
    affix_ids=None,
    affix_vocabulary_size=None,
    ngram_ids=None,
    ngram_vocabulary_size=None,
    input="embedding",
    embedding_dim=128,
    word_dropout=0.0,
    dropout=0.0,
):
    """Turns token ids into what the recurrent stack reads.

    Args:
        token_ids: Keras tensor, (batch, time) int.
        vocabulary_size: Number of ids.
        affix_ids: Keras tensor, (batch, time, affixes) int, whose embeddings are added to those of the
            words, or None. Word dropout leaves them: what is learned then serves unseen words.
        affix_vocabulary_size: Number of affix ids.
        ngram_ids: Keras tensor, (batch, time, ngrams) int, whose embeddings are added too, or None.
        ngram_vocabulary_size: Number of n-gram ids.
        input: `embedding` or `one_hot`.
        embedding_dim: Width of the embedding.
        word_dropout: Share of tokens that become the unknown token while training, or the share for each id.
        dropout: Dropout on the vectors of an embedding.

    Returns:
        Keras tensor, (batch, time, `embedding_dim`) float with the padding mask `token_ids != 0`; for
        `one_hot` the ids, (batch, time) int, for a stack with `one_hot_size`, which makes the mask.
    """
    if word_dropout:
        token_ids = WordDropout(word_dropout, name="word_dropout")(token_ids)
    if input == "one_hot":
        return token_ids
    if input != "embedding":
        raise ValueError(f"input must be embedding or one_hot, not {input!r}")
    vectors = keras.layers.Embedding(vocabulary_size, embedding_dim, mask_zero=True, name="embedding")(token_ids)
    if affix_ids is not None:
        affixes = EmbeddingBag(affix_vocabulary_size, embedding_dim, name="affix_embedding")(affix_ids)
        vectors = keras.layers.Add(name="word_and_affixes")([vectors, affixes])
    if ngram_ids is not None:
        ngrams = EmbeddingBag(ngram_vocabulary_size, embedding_dim, name="ngram_embedding")(ngram_ids)
        vectors = keras.layers.Add(name="word_and_ngrams")([vectors, ngrams])
    return Dropout(dropout, name="embedding_dropout")(vectors) if dropout else vectors


def drop_features(x, dropout, locked_dropout, place):
    """Drops features while training.

    Args:
        x: Keras tensor, (batch, time, features) float.
        dropout: Share that is dropped, anew at each step.
        locked_dropout: Share of the features that is dropped, the same at all steps of a sequence.
        place: What the names of the layers begin with.
    """
    if dropout:
        x = Dropout(dropout, name=f"{place}_dropout")(x)
    return Dropout(locked_dropout, noise_shape=_LOCKED, name=f"{place}_locked_dropout")(x) if locked_dropout else x
