"""Keras layers: the recurrent stack, attention, pooling, and what stands before it."""

from rnnzoo.layers.affine import Affine
from rnnzoo.layers.attention import ATTENTIONS, Attention, AttentionalStep
from rnnzoo.layers.character_features import CharacterConvolution, CharacterRecurrence
from rnnzoo.layers.crf import ConditionalRandomField
from rnnzoo.layers.dropout import Dropout
from rnnzoo.layers.input_feeding import InputFeedingDecoder
from rnnzoo.layers.recurrence import Recurrence, run_recurrences
from rnnzoo.layers.recurrent_stack import CELLS, RECURRENT_INITIALIZERS, RecurrentStack, state_size
from rnnzoo.layers.sequence_pooling import POOLINGS, SequencePooling
from rnnzoo.layers.simple_rnn import SimpleRNN
from rnnzoo.layers.single_step import SingleStep, read_weight
from rnnzoo.layers.tied_embedding import TiedEmbedding
from rnnzoo.layers.token_input import AddToSteps, EmbeddingBag, WordDropout

__all__ = [
    "ATTENTIONS",
    "CELLS",
    "POOLINGS",
    "RECURRENT_INITIALIZERS",
    "AddToSteps",
    "Affine",
    "Attention",
    "AttentionalStep",
    "CharacterConvolution",
    "CharacterRecurrence",
    "ConditionalRandomField",
    "Dropout",
    "EmbeddingBag",
    "InputFeedingDecoder",
    "Recurrence",
    "RecurrentStack",
    "SequencePooling",
    "SimpleRNN",
    "SingleStep",
    "TiedEmbedding",
    "WordDropout",
    "read_weight",
    "run_recurrences",
    "state_size",
]
