"""Tag schemes: spans and back, rules against what can be written, and broken corpora."""

import itertools
import subprocess
import sys
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from rnnzoo.config import UserError
from rnnzoo.text import (
    TAG_SCHEMES,
    Span,
    allowed_transitions,
    convert_tags,
    detect_tag_scheme,
    find_spans,
    find_tag_problems,
    make_tags,
    resolve_tag_scheme,
)

# "Alex Green of Oslo and Oslo Paris": spans that touch, of one type and of two, and of one token and of three.
SPANS = [Span("PER", 0, 2), Span("LOC", 3, 4), Span("LOC", 5, 6), Span("LOC", 6, 7), Span("ORG", 7, 10)]
WRITTEN = {
    "BIO": "B-PER I-PER O B-LOC O B-LOC B-LOC B-ORG I-ORG I-ORG O",
    "IOB1": "I-PER I-PER O I-LOC O I-LOC B-LOC I-ORG I-ORG I-ORG O",
    "BIOES": "B-PER E-PER O S-LOC O S-LOC S-LOC B-ORG I-ORG E-ORG O",
    "BILOU": "B-PER L-PER O U-LOC O U-LOC U-LOC B-ORG I-ORG L-ORG O",
}


@st.composite
def sentences(draw, types=("PER", "LOC", "A-B", "")):
    """Spans that fill a sentence with gaps between some of them, and its length."""
    spans, end = [], 0
    for _ in range(draw(st.integers(0, 5))):
        start = end + draw(st.integers(0, 2))
        end = start + draw(st.integers(1, 4))
        spans.append(Span(draw(st.sampled_from(types)), start, end))
    return spans, end + draw(st.integers(0, 2))


@pytest.mark.parametrize("scheme", TAG_SCHEMES)
def test_writes_and_reads_every_scheme(scheme):
    tags = WRITTEN[scheme].split()
    assert make_tags(SPANS, len(tags), scheme) == tags
    assert find_spans(tags) == find_spans(tags, scheme) == SPANS
    assert find_tag_problems(tags, scheme) == []
    assert detect_tag_scheme([tags, ["O"], []]) == scheme
    for other, written in WRITTEN.items():
        assert convert_tags(tags, other) == written.split()


@settings(max_examples=200, deadline=None, derandomize=True)
@given(sentences(), st.sampled_from(TAG_SCHEMES), st.sampled_from(TAG_SCHEMES))
def test_conversion_loses_nothing(sentence, scheme, other):
    spans, length = sentence
    tags = make_tags(spans, length, scheme)
    assert find_spans(tags) == find_spans(tags, scheme) == spans
    assert find_tag_problems(tags, scheme) == []
    assert convert_tags(convert_tags(tags, other), scheme) == tags


@pytest.mark.parametrize("scheme", TAG_SCHEMES)
def test_allowed_is_exactly_what_some_spans_are_written_as(scheme):
    tags = ["O", *(f"{letter}-{type_}" for letter in "BIESLU" for type_ in ("X", "Y"))]
    places = {tag: place for place, tag in enumerate([*tags, None])}
    expected = np.zeros((len(tags) + 1, len(tags) + 1), bool)
    length = 5
    for borders in itertools.product([False, True], repeat=length - 1):
        cuts = [0, *(place + 1 for place, is_border in enumerate(borders) if is_border), length]
        pieces = list(itertools.pairwise(cuts))
        for types in itertools.product(["X", "Y", None], repeat=len(pieces)):
            spans = [Span(type_, *piece) for type_, piece in zip(types, pieces, strict=True) if type_]
            for pair in itertools.pairwise([None, *make_tags(spans, length, scheme), None]):
                expected[places[pair[0]], places[pair[1]]] = True
    expected[-1, -1] = True  # the empty sentence
    allowed = allowed_transitions(tags, scheme)
    # What no span is written with may come from nowhere; where it would lead to does not matter.
    used = expected.any(axis=0) | (np.arange(len(tags) + 1) == len(tags))
    np.testing.assert_array_equal(allowed[used], expected[used])


def test_the_number_of_allowed_transitions_of_two_types():
    assert int(allowed_transitions(["O", "B-X", "I-X", "B-Y", "I-Y"], "BIO").sum()) == 28
    np.testing.assert_array_equal(
        allowed_transitions(["B-X", "E-X", "O"], "BIOES"),
        [[False, True, False, False], [True, False, True, True], [True, False, True, True], [True, False, True, True]],
    )


@pytest.mark.parametrize(
    ("tags", "scheme", "problems"),
    [
        ("I-PER O", "BIO", [(0, "`I-PER` at the start continues a span that has not begun")]),
        ("B-PER I-LOC", "BIO", [(1, "`I-LOC` after `B-PER` continues a span that has not begun")]),
        ("O E-PER", "BIO", [(1, "`E-PER` is no tag of BIO")]),
        ("O NOUN", "BIO", [(1, "`NOUN` is no tag of BIO")]),
        ("B-", "BIO", [(0, "`B-` is no tag of BIO")]),
        ("O B-PER", "IOB1", [(1, "`B-PER` after `O` does not part two spans of one type")]),
        ("B-PER O", "BIOES", [(1, "`O` after `B-PER` leaves a span without its `E-`")]),
        ("S-PER B-LOC", "BIOES", [(1, "the end after `B-LOC` leaves a span without its `E-`")]),
        ("S-PER E-PER", "BIOES", [(1, "`E-PER` after `S-PER` continues a span that has not begun")]),
        ("B-X U-X L-X", "BILOU", [
            (1, "`U-X` after `B-X` leaves a span without its `L-`"),
            (2, "`L-X` after `U-X` continues a span that has not begun"),
        ]),
    ],
)  # fmt: skip
def test_problems_say_where_and_why(tags, scheme, problems):
    assert find_tag_problems(tags.split(), scheme) == problems


def test_detects_what_has_the_fewest_problems():
    corpus = [WRITTEN["BIO"].split()] * 20 + [["O", "I-PER"]]
    assert detect_tag_scheme(corpus) == "BIO"
    assert detect_tag_scheme([["B-PER", "I-PER", "O"]]) == "BIO"
    assert detect_tag_scheme([["S-PER", "O"]]) == "BIOES"
    assert detect_tag_scheme(iter([["B", "I", "O"]])) == "BIO"


@pytest.mark.parametrize(
    "corpus",
    [
        [["DET", "NOUN", "VERB"], ["INTJ", "X"]],
        [["B-PER", "I-PER", "NOUN"]],
        [["NN", "IN", "."], ["B", "I"]],
        [["O", "O"]],  # nothing tells
        [["O", "B-X", "E-X", "L-X"]],  # letters of two schemes
        [[]],
        [],
    ],
)
def test_tags_that_mark_no_spans_have_no_scheme(corpus):
    assert detect_tag_scheme(corpus) is None


@pytest.mark.parametrize(
    ("tags", "lenient", "strict"),
    [
        ("I-X I-X O", [Span("X", 0, 2)], []),
        ("B-X I-Y I-Y", [Span("X", 0, 1), Span("Y", 1, 3)], [Span("X", 0, 1)]),
        ("B-X B-X I-X", [Span("X", 0, 1), Span("X", 1, 3)], [Span("X", 0, 1), Span("X", 1, 3)]),
        ("O I-X B-X", [Span("X", 1, 2), Span("X", 2, 3)], [Span("X", 2, 3)]),
        ("B-X NOUN I-X", [Span("X", 0, 1), Span("X", 2, 3)], [Span("X", 0, 1)]),
    ],
)
def test_reads_broken_sequences_as_conlleval_does(tags, lenient, strict):
    assert find_spans(tags.split()) == lenient
    assert find_spans(tags.split(), "BIO") == strict


def test_aliases():
    assert [resolve_tag_scheme(name) for name in ("IOB2", "iobes", "bio", "BILUO")] == [
        "BIO",
        "BIOES",
        "BIO",
        "BILOU",
    ]
    with pytest.raises(UserError, match=r"no such tag scheme(?s:.*)nearest: +BIOES"):
        resolve_tag_scheme("BIOSE")


def test_real_corpora_are_recognised(test_data):
    def read(path: Path) -> list[list[str]]:
        blocks = path.read_text(encoding="utf-8").strip().split("\n\n")
        return [[line.split("\t")[-1].strip() for line in block.splitlines()] for block in blocks]

    corpus = read(test_data / "raw/wnut17/dev.conll")
    assert detect_tag_scheme(corpus) == "BIO"
    assert not any(find_tag_problems(tags, "BIO") for tags in corpus)
    as_iob1 = [convert_tags(tags, "IOB1") for tags in corpus]
    assert detect_tag_scheme(as_iob1) == "IOB1"
    assert [convert_tags(tags, "BIO") for tags in as_iob1] == corpus


def test_the_module_itself_needs_no_tensorflow():
    path = Path(__file__).parent.parent.parent / "rnnzoo/text/tag_schemes.py"
    code = f"import runpy, sys; runpy.run_path({str(path)!r}); sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
