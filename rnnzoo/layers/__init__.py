"""Keras layers: the recurrent stack, pooling, and what stands before it."""

from rnnzoo.layers.character_features import CharacterConvolution, CharacterRecurrence
from rnnzoo.layers.crf import ConditionalRandomField
from rnnzoo.layers.dropout import Dropout
from rnnzoo.layers.recurrence import Recurrence, run_recurrences
from rnnzoo.layers.recurrent_stack import CELLS, RECURRENT_INITIALIZERS, RecurrentStack, state_size
from rnnzoo.layers.sequence_pooling import POOLINGS, SequencePooling
from rnnzoo.layers.simple_rnn import SimpleRNN
from rnnzoo.layers.token_input import EmbeddingBag, WordDropout

__all__ = [
    "CELLS",
    "POOLINGS",
    "RECURRENT_INITIALIZERS",
    "CharacterConvolution",
    "CharacterRecurrence",
    "ConditionalRandomField",
    "Dropout",
    "EmbeddingBag",
    "Recurrence",
    "RecurrentStack",
    "SequencePooling",
    "SimpleRNN",
    "WordDropout",
    "run_recurrences",
    "state_size",
]
