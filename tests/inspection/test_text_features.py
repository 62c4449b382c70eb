"""What is known of the tokens of a text."""

import pytest

from rnnzoo.config import UserError
from rnnzoo.inspection import TEXT_FEATURES, compute_text_feature


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("inside_quotes", 'a"b"c', [0, 1, 1, 0, 0]),
        ("inside_brackets", "f(a[b]))c", [0, 1, 1, 2, 2, 1, 0, 0, 0]),
        ("line_position", "ab\nc\n", [0, 1, 0, 1, 0]),
        ("word_position", "to be", [0, 1, 0, 1, 2]),
        ("capital", "aÉ1", [0, 1, 0]),
        ("punctuation", "a, b", [0, 1, 0, 0]),
        ("vowel", "aBE", [1, 0, 1]),
        ("blank", "a b", [0, 1, 0]),
    ],
)
def test_features_of_characters(name, text, expected):
    assert compute_text_feature(name, text).tolist() == expected


@pytest.mark.parametrize("name", TEXT_FEATURES)
def test_every_feature_takes_any_tokens(name):
    assert compute_text_feature(name, ["<bos>", "word", "", "\x00", "\ud800", "😀"]).shape == (6,)


def test_a_mistyped_name_is_told():
    with pytest.raises(UserError, match="nearest:  inside_quotes"):
        compute_text_feature("inside_quote", "a")
