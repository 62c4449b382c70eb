"""Long texts in pieces."""

import unicodedata

import pytest

from rnnzoo.text import cut_into_pieces


@pytest.mark.parametrize("most", [2, 7, 64])
def test_pieces_are_short_and_are_the_text_end_to_end(most):
    text = "a line\nanother line that is rather longer\n\n" + "x" * 200 + " e\u0301\u0323" * 50 + "\r\n"
    pieces = list(cut_into_pieces(text, most))
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= most for piece in pieces)
    assert len(pieces) <= -(-len(text) // (most // 2)) + 1


def test_pieces_end_at_lines_or_else_at_blanks():
    assert list(cut_into_pieces("aaaa\nbb cc\n", 7)) == ["aaaa\n", "bb cc\n"]
    assert list(cut_into_pieces("aaa bbb ccc", 6)) == ["aaa ", "bbb ", "ccc"]
    assert list(cut_into_pieces("")) == []


def test_what_is_combined_stays_together():
    text = unicodedata.normalize("NFD", "é" * 50)
    pieces = list(cut_into_pieces(text, 9))
    assert "".join(unicodedata.normalize("NFC", piece) for piece in pieces) == "é" * 50
