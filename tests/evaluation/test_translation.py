"""Scores of translations against sacreBLEU's own functions and by hand."""

import json
import random

import pytest
import sacrebleu

from rnnzoo.config import UserError
from rnnzoo.evaluation import compute_character_error_rate, compute_edit_distance, evaluate_translation

REFERENCES = [
    "Two dogs play in the snow, don't they?",
    "A man is riding a red bicycle.",
    "Eine Frau mit grünem Hut läuft über die Straße.",
    "حرف",
]
HYPOTHESES = [
    "two dogs are playing in the snow, don't they?",
    "A man is riding a red bicycle.",
    "Eine Frau mit grünem Hut geht über die Strasse.",
    "",
]
SOURCES = ["first", "second", "third", "fourth"]


def count_edits(first, second):
    row = list(range(len(second) + 1))
    for place, character in enumerate(first, 1):
        diagonal, row[0] = row[0], place
        for column, other in enumerate(second, 1):
            diagonal, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, diagonal + (character != other)),
            )
    return row[-1]


def test_equals_sacrebleu():
    evaluation = evaluate_translation(REFERENCES, HYPOTHESES, SOURCES, num_mistakes=2)
    metrics, details = evaluation.metrics, evaluation.details
    assert metrics["bleu"] == sacrebleu.corpus_bleu(HYPOTHESES, [REFERENCES]).score
    assert metrics["bleu_lowercase"] == sacrebleu.corpus_bleu(HYPOTHESES, [REFERENCES], lowercase=True).score
    assert metrics["bleu"] < metrics["bleu_lowercase"]
    assert metrics["chrf"] == sacrebleu.corpus_chrf(HYPOTHESES, [REFERENCES]).score
    assert metrics["exact_match"] == 0.25
    assert metrics["num_examples"] == 4
    assert details["bleu_signature"] == f"nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:{sacrebleu.__version__}"
    assert "case:lc" in details["bleu_lowercase_signature"]
    assert details["chrf_signature"].startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0")
    json.dumps([metrics, details], allow_nan=False)


def test_lists_the_worst_outputs():
    evaluation = evaluate_translation(REFERENCES, HYPOTHESES, SOURCES, num_mistakes=2)
    worst = evaluation.details["worst"]
    first = sacrebleu.sentence_chrf(HYPOTHESES[0], [REFERENCES[0]]).score
    third = sacrebleu.sentence_chrf(HYPOTHESES[2], [REFERENCES[2]]).score
    assert worst[0] == {"source": "fourth", "reference": "حرف", "hypothesis": "", "chrf": 0.0}
    assert worst[1]["source"] == ("first" if first < third else "third")
    assert worst[1]["chrf"] == round(min(first, third), 2)
    everything = evaluate_translation(REFERENCES, HYPOTHESES, SOURCES, num_mistakes=9).details["worst"]
    assert len(everything) == 3  # the right one is none of them
    assert evaluate_translation(REFERENCES, HYPOTHESES, SOURCES, num_mistakes=0).details["worst"] == []


def test_of_equally_bad_outputs_the_first_come_first():
    evaluation = evaluate_translation(["abc"] * 3, ["xyz"] * 3, ["1", "2", "3"], num_mistakes=2)
    assert [mistake["source"] for mistake in evaluation.details["worst"]] == ["1", "2"]


def test_all_right_and_nothing_right():
    metrics = evaluate_translation(REFERENCES, REFERENCES, SOURCES, 5).metrics
    assert [metrics["bleu"], metrics["chrf"]] == pytest.approx([100, 100])
    assert (metrics["exact_match"], metrics["character_error_rate"]) == (1, 0)
    metrics = evaluate_translation(REFERENCES, [""] * 4, SOURCES, 5).metrics
    assert (metrics["bleu"], metrics["chrf"], metrics["exact_match"], metrics["character_error_rate"]) == (0, 0, 0, 1)


def test_empty_references():
    metrics = evaluate_translation(["", ""], ["", "no"], ["", ""], 5).metrics
    assert (metrics["bleu"], metrics["exact_match"], metrics["character_error_rate"]) == (0, 0.5, 2)


def test_no_warning_about_texts_that_look_tokenised(caplog):
    evaluate_translation(["a dog ."] * 120, ["a cat ."] * 120, [""] * 120, 0)
    assert not caplog.records


def test_no_example():
    with pytest.raises(UserError, match="no example"):
        evaluate_translation([], [], [], 5)


def test_lists_must_be_equally_long():
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        evaluate_translation(["a", "b"], ["a"], ["", ""], 5)


def test_edit_distance_equals_the_table():
    generator = random.Random(1)
    for size in (0, 1, 2, 5, 20, 70, 130):
        for _ in range(20):
            first, second = ("".join(generator.choices("abcßع𝄞", k=generator.randint(0, size))) for _ in range(2))
            assert compute_edit_distance(first, second) == count_edits(first, second)


def test_character_error_rate_is_over_the_corpus():
    # One of two characters, and none of eight: not the mean of 1/2 and 0.
    assert compute_character_error_rate(["ab", "abcdefgh"], ["ax", "abcdefgh"]) == 0.1
    assert compute_character_error_rate(["a"], ["aXYZ"]) == 3
