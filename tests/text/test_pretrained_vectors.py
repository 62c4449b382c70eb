"""Vectors from text files of GloVe and word2vec."""

import gzip

import numpy as np
import pytest

from rnnzoo.config import UserError
from rnnzoo.text import SPECIAL_TOKENS, load_pretrained_vectors

WORDS = [*SPECIAL_TOKENS, "the", "Paris", "naïve", "unheard"]
COUNTS = {"the": 6, "Paris": 2, "naïve": 1, "unheard": 1, "rare": 10}
GLOVE = "the 0.5 -1 2e-1\nparis 1 2 3\n. . . 7 8 9\nnaïve 0 0 1\n"
EXPECTED = np.zeros((8, 3), np.float32)
EXPECTED[4:7] = [0.5, -1, 0.2], [1, 2, 3], [0, 0, 1]


@pytest.fixture
def write(tmp_path):
    def write(content, name="vectors.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    "content",
    [
        GLOVE,
        "4 3\n" + GLOVE,
        "4 3\n" + GLOVE.replace("\n", " \n"),  # as word2vec writes them
        GLOVE.replace("\n", "\r\n"),
        GLOVE.rstrip(),
        gzip.compress(GLOVE.encode(), mtime=0),
        gzip.compress(b"4 3\n" + GLOVE.encode(), mtime=0),
    ],
    ids=["glove", "word2vec", "blank_at_end", "crlf", "no_last_newline", "gzip", "word2vec_gzip"],
)
def test_formats(write, content):
    vectors = load_pretrained_vectors(write(content), WORDS, COUNTS, dim=3)
    assert vectors.matrix.dtype == np.float32
    np.testing.assert_array_equal(vectors.matrix, EXPECTED)
    assert vectors.is_found.tolist() == [False] * 4 + [True] * 3 + [False]
    assert vectors.report == {
        "file": "vectors.txt",
        "dim": 3,
        "lines": 4,
        "broken_lines": 0,
        "words": 4,
        "found": 3,
        "found_in_other_case": 1,
        "vocabulary_share": 0.75,
        "token_share": 0.45,
    }


def test_the_word_itself_goes_before_another_case_and_the_first_line_before_the_second(write):
    path = write("PARIS 1 1\nparis 2 2\nParis 3 3\nParis 4 4\nTHE 5 5\nThe 6 6\n")
    vectors = load_pretrained_vectors(path, WORDS, COUNTS)
    np.testing.assert_array_equal(vectors.matrix[4:6], [[5, 5], [3, 3]])
    assert (vectors.report["found"], vectors.report["found_in_other_case"]) == (2, 1)


def test_special_tokens_take_no_vector(write):
    vectors = load_pretrained_vectors(write("<unk> 1 1\n<pad> 1 1\nthe 2 2\n"), WORDS, COUNTS)
    assert not vectors.matrix[:4].any()
    assert vectors.report["found"] == 1


def test_words_with_blanks_and_numbers_as_words(write):
    words = [*SPECIAL_TOKENS, ". .", "7"]
    vectors = load_pretrained_vectors(write("the 0 1\n. . 2 3\n7 4 5\n"), words, {})
    np.testing.assert_array_equal(vectors.matrix[4:], [[2, 3], [4, 5]])
    assert vectors.report["token_share"] == 0


def test_broken_lines_are_left_out_and_counted(write):
    lines = [
        b"the 1 2",
        b"Paris 1",
        b"Paris 1 nan",
        b"Paris 1 1e60",
        b"Paris 1 two",
        b"",
        b"caf\xe9 1 2",
        b"Paris 3 4",
        b"a 1 2",
        b"b 1 2",
        b"na\xc3\xafve 5 6",
    ]
    vectors = load_pretrained_vectors(write(b"\n".join(lines)), WORDS, COUNTS)
    np.testing.assert_array_equal(vectors.matrix[4:7], [[1, 2], [3, 4], [5, 6]])
    assert (vectors.report["lines"], vectors.report["broken_lines"]) == (11, 5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no file of word vectors"),
        ("\n\n", "no file of word vectors"),
        ("Once upon a time\nthere was\n", "no file of word vectors"),
        ("the\t1\t2\n", "no file of word vectors"),
        (b"\x80\x00\xff", "no file of word vectors"),
        (b"PK\x03\x04 1 2", "unpack it first"),
        (gzip.compress(GLOVE.encode(), mtime=0)[:-12], "cannot be read"),
        (gzip.compress(GLOVE.encode(), mtime=0)[:8] + b"nothing", "cannot be read"),
        ("3 300\n" + GLOVE, "4 of 4 lines"),
        (b"2 3\nthe \x00\x01\x02\nParis \x04\x05", "converted to text"),
        ("4 3\n", "no word of the vocabulary"),
        ("chat 1 2 3\n", "no word of the vocabulary"),
    ],
)
def test_mistakes(write, content, message):
    path = write(content)
    with pytest.raises(UserError, match=message) as raised:
        load_pretrained_vectors(path, WORDS, COUNTS)
    assert str(path) in str(raised.value)


def test_another_width_is_a_mistake(write):
    with pytest.raises(UserError, match="another width") as raised:
        load_pretrained_vectors(write(GLOVE), WORDS, COUNTS, dim=100)
    assert "3" in str(raised.value) and "100" in str(raised.value)


def test_missing_files_and_folders_are_mistakes(tmp_path):
    for path in (tmp_path, tmp_path / "missing.txt"):
        with pytest.raises(UserError, match="cannot be read"):
            load_pretrained_vectors(path, WORDS, COUNTS)
