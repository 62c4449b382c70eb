"""Keras layers: the recurrent stack, pooling, and what stands before it."""

from rnnzoo.layers.recurrent_stack import CELLS, RECURRENT_INITIALIZERS, RecurrentStack, state_size
from rnnzoo.layers.sequence_pooling import POOLINGS, SequencePooling
from rnnzoo.layers.token_input import EmbeddingBag, OneHot, WordDropout

__all__ = [
    "CELLS",
    "POOLINGS",
    "RECURRENT_INITIALIZERS",
    "EmbeddingBag",
    "OneHot",
    "RecurrentStack",
    "SequencePooling",
    "WordDropout",
    "state_size",
]
