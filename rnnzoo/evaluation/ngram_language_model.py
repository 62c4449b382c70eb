"""The n-gram model that a recurrent language model has to beat."""

from dataclasses import dataclass

import numpy as np

from rnnzoo.text.special_tokens import BOS_ID


@dataclass(frozen=True)
class _Level:
    """Counts of n-grams of one length. The number of an n-gram is its place in `grams`.

    Attributes:
        grams: Sorted codes of n-grams: number of the context × vocabulary size + last token, (grams,) int64.
        counts: How often the last token of each was to be predicted, (grams,) int64.
        totals: How often anything was, after each context, (contexts,) int64.
        types: How many different tokens came after each context, (contexts,) int64.
    """

    grams: np.ndarray
    counts: np.ndarray
    totals: np.ndarray
    types: np.ndarray


class NgramLanguageModel:
    """An interpolated n-gram model with Witten-Bell smoothing (Witten and Bell 1991).

    The probability of a token w after a context h of n - 1 tokens, which was seen c(h) times with T(h) different
    tokens after it, is

        P(w | h) = (c(h, w) + T(h) P(w | h')) / (c(h) + T(h)),

    where h' is h without its first token; the last h' is followed by all ids alike. There is nothing to tune. A
    context does not reach past the `<bos>` of its document.

    Args:
        token_ids: Training text, (time,) int: `<bos>` begins each document, and nothing else; `<eos>` and `<unk>`
            are tokens like others.
        vocabulary_size: Number of ids.
        order: n.

    Example:

    >>> model = NgramLanguageModel(np.array([2, 4, 5, 4, 5]), vocabulary_size=6, order=2)
    >>> np.exp(model.log_probabilities(np.array([2, 4, 5]))).round(3).tolist()
    [1.0, 0.694, 0.796]
    """

    def __init__(self, token_ids: np.ndarray, vocabulary_size: int, order: int = 5):
        self.order = order
        self._vocabulary_size = vocabulary_size
        self._levels: list[_Level] = []
        token_ids = np.asarray(token_ids, np.int64)
        is_bos = token_ids == BOS_ID
        contexts, num_contexts = np.zeros(len(token_ids), np.int64), 1
        for _ in range(order):
            is_seen = contexts >= 0
            if not is_seen.any():  # no document is so long
                break
            codes = contexts[is_seen] * vocabulary_size + token_ids[is_seen]
            grams, numbers = np.unique(codes, return_inverse=True)
            # `<bos>` is a context but never predicted.
            counts = np.bincount(numbers[~is_bos[is_seen]], minlength=len(grams))
            of_contexts = grams // vocabulary_size
            totals = np.bincount(of_contexts, counts, num_contexts).astype(np.int64)
            types = np.bincount(of_contexts[counts > 0], minlength=num_contexts)
            self._levels.append(_Level(grams, counts, totals, types))
            contexts[is_seen] = numbers
            contexts, num_contexts = _as_contexts(contexts, is_bos), len(grams)

    def log_probabilities(self, token_ids: np.ndarray) -> np.ndarray:
        """Scores each token of a text after those before it.

        Args:
            token_ids: (time,) int, with `<bos>` as in the training text.

        Returns:
            Natural logarithms, (time,) float64; 0 for `<bos>`, which nothing predicts.
        """
        token_ids = np.asarray(token_ids, np.int64)
        is_bos = token_ids == BOS_ID
        contexts = np.zeros(len(token_ids), np.int64)
        probabilities = np.full(len(token_ids), 1.0 / self._vocabulary_size)
        for level in self._levels:
            codes = contexts * self._vocabulary_size + token_ids
            numbers = np.minimum(np.searchsorted(level.grams, codes), len(level.grams) - 1)
            is_seen = (contexts >= 0) & (level.grams[numbers] == codes)
            counts = np.where(is_seen, level.counts[numbers], 0)
            totals = np.where(contexts >= 0, level.totals[contexts], 0)
            types = np.where(contexts >= 0, level.types[contexts], 0)
            mixed = (counts + types * probabilities) / np.maximum(totals + types, 1)
            probabilities = np.where(totals > 0, mixed, probabilities)
            contexts = _as_contexts(np.where(is_seen, numbers, -1), is_bos)
        return np.where(is_bos, 0.0, np.log(probabilities))


def _as_contexts(grams: np.ndarray, is_bos: np.ndarray) -> np.ndarray:
    """Returns for each place the n-gram that ends before it, -1 where there is none: it is the next longer context."""
    contexts = np.roll(grams, 1)
    contexts[:1] = -1
    contexts[is_bos] = -1
    return contexts
