"""Tags that mark spans of tokens, named entities for instance: BIO, IOB1, BIOES and BILOU.

A tag is `O`, outside of all spans, or the letter of a place in a span, a hyphen and the span's type: `B-PER`.
Where there is one type only, it may be left out with its hyphen.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from rnnzoo.config import UserError

OUTSIDE = "O"
_SPAN_TAG = re.compile(r"([BIESLU])(?:-(.+))?", re.DOTALL)


class _Letters(NamedTuple):
    """What a scheme calls the first token of several, those inside, the last, and an only one."""

    first: str
    inside: str
    last: str
    only: str


_LETTERS = {
    "BIO": _Letters("B", "I", "I", "B"),
    "IOB1": _Letters("I", "I", "I", "I"),  # and `B` for the first after a span of the same type
    "BIOES": _Letters("B", "I", "E", "S"),
    "BILOU": _Letters("B", "I", "L", "U"),
}
_ALIASES = {"IOB": "IOB1", "IOB2": "BIO", "IOBES": "BIOES", "BILUO": "BILOU"}
TAG_SCHEMES = tuple(_LETTERS)


class Span(NamedTuple):
    """Tokens that belong together: from `start` to before `end`."""

    type: str
    start: int
    end: int


class TagProblem(NamedTuple):
    """What is wrong with a sequence, and at which of its tags it shows."""

    place: int
    reason: str


def resolve_tag_scheme(name: str) -> str:
    """Returns the one of `TAG_SCHEMES` that a name or an alias (IOB2 for BIO, IOBES, ...) stands for, in any case.

    Raises:
        UserError: There is no such scheme.
    """
    scheme = _ALIASES.get(name.upper(), name.upper())
    if scheme not in TAG_SCHEMES:
        raise UserError("there is no such tag scheme", got=name, allowed=[*TAG_SCHEMES, *_ALIASES])
    return scheme


def detect_tag_scheme(sequences: Iterable[Sequence[str]]) -> str | None:
    """Finds out which scheme the tags of a corpus follow.

    Args:
        sequences: The tags of each sentence.

    Returns:
        The one of `TAG_SCHEMES` that explains the sequences with the fewest problems; None where tags mark no
        spans, as those of parts of speech.

    Example:

    >>> detect_tag_scheme([["I-PER", "I-PER", "O"], ["I-LOC", "B-LOC"]]), detect_tag_scheme([["DET", "NOUN"]])
    ('IOB1', None)
    """
    pairs = Counter()
    for tags in sequences:
        pairs.update(zip([None, *tags], [*tags, None], strict=True))
    tags = {tag for _, tag in pairs} - {None, OUTSIDE}
    if not all(map(_SPAN_TAG.fullmatch, tags)):
        return None
    letters = {tag[0] for tag in tags}
    fitting = [scheme for scheme in TAG_SCHEMES if letters and letters <= _letters_of(scheme)]
    return min(
        fitting,
        key=lambda scheme: sum(count for pair, count in pairs.items() if _find_fault(*pair, scheme)),
        default=None,
    )


def find_tag_problems(tags: Sequence[str], scheme: str) -> list[TagProblem]:
    """Finds what in a sequence breaks the rules of a scheme.

    Args:
        tags: The tags of one sentence.
        scheme: One of `TAG_SCHEMES`.

    Example:

    >>> find_tag_problems(["O", "I-PER"], "BIO")
    [TagProblem(place=1, reason='`I-PER` after `O` continues a span that has not begun')]
    """
    pairs = zip([None, *tags], [*tags, None], strict=True)
    faults = ((place, _find_fault(before, tag, scheme)) for place, (before, tag) in enumerate(pairs))
    return [TagProblem(min(place, len(tags) - 1), fault) for place, fault in faults if fault]


def allowed_transitions(tags: Sequence[str], scheme: str) -> np.ndarray:
    """Lists which tag may follow which.

    Args:
        tags: The names of all tags, in the order of their ids.
        scheme: One of `TAG_SCHEMES`.

    Returns:
        (tags + 1, tags + 1) bool, from row to column; the last row is the start of a sentence, the last
        column its end.
    """
    with_border = [*tags, None]
    return np.array([[not _find_fault(before, tag, scheme) for tag in with_border] for before in with_border])


def find_spans(tags: Sequence[str], scheme: str | None = None) -> list[Span]:
    """Finds the spans that tags mark, by the rules of the CoNLL-2000 evaluation script `conlleval`.

    These read every scheme, and make sense of broken sequences too: a span begins at `B-`, at `S-`, and
    where `I-` or `E-` finds none of its type to continue. A tag of no scheme counts as `O`.

    Args:
        tags: The tags of one sentence.
        scheme: One of `TAG_SCHEMES`: only spans count that are written exactly as it has them. None: all.

    Example:

    >>> find_spans(["B-PER", "I-PER", "I-LOC"])
    [Span(type='PER', start=0, end=2), Span(type='LOC', start=2, end=3)]
    >>> find_spans(["B-PER", "I-PER", "I-LOC"], "BIO")
    [Span(type='PER', start=0, end=2)]
    """
    spans = []
    start, before = 0, (OUTSIDE, "")
    for place, tag in enumerate([*tags, OUTSIDE]):
        letter, type_ = _split(tag)
        if not (letter in "IEL" and before[0] in "BI" and type_ == before[1]):
            if before[0] != OUTSIDE:
                spans.append(Span(before[1], start, place))
            start = place
        before = letter, type_
    if scheme is None:
        return spans
    written = make_tags(spans, len(tags), scheme)
    return [span for span in spans if list(tags[span.start : span.end]) == written[span.start : span.end]]


def make_tags(spans: Iterable[Span], length: int, scheme: str) -> list[str]:
    """Writes spans as tags.

    Args:
        spans: Spans that do not overlap, in the order in which they stand.
        length: Number of tokens.
        scheme: One of `TAG_SCHEMES`.
    """
    letters = _LETTERS[scheme]
    tags = [OUTSIDE] * length
    for type_, start, end in spans:
        inside = [letters.inside] * (end - start - 2)
        places = [letters.only] if end - start == 1 else [letters.first, *inside, letters.last]
        if scheme == "IOB1" and start and tags[start - 1] != OUTSIDE and _split(tags[start - 1])[1] == type_:
            places[0] = "B"
        tags[start:end] = [f"{letter}-{type_}" if type_ else letter for letter in places]
    return tags


def convert_tags(tags: Sequence[str], scheme: str) -> list[str]:
    """Rewrites tags of any scheme in another; what is broken is read as `find_spans` reads it.

    Args:
        tags: The tags of one sentence.
        scheme: One of `TAG_SCHEMES`.

    Example:

    >>> convert_tags(["I-PER", "I-PER", "B-PER", "O"], "BIOES")
    ['B-PER', 'E-PER', 'S-PER', 'O']
    """
    return make_tags(find_spans(tags), len(tags), scheme)


@lru_cache(maxsize=4096)
def _split(tag: str | None) -> tuple[str, str]:
    """Returns letter and type; those of `O` for the border of a sentence and for what is no tag of a scheme."""
    match = _SPAN_TAG.fullmatch(tag or OUTSIDE)
    return (match[1], match[2] or "") if match else (OUTSIDE, "")


def _letters_of(scheme: str) -> set[str]:
    return {*_LETTERS[scheme], "B"}


@lru_cache(maxsize=4096)
def _find_fault(before: str | None, tag: str | None, scheme: str) -> str:
    """Says why a tag may not follow another, None being the border of a sentence; nothing where it may."""
    letters = _LETTERS[scheme]
    (letter_before, type_before), (letter, type_) = _split(before), _split(tag)
    if tag not in (None, OUTSIDE) and letter not in _letters_of(scheme):
        return f"`{tag}` is no tag of {scheme}"
    this = "the end" if tag is None else f"`{tag}`"
    there = "at the start" if before is None else f"after `{before}`"
    if scheme == "IOB1":
        parts = letter_before != OUTSIDE and type_ == type_before
        return f"{this} {there} does not part two spans of one type" if letter == "B" and not parts else ""
    is_open = letter_before in (letters.first, letters.inside)
    continues = letter in (letters.inside, letters.last)
    if continues and not (is_open and type_ == type_before):
        return f"{this} {there} continues a span that has not begun"
    if is_open and not continues and letters.inside != letters.last:
        return f"{this} {there} leaves a span without its `{letters.last}-`"
    return ""
