"""Normalisation and tokenisation of strings."""

import time

import pytest
import tensorflow as tf

from rnnzoo.text import CharacterTokenizer, WordTokenizer, make_tokenizer, make_valid_utf8
from tests.text.odd_strings import ODD_STRINGS

CASED = WordTokenizer(lowercase=False)


def cut(tokenizer, text):
    return [token.decode() for token in tokenizer(tf.constant([text]))[0].numpy()]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", ""),
        ("It isn't bad.", "It is n't bad ."),
        ("I can't; I won't, I shouldn't've", "I ca n't ; I wo n't , I should n't 've"),
        ("he'll she'd we're I've I'm it's", "he 'll she 'd we 're I 've I 'm it 's"),
        ("O'Neil's dogs' '90s", "O ' Neil 's dogs ' ' 90s"),
        ("3.5/5 1,000.50 10:30 5.", "3.5 / 5 1,000.50 10 : 30 5 ."),
        ("a_b...«c»", "a _ b . . . « c »"),
        ("“good”—bad‘", "“ good ” — bad ‘"),
        ("très déjà naïve", "très déjà naïve"),
        ("e\u0301te\u0301", "e\u0301te\u0301"),
        ("हिन्दी 한국어 中文", "हिन्दी 한국어 中文"),
        # A clitic ends where the word ends, in every alphabet.
        ("Ankara'dır l'été j'décide d'être", "Ankara ' dır l ' été j ' décide d ' être"),
        ("it's—yes n't…", "it 's — yes n't …"),
    ],
)
def test_words(text, tokens):
    assert cut(CASED, text) == tokens.split()


@pytest.mark.parametrize(
    ("running", "treebank"),
    [
        ("don't", "do n't"),
        ("DON'T", "DO N'T"),
        ("It's what we'd've said, isn't it?", "It 's what we 'd 've said , is n't it ?"),
        ("the film's (very) good!", "the film 's ( very ) good !"),
    ],
)
def test_running_text_and_treebank_text_give_the_same_tokens(running, treebank):
    assert cut(CASED, running) == cut(CASED, treebank) == treebank.split()


def test_tokenising_tokens_again_changes_nothing():
    for text in ("We'd've paid 3.5/5, wouldn't we?", "rock'n'roll isn’t dead—it’s “alive”"):
        tokens = cut(CASED, text)
        assert cut(CASED, " ".join(tokens)) == tokens


def test_curly_apostrophes_are_apostrophes():
    assert cut(CASED, "don’t it’s Oʼs") == cut(CASED, "don't it's O's")


def test_white_space_of_every_script_and_control_characters_separate():
    separators = [*range(0x21), 0x7F, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x202F, 0x205F, 0x3000]
    tokens = CASED(tf.constant([f"a{chr(code)}b" for code in separators])).to_list()
    assert {hex(code): found for code, found in zip(separators, tokens, strict=True) if found != [b"a", b"b"]} == {}


def test_lower_casing_goes_on_after_a_null_character():
    assert cut(WordTokenizer(lowercase=True), "A\0B Good") == ["a", "b", "good"]
    assert cut(CharacterTokenizer(lowercase=True), "A\0B") == ["a", " ", "b"]


@pytest.mark.parametrize("name", ["words", "characters"])
@pytest.mark.parametrize(
    ("text", "lower"),
    [("ÀÉÎ", "àéî"), ("ÄÖẞ", "äöß"), ("ЖЯ", "жя"), ("ΟΔΟΣ", "οδος"), ("Ǆ", "ǆ"), ("İ", "i̇"), ("ＡＢ", "ａｂ")],
)
def test_lower_casing_is_unicodes(name, text, lower):
    assert "".join(cut(make_tokenizer(name, lowercase=True), text)) == lower
    assert "".join(cut(make_tokenizer(name, lowercase=False), text)) == text


def test_characters_are_code_points_and_nothing_is_lost():
    text = "é e\u0301\n\t\0 👩‍👧\u2028"
    assert cut(CharacterTokenizer(lowercase=False), text) == list(text)


def test_blanks_are_taken_literally():
    tokenizer = make_tokenizer("words", lowercase=True, blanks=["<br />", "(.+)\\", " \n"])
    assert cut(tokenizer, "Good.<br /><br />It(.+)\\was <br/>") == ["good", ".", "it", "was", "<", "br", "/", ">"]


def test_broken_utf8_is_replaced_as_python_replaces_it():
    broken = [text for text in ODD_STRINGS if len(text) < 1000]
    for text, valid in zip(broken, make_valid_utf8(tf.constant(broken)).numpy(), strict=True):
        decoded = valid.decode()
        assert decoded.replace("\ufffd", "") == text.decode(errors="ignore").replace("\ufffd", "")
        assert ("\ufffd" in decoded) == ("\ufffd" in text.decode(errors="replace"))


@pytest.mark.parametrize("name", ["words", "characters"])
def test_tokens_of_odd_strings_are_valid_and_not_empty(name):
    tokens = make_tokenizer(name, lowercase=True)(tf.constant(ODD_STRINGS))
    assert tokens.nrows() == len(ODD_STRINGS)
    for token in set(tokens.flat_values.numpy().tolist()):
        assert token.decode()


@pytest.mark.parametrize("name", ["words", "characters"])
def test_a_batch_of_nothing(name):
    tokens = make_tokenizer(name, lowercase=True)(tf.constant([], tf.string))
    assert tokens.shape == (0, None)


def test_a_text_is_cut_the_same_whatever_else_is_in_the_batch():
    texts = ["don't", "", "It's 3.5!"]
    together = CASED(tf.constant(texts)).to_list()
    assert together == [CASED(tf.constant([text])).to_list()[0] for text in texts]


def test_ten_thousand_sentences_take_seconds_at_most():
    texts = tf.constant(["the quick film isn't bad, but I didn't like its ending (3.5/5)."] * 10_000)
    start = time.perf_counter()
    WordTokenizer(lowercase=True)(texts)
    assert time.perf_counter() - start < 10
