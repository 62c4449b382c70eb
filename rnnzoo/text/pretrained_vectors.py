"""Word vectors that others trained: text files of GloVe and word2vec."""

import gzip
import itertools
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnzoo.config import UserError
from rnnzoo.text.special_tokens import SPECIAL_TOKENS

_FORMAT = "text with a word and its numbers on each line and one blank between them, as it is or gzipped"
_GZIP, _ZIP = b"\x1f\x8b", b"PK"  # what such files begin with


@dataclass(frozen=True)
class PretrainedVectors:
    """Vectors of the words of a vocabulary, and how much they cover.

    Attributes:
        matrix: (vocabulary, dim) float32; zeros for special tokens and for words that were not found.
        is_found: (vocabulary,) bool.
        report: `file`, `dim`, and `lines` and `broken_lines` of the file; `words` of the vocabulary, how
            many of them were `found` and how many of those `found_in_other_case`; `vocabulary_share`, the
            share of the words found, and `token_share`, the share that they make of the running tokens of
            the training texts.
    """

    matrix: np.ndarray
    is_found: np.ndarray
    report: dict[str, int | float | str]


def load_pretrained_vectors(
    path: str | Path, words: Sequence[str], counts: Mapping[str, int], dim: int | None = None
) -> PretrainedVectors:
    """Reads the vectors of the words of a vocabulary, line by line.

    A word that the file lacks takes the vector of the first that differs in case alone; files begin with
    what is frequent. A line is broken, and left out, if it has too few fields, or has a word of the
    vocabulary and something else than finite numbers.

    Args:
        path: A text file of GloVe or of word2vec, the latter with the line of sizes at its start.
        words: The tokens of the vocabulary in the order of their ids, special tokens included.
        counts: How often each token occurs in the training texts, also those that the vocabulary lacks.
        dim: The width that the vectors must have; None: any.

    Raises:
        UserError: The file cannot be read, is none of vectors or of vectors of another width, most of its
            lines are broken, or it has no word of the vocabulary.
    """
    path = Path(path)
    ids = {word.encode(): place for place, word in enumerate(words) if word not in SPECIAL_TOKENS}
    width, lines = _read_width(path, _read_lines(path))
    if dim not in (None, width):
        raise UserError("these word vectors have another width", file=path, got=width, allowed=str(dim))
    vectors, vectors_by_name, num_lines, num_broken = _read_vectors(lines, width, ids)
    if 2 * num_broken > num_lines:
        raise UserError(
            f"{num_broken} of {num_lines} lines are no word with {width} numbers",
            file=path,
            allowed=_FORMAT,
            hint="word2vec's binary files have to be converted to text",
        )
    if not vectors_by_name:
        raise UserError("no word of the vocabulary is in this file", file=path, hint="is it of the same language?")

    matrix = np.zeros((len(words), width), np.float32)
    is_found = np.zeros(len(words), bool)
    for word, place in ids.items():
        vector = vectors.get(word, vectors_by_name.get(_fold(word)))
        if vector is not None:
            matrix[place], is_found[place] = vector, True
    num_found = int(is_found.sum())
    num_tokens_found = sum(counts.get(word, 0) for word, found in zip(words, is_found, strict=True) if found)
    report = {
        "file": path.name,
        "dim": width,
        "lines": num_lines,
        "broken_lines": num_broken,
        "words": len(ids),
        "found": num_found,
        "found_in_other_case": num_found - len(vectors),
        "vocabulary_share": round(num_found / len(ids), 4),
        "token_share": round(num_tokens_found / max(sum(counts.values()), 1), 4),
    }
    return PretrainedVectors(matrix, is_found, report)


def _read_lines(path: Path) -> Iterator[bytes]:
    """Yields the lines without their ends and without the blank that word2vec puts there."""
    try:
        with path.open("rb") as file:
            start = file.read(2)
        if start == _ZIP:
            raise UserError("this is a zip archive", file=path, allowed=_FORMAT, hint="unpack it first")
        with gzip.open(path) if start == _GZIP else path.open("rb") as file:
            yield from (line.rstrip() for line in file)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"these word vectors cannot be read: {reason}", file=path) from error


def _read_width(path: Path, lines: Iterator[bytes]) -> tuple[int, Iterator[bytes]]:
    """Finds the width in the first line, and returns it with the lines of vectors."""
    first = next(lines, b"")
    _, *numbers = first.split(b" ")
    if len(numbers) == 1 and first.replace(b" ", b"").isdigit() and int(numbers[0]):
        return int(numbers[0]), lines
    if not numbers or _to_vector(b" ".join(numbers)) is None:
        shown = first[:80].decode(errors="replace")
        raise UserError("this is no file of word vectors", file=path, got=shown, allowed=_FORMAT)
    return len(numbers), itertools.chain([first], lines)


def _read_vectors(
    lines: Iterable[bytes], width: int, wanted: Mapping[bytes, int]
) -> tuple[dict[bytes, np.ndarray], dict[str, np.ndarray], int, int]:
    """Returns the first vector of each wanted word, that of each in any case, and the lines and broken ones."""
    names = {_fold(word) for word in wanted}
    vectors: dict[bytes, np.ndarray] = {}
    vectors_by_name: dict[str, np.ndarray] = {}
    num_lines = num_broken = 0
    for line in lines:
        num_lines += 1
        num_blanks = line.count(b" ")
        if num_blanks < width:
            num_broken += 1
            continue
        # Some words of GloVe's files hold blanks. To cut every line into all its fields takes several times as long.
        end = line.index(b" ") if num_blanks == width else len(line.rsplit(b" ", width)[0])
        word = line[:end]
        name = _fold(word)
        is_new = word in wanted and word not in vectors
        if not is_new and (name not in names or name in vectors_by_name):
            continue
        vector = _to_vector(line[end + 1 :])
        if vector is None:
            num_broken += 1
            continue
        vectors_by_name.setdefault(name, vector)
        if is_new:
            vectors[word] = vector
    return vectors, vectors_by_name, num_lines, num_broken


def _fold(word: bytes) -> str:
    return word.decode(errors="replace").casefold()


def _to_vector(numbers: bytes) -> np.ndarray | None:
    try:
        with np.errstate(over="ignore"):
            vector = np.array([float(number) for number in numbers.split(b" ")], np.float32)
    except ValueError:
        return None
    return vector if np.isfinite(vector).all() else None
