"""From probabilities to tokens: TensorFlow core operations, eagerly and in an exported graph alike."""

from rnnzoo.decoding.generation import Generation, generate_tokens
from rnnzoo.decoding.sampling import MAXIMUM_TEMPERATURE, Sampler, sample_tokens, uniform_draws

__all__ = ["MAXIMUM_TEMPERATURE", "Generation", "Sampler", "generate_tokens", "sample_tokens", "uniform_draws"]
