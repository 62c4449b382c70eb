"""Writing token by token, beside `generate`."""

import numpy as np
import pytest

from rnnzoo.config import UserError
from rnnzoo.serving import StepSession, load_classes, load_vocabulary, write_on
from tests.tasks.tiny_language_models import CLASSES, SETTINGS, TinyLanguageModel

CASES = [
    {},
    {"temperature": 0.0},
    {"temperature": 0.5, "top_k": 4},
    {"temperature": 1.5, "top_p": 0.8, "seed": 77},
    {"top_k": 3, "top_p": 0.6},
    {"max_tokens": 0},
    {"max_tokens": 10**6},
    {"stop": "日 never"},
    {"stop": "e" * 200},
]


@pytest.fixture(scope="module", params=["stream", "documents", "lowercase", "classes"])
def tiny(request):
    return TinyLanguageModel(request.param)


def write(tiny, prompt, **settings):
    label = {"label": CLASSES[1]} if tiny.condition_input else {}
    tokens = list(write_on(tiny, prompt, **label, **{**SETTINGS, **settings}))
    assert all(tokens)
    return "".join(tokens)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_written_token_by_token_is_what_generate_says(tiny, case):
    for prompt in ("", "to be, or not ", "TO é ß 日", "that is the question " * 20):
        assert [write(tiny, prompt, **case)] == tiny.generate([prompt], rows_from=1, **case)


def test_text_that_may_become_the_stop_string_is_held_back(tiny):
    for seed in range(10):
        (free,) = tiny.generate(["to"], rows_from=1, max_tokens=25, seed=seed)
        for stop in filter(None, {free[2:3], free[1:4], free[:2], free[3:4] + "日", free[-2:]}):
            expected = tiny.generate(["to"], rows_from=1, max_tokens=25, seed=seed, stop=stop)
            assert [write(tiny, "to", max_tokens=25, seed=seed, stop=stop)] == expected


def test_probabilities_are_those_after_what_was_read(tiny):
    label = {"label": CLASSES[0]} if tiny.condition_input else {}
    vocabulary = load_vocabulary(tiny.path)
    assert vocabulary == list(tiny.task.pipeline.vocabulary.tokens)
    one, other = (StepSession(tiny, vocabulary, **label) for _ in range(2))
    one.read("to be")
    for character in "to be":
        other.feed(character)
    np.testing.assert_array_equal(one.probabilities, other.probabilities)
    assert one.probabilities.shape == (len(vocabulary),) and one.probabilities.sum() == pytest.approx(1.0, abs=1e-5)
    # A letter and an accent are the one character that the model knows.
    one, other = (StepSession(tiny, vocabulary, **label) for _ in range(2))
    one.read("e\u0301")
    other.read("é")
    np.testing.assert_array_equal(one.probabilities, other.probabilities)


@pytest.mark.parametrize("unit", ["bytes", "words"])
def test_other_units_are_written_at_once(unit):
    tiny = TinyLanguageModel(unit)
    assert list(write_on(tiny, "to be", **SETTINGS)) == tiny.generate(["to be"])


def test_a_model_of_classes_wants_one():
    tiny = TinyLanguageModel("classes")
    assert load_classes(tiny.path) == list(CLASSES)
    with pytest.raises(UserError, match="label"):
        StepSession(tiny, load_vocabulary(tiny.path))
    with pytest.raises(UserError, match="no such input"):
        StepSession(TinyLanguageModel("stream"), load_vocabulary(tiny.path), label="one")
