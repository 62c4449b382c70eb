"""Answers looked up in the training texts: what a translator, which knows order, has to beat."""

import string
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from rnnzoo.config import UserError

# A text of fewer words is compared by its characters.
_MANY_WORDS = 3
# Similarities that are computed at once; it bounds the memory, to tens of megabytes.
_MAX_SIMILARITIES = 2_000_000


class RetrievalBaseline:
    """Puts out the target of the training source that is most alike.

    Likeness is the cosine of tf-idf vectors of words, heedless of their order, case and outer punctuation; where a
    text has fewer than three words, or none that training has, of trigrams of characters. Of sources that are
    equally alike it is the first; where nothing is alike, the first of all.

    Args:
        sources: Training texts.
        targets: What each of them is to become.

    Raises:
        UserError: There is no training text.

    Example:

    >>> baseline = RetrievalBaseline(["a red dog runs", "two cats sleep there", "hi"], ["ein Hund", "Katzen", "na"])
    >>> baseline.predict(["There sleep the two", "His", ""])
    ['Katzen', 'na', 'ein Hund']
    """

    def __init__(self, sources: Sequence[str], targets: Sequence[str]):
        if len(sources) != len(targets):
            raise ValueError(f"{len(sources)} sources, but {len(targets)} targets")
        if not sources:
            raise UserError("there is no training text to look answers up in")
        self._sources, self._targets = list(sources), list(targets)

    def predict(self, sources: Sequence[str]) -> list[str]:
        """Returns the answer to each text of `sources`."""
        places, likeness = np.zeros(len(sources), np.int64), np.zeros(len(sources))
        by_words = np.flatnonzero([len(_list_words(source)) >= _MANY_WORDS for source in sources])
        if len(by_words):
            places[by_words], likeness[by_words] = self._words.find([sources[place] for place in by_words])
        by_trigrams = np.flatnonzero(likeness == 0)
        if len(by_trigrams):
            places[by_trigrams], _ = self._trigrams.find([sources[place] for place in by_trigrams])
        return [self._targets[place] for place in places]

    @cached_property
    def _words(self) -> "_Index":
        return _Index(self._sources, _list_words)

    @cached_property
    def _trigrams(self) -> "_Index":
        return _Index(self._sources, _list_trigrams)


class _Index:
    """Finds texts by their features.

    Args:
        texts: What to look for.
        list_features: Lists the features of a text.
    """

    def __init__(self, texts: Sequence[str], list_features: Callable[[str], list[str]]):
        self._list_features = list_features
        features = [list_features(text) for text in texts]
        self._columns = {feature: column for column, feature in enumerate(dict.fromkeys(chain(*features)))}
        counts = self._count(features)
        num_texts_with = np.bincount(counts.indices, minlength=counts.shape[1])
        self._weights = np.log((1 + len(texts)) / (1 + num_texts_with)) + 1
        self._vectors = self._weigh(counts).T.tocsr()

    def find(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Returns the place of what is most alike to each of `texts`, and its cosine, each (texts,)."""
        queries = self._weigh(self._count([self._list_features(text) for text in texts]))
        places, likeness = np.zeros(len(texts), np.int64), np.zeros(len(texts))
        step = max(1, _MAX_SIMILARITIES // self._vectors.shape[1])
        for start in range(0, len(texts), step):
            rows = slice(start, start + step)
            similarities = (queries[rows] @ self._vectors).toarray()
            places[rows] = similarities.argmax(axis=1)
            likeness[rows] = similarities.max(axis=1)
        return places, likeness

    def _count(self, features: Sequence[Sequence[str]]) -> Any:
        from scipy.sparse import csr_matrix

        columns = [[self._columns[name] for name in names if name in self._columns] for names in features]
        rows = np.repeat(np.arange(len(columns)), [len(row) for row in columns])
        flat = np.fromiter(chain(*columns), np.int64)
        # A column at least: SciPy has no matrix without.
        shape = (len(columns), max(len(self._columns), 1))
        return csr_matrix((np.ones(len(flat)), (rows, flat)), shape=shape)

    def _weigh(self, counts: Any) -> Any:
        from scipy.sparse import diags

        weighted = (counts @ diags(self._weights)).tocsr()
        norms = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        return (diags(1 / np.where(norms > 0, norms, 1)) @ weighted).tocsr()


def _list_words(text: str) -> list[str]:
    words = (word.strip(string.punctuation) for word in text.casefold().split())
    return [word for word in words if word]


def _list_trigrams(text: str) -> list[str]:
    text = f" {' '.join(text.casefold().split())} "
    return [text[place : place + 3] for place in range(len(text) - 2)]
