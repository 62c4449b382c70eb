"""What a language model serves, on anything that a client may send."""

import time

import numpy as np
import pytest

from rnnzoo.tasks.odd_texts import ODD_TEXTS
from tests.tasks.tiny_language_models import SETTINGS, VARIANTS, TinyLanguageModel
from tests.variants import slow_but

LIMIT = 30
ODD_SETTINGS = [
    {},
    {"temperature": 0.0},
    {"temperature": -3.0},
    {"temperature": float("nan")},
    {"temperature": float("inf"), "seed": -5},
    {"temperature": 1e-30},
    {"top_k": 10**6},
    {"top_k": -1, "top_p": -2.0},
    {"top_k": 2, "top_p": 0.5, "seed": 2**31 - 1},
    {"top_p": float("nan")},
    {"max_tokens": 0},
    {"max_tokens": -7},
    {"max_tokens": 2**31 - 1},
    {"stop": "never seen 日本"},
    {"stop": "e" * 5000},
    {"stop": "\0"},
]


@pytest.fixture(scope="module")
def tiny(request):
    return TinyLanguageModel(request.param)


every_variant = pytest.mark.parametrize(
    "tiny", slow_but(["stream", "documents", "bytes", "vectors"], VARIANTS), indirect=True
)
of_characters = pytest.mark.parametrize("tiny", ["stream", "documents", "lowercase"], indirect=True)


def columns_of(settings):
    rows = [{**SETTINGS, **row} for row in settings]
    return {name: [row[name] for row in rows] for name in SETTINGS}


def count_units(tiny, text):
    return int(tiny.task.pipeline.encode([text]).row_lengths()[0])


@every_variant
def test_odd_prompts_and_settings_have_bounded_answers_that_do_not_depend_on_the_batch(tiny):
    prompts = [ODD_TEXTS[place % len(ODD_TEXTS)] for place in range(len(ODD_SETTINGS))]
    together = tiny.generate(prompts, **columns_of(ODD_SETTINGS))
    for row, text in enumerate(together):
        alone = tiny.generate(prompts[row : row + 1], row, **columns_of(ODD_SETTINGS[row : row + 1]))
        assert alone == [text]
        # Bytes that are no UTF-8 are shown as U+FFFD, which has three.
        assert tiny.config.text.unit == "bytes" or count_units(tiny, text) <= LIMIT
        for special in ("<pad>", "<unk>", "<bos>", "<eos>"):
            assert special not in text
    assert [together[row] for row, settings in enumerate(ODD_SETTINGS) if settings.get("max_tokens", 1) <= 0] == [
        "",
        "",
    ]


@every_variant
def test_the_default_answer_is_that_of_the_settings_of_the_config(tiny):
    prompts = list(ODD_TEXTS)
    texts = tiny.ask("serving_default", len(prompts), prompt=prompts)["text"].tolist()
    decode = tiny.config.decode
    assert texts == tiny.generate(prompts, **{name: getattr(decode, name) for name in SETTINGS})


@every_variant
def test_a_setting_that_is_none_is_off(tiny):
    prompts = ["to be", "", "that"]

    def generate(**settings):
        return tiny.generate(prompts, **{"max_tokens": 20, "seed": 3, **settings})

    greedy = generate(temperature=0.0)
    assert generate(temperature=-1.0) == generate(temperature=float("nan")) == generate(temperature=1e-9) == greedy
    assert generate(temperature=0.0, seed=8) == greedy
    assert generate(top_k=1) == greedy
    drawn = generate()
    assert drawn != greedy
    assert generate(top_k=10**9) == generate(top_k=-4) == generate(top_p=1.5) == generate(top_p=0.0) == drawn
    assert generate(seed=4) != drawn
    longest = generate(max_tokens=LIMIT)
    assert generate(max_tokens=10**9) == longest
    assert all(long.startswith(short) for long, short in zip(longest, drawn, strict=True)) or (
        tiny.config.text.unit == "bytes"
    )


@every_variant
def test_scores_of_odd_texts_are_finite_and_do_not_depend_on_the_batch(tiny):
    texts = [*ODD_TEXTS, "to be " * 3000]
    together = tiny.ask("score", len(texts), text=texts)
    assert all(np.isfinite(values).all() for values in together.values())
    assert (together["log_probability"] <= 0.0).all() and (together["num_characters"] >= 0).all()
    for row, text in enumerate(texts):
        alone = tiny.ask("score", 1, row, text=[text])
        assert alone["num_characters"][0] == together["num_characters"][row]
        np.testing.assert_allclose(alone["log_probability"][0], together["log_probability"][row], rtol=1e-4, atol=1e-5)
    ends = int(tiny.config.data.documents)
    assert together["num_characters"][0] == ends
    if tiny.config.text.unit != "words":
        assert together["num_characters"][-1] == tiny.config.text.max_length + ends


@every_variant
def test_of_a_long_prompt_the_end_is_read_and_of_a_long_text_the_beginning(tiny):
    text = "to be, or not to be: that is the question in the mind " * 8
    units = tiny.task.pipeline.encode([text])
    length = tiny.config.text.max_length
    assert units.row_lengths()[0] > length
    begin, end = (tiny.task.pipeline.to_text(part).numpy()[0] for part in (units[:, :length], units[:, -length:]))
    assert tiny.generate([text], seed=9) == tiny.generate([end], seed=9)
    of_text, of_begin = (tiny.ask("score", 1, text=[given]) for given in (text, begin))
    assert of_text["log_probability"] == pytest.approx(of_begin["log_probability"], rel=1e-5)
    assert of_text["num_characters"] == of_begin["num_characters"]


@every_variant
def test_steps_of_odd_tokens_and_states_give_probabilities(tiny):
    tokens = ["", "a", "日", "ab", b"\xff", " ", "\0", "<eos>", "x" * 1000]
    shape = (len(tokens), *tiny.signature("step").inputs["state"].shape[1:])
    signs = np.where(np.random.default_rng(1).random(shape) < 0.5, -1.0, 1.0)
    for size in (0.0, 1.0, np.finfo(np.float32).max, np.inf, np.nan):
        answer = tiny.ask("step", len(tokens), token=tokens, state=(signs * size).astype(np.float32))
        assert answer["probabilities"].shape == (len(tokens), tiny.task.pipeline.num_ids)
        np.testing.assert_allclose(answer["probabilities"].sum(axis=1), 1.0, rtol=1e-4)
        assert np.isfinite(answer["state"]).all() and answer["state"].shape == shape
    for row, token in enumerate(tokens):
        alone = tiny.ask("step", 1, row, token=[token], state=np.zeros((1, *shape[1:])))
        together = tiny.ask("step", len(tokens), token=tokens, state=np.zeros(shape))
        np.testing.assert_allclose(alone["probabilities"][0], together["probabilities"][row], atol=1e-5)


@every_variant
def test_nothing_asked_is_nothing_answered(tiny):
    for name, signature in tiny.signatures().items():
        dtypes = {"string": object, "int32": np.int32, "float32": np.float32}
        inputs = {key: np.zeros((0, *info.shape[1:]), dtypes[info.dtype]) for key, info in signature.inputs.items()}
        assert all(len(value) == 0 for value in tiny.call(name, **inputs).values())


@of_characters
def test_a_stop_string_ends_the_text_and_is_not_part_of_it(tiny):
    free = tiny.generate(["to"] * 12, max_tokens=LIMIT, seed=list(range(12)))
    for seed, text in enumerate(free):
        for stop in (text[3:4], text[4:6], text[:2]):
            (stopped,) = tiny.generate(["to"], max_tokens=LIMIT, seed=seed, stop=stop)
            assert stopped == (text[: text.index(stop)] if stop else text)


@of_characters
def test_characters_that_were_never_seen_count_as_one_unknown(tiny):
    texts = tiny.generate(["本ж to", "😀ß to", "\uffff# to"], seed=5)
    assert len(set(texts)) == 1
    scores = tiny.ask("score", 2, text=["本b", "😀b"])
    assert scores["log_probability"][0] == pytest.approx(scores["log_probability"][1], rel=1e-5)


@pytest.mark.parametrize("tiny", ["classes"], indirect=True)
def test_a_class_changes_the_text_and_an_unknown_one_counts_as_the_first(tiny):
    def generate(label):
        return tiny.call("generate", label=[label], prompt=["to"], **columns_of([{"max_tokens": 25}]))["text"][0]

    assert len({generate(name) for name in ("one", "two", "three")}) > 1
    for odd in ("", "One", "no such class", b"\xff", "one\0"):
        assert generate(odd) == generate("one")
    assert "does not know counts as the first" in tiny.task.describe_inputs()


@pytest.mark.parametrize("tiny", ["vectors"], indirect=True)
def test_a_vector_changes_the_text_and_odd_numbers_are_cut(tiny):
    def generate(*vector):
        columns = columns_of([{"max_tokens": 25}])
        return tiny.call("generate", features=[list(vector)], prompt=["to"], **columns)["text"][0]

    assert len({generate(1, 2), generate(2, -6), generate(-1, 14)}) > 1
    assert generate(np.nan, 2) == generate(1, 2)
    assert generate(np.inf, -np.inf) == generate(1e30, -1e30) == generate(51, -398)


def test_a_prompt_of_a_hundred_thousand_characters_is_answered_soon():
    tiny = TinyLanguageModel("stream", text={"max_length": 10_000})
    start = time.perf_counter()
    (text,) = tiny.generate(["to be, or not to be: " * 5000])
    score = tiny.ask("score", 1, text=["to be, or not to be: " * 5000])
    assert time.perf_counter() - start < 30.0
    assert len(text) <= LIMIT and score["num_characters"][0] == 10_000 and np.isfinite(score["log_probability"]).all()


@every_variant
def test_the_reference_requests_reach_every_signature_and_are_answered(tiny):
    requests = tiny.task.reference_requests()
    assert requests.keys() == tiny.signatures().keys()
    for name, of_signature in requests.items():
        for request in of_signature:
            answers = tiny.call(name, **request)
            assert all(np.isfinite(value).all() for value in answers.values() if value.dtype != object)
