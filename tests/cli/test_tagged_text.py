"""Words with their tags below them."""

import io

from rich.console import Console

from rnnzoo.cli.answers import print_answers
from rnnzoo.cli.tagged_text import print_tagged


def show(words, tags, width=80, **options):
    stream = io.StringIO()
    print_tagged(Console(file=stream, width=width, **options), [(words, tags)])
    return stream.getvalue()


def test_words_and_tags_are_aligned():
    assert show(["They", "saw", "it"], ["PRON", "VERB", "PRON"]) == "They  saw   it\nPRON  VERB  PRON\n\n"


def test_wide_characters_take_their_width():
    assert show(["東京", "x"], ["N", "V"]) == "東京  x\nN     V\n\n"


def test_long_sentences_are_broken_into_lines():
    lines = show(["word"] * 5, ["TAG"] * 5, width=17).splitlines()
    assert lines == ["word  word  word", "TAG   TAG   TAG", "", "word  word", "TAG   TAG", ""]


def test_a_word_that_is_wider_than_the_terminal_stays_whole():
    assert show(["w" * 30, "x"], ["A", "B"], width=10).splitlines()[0] == "w" * 30


def test_entities_have_the_colour_of_their_type_on_a_terminal():
    shown = show(["Ann", "Lee", "met", "Bo"], ["B-PER", "I-PER", "O", "B-LOC"], force_terminal=True)
    first, second, plain_word, other = shown.split("\n")[0].split()
    styles = [word[: word.index("m")] for word in (first, second, other)]
    assert styles[0] == styles[1] != styles[2] and "\x1b" not in plain_word
    plain = show(["Ann", "Lee"], ["B-PER", "I-PER"])
    assert "\x1b" not in plain


def test_control_characters_do_not_reach_the_terminal():
    assert "\x1b" not in show(["a\x1b[2J", "b"], ["N", "N"]) and "a�[2J" in show(["a\x1b[2J", "b"], ["N", "N"])


def test_nothing_to_tag_is_said():
    assert show([], []) == "(no words)\n\n"


def test_answers_of_taggers_of_texts_words_and_frames():
    def answers(rows, answers):
        stream = io.StringIO()
        print_answers(Console(file=stream, width=80), rows, answers)
        return stream.getvalue().split("\n")

    assert answers(["a b"], [{"tokens": ["a", "b"], "tags": ["N", "V"]}])[:2] == ["a  b", "N  V"]
    assert answers([{"tokens": ["a", "b", "c"], "length": 2}], [{"tags": ["N", "V"]}])[:2] == ["a  b", "N  V"]
    assert answers([{"features": [[0.5], [1.0]]}], [{"tags": ["up", "up"]}])[:2] == ["1   2", "up  up"]
