"""The examples of the `sentences` configuration."""

import functools
import random
from collections.abc import Iterator

from rnnzoo.datasets.mini.derivation import derive_sentence, mirror_sentence
from rnnzoo.datasets.mini.description import CONFIGURATIONS
from rnnzoo.datasets.mini.english import join_tokens, realise_tokens
from rnnzoo.datasets.mini.meaning import compute_value, name_rating, name_sentiment
from rnnzoo.datasets.mini.second_language import translate_sentence
from rnnzoo.datasets.mini.trees import Sentence

# The wanted opinions, in turn: both sentiments and all five ratings come out equally often.
_VALUES = (3, -3, 2, -2, 1, 3, -3, 2, -2, -1)
_UNSEEN_RATE = 0.1


def generate_sentences(split: str) -> Iterator[dict]:
    """Yields the examples of a split of the `sentences` configuration.

    Args:
        split: "train", "validation" or "test".

    Yields:
        dict with the features as plain strings and lists of strings.
    """
    for sentence in _derive_splits()[split]:
        yield make_example(sentence)


def make_example(sentence: Sentence) -> dict:
    """Returns the example of a parse tree, as plain strings and lists of strings."""
    tokens = realise_tokens(sentence)
    value = compute_value(sentence)
    return {
        "text": join_tokens([token.text for token in tokens]),
        "sentiment": name_sentiment(value),
        "rating": name_rating(value),
        "tokens": [token.text for token in tokens],
        "upos": [token.upos for token in tokens],
        "entities": [token.entity for token in tokens],
        "translation": translate_sentence(sentence),
    }


@functools.cache
def _derive_splits() -> dict[str, tuple[Sentence, ...]]:
    # All splits in one go: a later one leaves out the texts of those before it.
    texts: set[str] = set()
    splits = {}
    for split, size in CONFIGURATIONS["sentences"].splits.items():
        rng = random.Random(f"rnnzoo_mini/sentences/{split}")  # noqa: S311
        sentences: list[Sentence] = []
        while len(sentences) < size:
            unseen = split != "train" and rng.random() < _UNSEEN_RATE
            sentence = _derive_with_value(rng, unseen, _VALUES[len(sentences) % len(_VALUES)])
            text = join_tokens([token.text for token in realise_tokens(sentence)])
            if text not in texts:
                texts.add(text)
                sentences.append(sentence)
        splits[split] = tuple(sentences)
    return splits


def _derive_with_value(rng: random.Random, unseen: bool, value: int) -> Sentence:
    while True:
        sentence = derive_sentence(rng, unseen)
        # The strength is drawn for, the sign is made: so structures are the same on both sides.
        found = compute_value(sentence)
        if found == value:
            return sentence
        if found == -value:
            return mirror_sentence(sentence)
