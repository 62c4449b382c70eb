"""From strings to ids in plain Python, as one writes it beside a PyTorch model."""

import re
from collections.abc import Callable
from functools import partial

from benchmarks.serving_exports import load_export_strings
from rnnzoo.config import RunConfig
from rnnzoo.text.special_tokens import BOS_ID, EOS_ID, PAD_ID, UNKNOWN_ID

_CLITIC = re.compile(r"n't\b", re.IGNORECASE)
_WORD = re.compile(r"n't\b|'(?:s|re|ve|ll|d|m)\b|\d+(?:[.,]\d+)+|[^\W_]+|\S", re.IGNORECASE)


def split_words(text: str) -> list[str]:
    """Cuts a text into words and marks; for the texts that are timed, as `rnnzoo.text.WordTokenizer` does.

    Example:

    >>> split_words("it isn't bad: 3.5, très bien!")
    ['it', 'is', "n't", 'bad', ':', '3.5', ',', 'très', 'bien', '!']
    """
    return _WORD.findall(_CLITIC.sub(r" \g<0>", text.replace("’", "'")))


class PythonTextEncoder:
    """The ids of the tokens of texts, and of their affixes and n-grams where the model reads them.

    Args:
        export: The version folder.
        config: Its config.
    """

    def __init__(self, export: str, config: RunConfig):
        text = config.text
        unit = getattr(text, "tokenizer", None) or text.unit
        splitters: dict[str, Callable] = {"words": split_words, "characters": list}
        if unit not in splitters:
            raise NotImplementedError(f"there is no Python tokeniser for {unit}")
        read = partial(_read_ids, export)
        self._split = splitters[unit]
        self._config = text
        self._ids = read("vocabulary.jsonl")
        self._prefixes, self._suffixes = getattr(text, "prefix_lengths", ()), getattr(text, "suffix_lengths", ())
        self._ngram_lengths = sorted(getattr(text, "ngram_lengths", ()))
        self._affix_ids = read("affixes.jsonl") if self._prefixes or self._suffixes else {}
        self._ngram_ids = read("ngrams.jsonl") if self._ngram_lengths else {}

    def __call__(self, text: str) -> dict[str, list]:
        """Returns `token_ids`, and `affix_ids` and `ngram_ids`, which are lists for each token."""
        for blank in getattr(self._config, "blanks", ()):
            text = text.replace(blank, " ")
        tokens = self._split(text.lower() if self._config.lowercase else text)[: self._config.max_length]
        encoded: dict[str, list] = {"token_ids": [self._ids.get(token, UNKNOWN_ID) for token in tokens]}
        if self._affix_ids:
            encoded["affix_ids"] = [
                [self._affix_ids.get(affix, UNKNOWN_ID) for affix in self._list_affixes(token)] for token in tokens
            ]
        if self._ngram_ids:
            encoded["ngram_ids"] = [
                [self._ngram_ids.get(ngram, PAD_ID) for ngram in self._list_ngrams(tokens, place)]
                for place in range(len(tokens))
            ]
        if getattr(self._config, "boundary_tokens", False):
            encoded["token_ids"] = [BOS_ID, *encoded["token_ids"], EOS_ID]
        return encoded

    def _list_affixes(self, token: str) -> list[str]:
        prefixes = [f"{token[:length]}-" for length in self._prefixes]
        return prefixes + [f"-{token[-length:]}" for length in self._suffixes]

    def _list_ngrams(self, tokens: list[str], place: int) -> list[str]:
        longest = max(self._ngram_lengths)
        before = (["<bos>"] * (longest - 1) + tokens)[place : place + longest]
        return [" ".join(before[-length:]) for length in self._ngram_lengths]


def _read_ids(export: str, name: str) -> dict[str, int]:
    return {token: place for place, token in enumerate(load_export_strings(export, name))}
