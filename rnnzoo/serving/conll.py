"""Files of tagged words answered in constant memory: CoNLL and CoNLL-U, a word a line."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnnzoo.config.errors import UserError
from rnnzoo.serving.predictor import Predictor

CONLL_SUFFIXES = (".conll", ".conllu")
BATCHES_PER_WINDOW = 16  # so many are read at once, to put rows of like length together

_SIGNATURE = "tag_tokens"
_NO_TAG = "_"  # of what lies past the model's greatest length
_NO_WORD = re.compile(r"\d+[-.]\d+")  # of CoNLL-U: tokens of several words, and words that are not there


@dataclass
class Sentence:
    """Lines of a file up to a blank one.

    Attributes:
        lines: The lines without their ends.
        places: Which of them hold words.
        words: The words.
    """

    lines: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def to_text(self, tags: list[str]) -> str:
        """Returns the lines with a tag as one more column of each word."""
        lines = list(self.lines)
        for place, tag in itertools.zip_longest(self.places, tags, fillvalue=_NO_TAG):
            delimiter = " " if " " in lines[place] and "\t" not in lines[place] else "\t"
            lines[place] += delimiter + tag
        return "".join(f"{line}\n" for line in lines) + "\n"


def answer_conll(
    predictor: Predictor, path: Path, batch_size: int, start: int = 0
) -> Iterator[tuple[Sentence, dict[str, Any]]]:
    """Yields the sentences of a file, each with the answer as of `Predictor.predict`.

    Args:
        predictor: A tagger.
        path: In `.conllu` files the word is the second column, and lines of comments, of tokens of several words
            and of words that are not there are no words. In other files it is the first column.
        batch_size: How many sentences are run together.
        start: How many sentences to pass over.

    Raises:
        UserError: The model tags no words, or a line holds none.
    """
    predictor.signature(_SIGNATURE)  # complains where there is none
    sentences = itertools.islice(_read_sentences(path), start, None)
    while window := list(itertools.islice(sentences, batch_size * BATCHES_PER_WINDOW)):
        answers = predictor.predict([{"tokens": sentence.words} for sentence in window], _SIGNATURE, batch_size)
        yield from zip(window, answers, strict=True)


def write_conll(answer: Mapping[str, Any]) -> str:
    """Returns the answer to a raw text as CoNLL: a word and its tag a line."""
    pairs = zip(answer["tokens"], answer["tags"], strict=True)
    return "".join(f"{word}\t{tag}\n" for word, tag in pairs) + "\n"


def _read_sentences(path: Path) -> Iterator[Sentence]:
    is_conllu = path.suffix == ".conllu"
    sentence = Sentence()
    with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            line = line.rstrip("\r\n")
            if not line.strip():
                if sentence.lines:
                    yield sentence
                sentence = Sentence()
                continue
            word = _find_word(line, is_conllu)
            if word == "":
                allowed = "ten columns parted by tabs, the word in the second" if is_conllu else "a word, then columns"
                raise UserError(f"line {number} has no word", file=path, got=line, allowed=allowed)
            if word is not None:
                sentence.places.append(len(sentence.lines))
                sentence.words.append(word)
            sentence.lines.append(line)
    if sentence.lines:
        yield sentence


def _find_word(line: str, is_conllu: bool) -> str | None:
    """Returns the word of a line, "" where it is missing, None where there is to be none."""
    if not is_conllu:
        return line.split("\t")[0].strip() if "\t" in line else line.split()[0]
    columns = line.split("\t")
    if line.startswith("#") or _NO_WORD.fullmatch(columns[0]):
        return None
    return columns[1].strip() if len(columns) > 1 else ""
