"""Sequences of neighbouring words, which say what neither word says alone: `not good`."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import tensorflow as tf

from rnnzoo.text.special_tokens import PAD_ID, UNKNOWN_ID
from rnnzoo.text.vocabulary import Vocabulary, prune_counts

_FEWEST_TEXTS = 2
_BEFORE_FIRST = "<bos>"


class NgramEncoder(tf.Module):
    """Looks up the word n-grams that end at each word of a text.

    An n-gram is its words with blanks between them; `<bos>` stands for what lies before the first word.
    One that the vocabulary lacks has the id 0, padding, and adds nothing.

    Args:
        vocabulary: The n-grams that have an id of their own.
        lengths: Words of an n-gram, 2 or more each.

    Example:

    >>> encoder = build_ngram_encoder([["not", "good"], ["not", "good", "film"]], lengths=[2], max_size=10)
    >>> encoder(tf.ragged.constant([["it", "is", "not", "good"]])).to_list()
    [[[0], [0], [0], [5]]]
    """

    def __init__(self, vocabulary: Vocabulary, lengths: Sequence[int]):
        super().__init__()
        self.vocabulary = vocabulary
        self.lengths = tuple(lengths)

    @property
    def num_ngrams(self) -> int:
        """How many n-grams end at a word."""
        return len(self.lengths)

    def __call__(self, tokens: tf.RaggedTensor) -> tf.RaggedTensor:
        """Looks up n-grams.

        Args:
            tokens: (batch, (time)) string, valid UTF-8.

        Returns:
            (batch, (time), num_ngrams) int32.
        """
        words = tokens.values
        places = tf.range(tf.shape(words, out_type=tokens.row_splits.dtype)[0])
        first_places = tf.gather(tokens.row_starts(), tokens.value_rowids())
        ngrams, reach, ids = words, 1, []
        for length in sorted(self.lengths):
            for distance in range(reach, length):
                before = places - distance
                neighbours = tf.where(
                    before >= first_places, tf.gather(words, tf.maximum(before, 0)), tf.constant(_BEFORE_FIRST)
                )
                ngrams = tf.strings.join([neighbours, ngrams], " ")
            reach = length
            ids.append(self.vocabulary.to_ids(ngrams))
        ids = tf.stack(ids, axis=-1)
        return tokens.with_values(tf.where(ids == UNKNOWN_ID, PAD_ID, ids))

    def save(self, folder: Path) -> None:
        """Writes `ngrams.jsonl`, one JSON string a line, and `ngrams.json`, their lengths."""
        self.vocabulary.save(folder / "ngrams.jsonl")
        (folder / "ngrams.json").write_text(json.dumps({"lengths": self.lengths}) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "NgramEncoder":
        """Reads what `save` wrote."""
        lengths = json.loads((folder / "ngrams.json").read_text(encoding="utf-8"))["lengths"]
        return cls(Vocabulary.load(folder / "ngrams.jsonl"), lengths)


def build_ngram_encoder(texts: Iterable[Sequence[str]], lengths: Sequence[int], max_size: int) -> NgramEncoder:
    """Collects the n-grams that occur in most texts.

    Args:
        texts: The words of each training text.
        lengths: Words of an n-gram, 2 or more each.
        max_size: Largest number of entries, the special tokens included.
    """
    counts: Counter[str] = Counter()
    for words in texts:
        for length in lengths:
            padded = [_BEFORE_FIRST] * (length - 1) + list(words)
            counts.update({" ".join(padded[end - length : end]) for end in range(length, len(padded) + 1)})
        prune_counts(counts)
    shared = {ngram: count for ngram, count in counts.items() if count >= _FEWEST_TEXTS}
    return NgramEncoder(Vocabulary.of_most_frequent(shared, max_size), lengths)
