"""From probabilities to tokens: TensorFlow core operations, eagerly and in an exported graph alike."""

from rnnzoo.decoding.beam_search import IMPOSSIBLE, Beams, repeat_for_beams, search_beams
from rnnzoo.decoding.generation import Generation, generate_tokens
from rnnzoo.decoding.greedy import decode_greedily
from rnnzoo.decoding.sampling import MAXIMUM_TEMPERATURE, Sampler, sample_tokens, uniform_draws

__all__ = [
    "IMPOSSIBLE",
    "MAXIMUM_TEMPERATURE",
    "Beams",
    "Generation",
    "Sampler",
    "decode_greedily",
    "generate_tokens",
    "repeat_for_beams",
    "sample_tokens",
    "search_beams",
    "uniform_draws",
]
