"""Committed exports behind the stand-in server give the answers that they give here."""

import json
import shlex
import threading

import numpy as np
import pytest

from rnnzoo.config.locations import exported_row_names, find_saved_model, saved_models_folders, served_name
from rnnzoo.serving import Client, StepSession, load_vocabulary, predict_file
from tests.serving.stand_in_grpc import listening_by_grpc
from tests.serving.stand_in_model import BatchingModel

TEXTS = [
    "The play was good.",
    "",
    "They did not want to play for Mr. Lund, and nobody asked them why they were so late.",
    "é 👩‍🔬 日本語",
    "nul \u0000 and bell \u0007",
    "مرحبا",
    *(f"The cat number {place} was {'very ' * (place % 9)}good." for place in range(20)),
]
NAMES = ["sentiment/mini", "pos/mini", "ner/mini", "lm/hello"]
QUICK = [*NAMES, "frames/mini"]
ALL_NAMES = sorted(exported_row_names(saved_models_folders()[-1]))


@pytest.fixture
def connect(stand_in, url, exports):
    def make_client(name, **settings):
        stand_in.add(served_name(name), {1: exports(name)})
        return Client(url, name, **settings)

    return make_client


def check_close(got, expected):
    """The two run the same graph; what rounds otherwise does so in the last digits."""
    assert type(got) is type(expected)
    if isinstance(expected, dict):
        assert list(got) == list(expected)
        for name in expected:
            check_close(got[name], expected[name])
    elif isinstance(expected, list):
        assert len(got) == len(expected)
        for pair in zip(got, expected, strict=True):
            check_close(*pair)
    elif isinstance(expected, float):
        assert got == pytest.approx(expected, abs=1e-5)
    else:
        assert got == expected


@pytest.mark.parametrize("name", NAMES)
def test_signatures_and_answers(connect, local, name):
    expected = local(name)
    texts = TEXTS[:8] if name == "lm/hello" else TEXTS
    for settings in ({}, {"request_format": "row", "max_batch_size": 5}):
        client = connect(name, **settings)
        assert client.signatures() == expected.signatures()
        check_close(client.predict(texts, batch_size=7), expected.predict(texts, batch_size=7))


def test_by_grpc(stand_in, exports, local):
    stand_in.add("pos_mini", {1: exports("pos/mini")})
    with listening_by_grpc(stand_in) as address, Client(address, "pos/mini") as client:
        assert client.signatures() == local("pos/mini").signatures()
        check_close(client.predict(TEXTS), local("pos/mini").predict(TEXTS))
        rows = [{"tokens": ["The", "cat"]}, {"tokens": []}, {"tokens": ["x"] * 9, "length": 3}]
        check_close(client.predict(rows, "tag_tokens"), local("pos/mini").predict(rows, "tag_tokens"))


@pytest.mark.parametrize("rows", [[[], []], [["The", "cat", "slept"], [], ["a"]]], ids=["empty", "mixed"])
def test_words_of_taggers(connect, local, rows):
    rows = [{"tokens": row} for row in rows]
    check_close(connect("pos/mini").predict(rows, "tag_tokens"), local("pos/mini").predict(rows, "tag_tokens"))


def test_sequences_of_features(connect, local):
    rows = [{"features": np.full((length, 8), 0.25 * length).tolist()} for length in (3, 0, 7)]
    for some in (rows, rows[1:2]):
        check_close(connect("frames/mini").predict(some), local("frames/mini").predict(some))


def test_a_text_that_grows_by_url(connect, local):
    vocabulary = load_vocabulary(find_saved_model("lm/hello"))
    sessions = [StepSession(model, vocabulary) for model in (connect("lm/hello"), local("lm/hello"))]
    for session in sessions:
        session.read("h")
        assert "".join(session.write(4, temperature=0.0)) == "ello"
    np.testing.assert_allclose(sessions[0].probabilities, sessions[1].probabilities, atol=1e-6)


def test_files_by_url(connect, local, tmp_path):
    source = tmp_path / "texts.txt"
    source.write_text("".join(f"{text}\n" for text in TEXTS * 3), encoding="utf-8")
    (tmp_path / "words.conll").write_text("The\nplay\n\nAnna\n\n", encoding="utf-8")
    for predictor, target in ((connect("pos/mini", max_batch_size=3), "by_url"), (local("pos/mini"), "here")):
        assert predict_file(predictor, source, tmp_path / f"{target}.jsonl", batch_size=4).answered == 3 * len(TEXTS)
        predict_file(predictor, tmp_path / "words.conll", tmp_path / f"{target}.conll")
    answers = (
        [json.loads(line) for line in (tmp_path / f"{n}.jsonl").open(encoding="utf-8")] for n in ("by_url", "here")
    )
    check_close(*answers)
    assert (tmp_path / "by_url.conll").read_text() == (tmp_path / "here.conll").read_text()


def read_curl(name):
    """Returns the body and the path of the card's curl line."""
    card = (find_saved_model(name) / "assets.extra" / "card.md").read_text(encoding="utf-8")
    # A prompt may hold a line end.
    command = card[card.index("curl -d ") : card.index("```", card.index("curl -d "))]
    _, _, body, address = shlex.split(command)
    return body.encode(), address.removeprefix("http://localhost:8501")


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in ALL_NAMES]
)
def test_the_cards_curl_line(stand_in, exports, name):
    stand_in.add(served_name(name), {1: exports(name)})
    body, path = read_curl(name)
    status, reply = stand_in.answer("POST", path, body)
    assert status == 200, reply
    assert len(json.loads(reply)["predictions"]) == len(json.loads(body)["instances"])


@pytest.mark.parametrize(
    ("name", "signature"),
    [("sentiment/mini", "serving_default"), ("pos/mini", "serving_default"), ("pos/mini", "tag_tokens")],
)
def test_concurrent_clients_get_their_own_answers_whatever_the_server_puts_together(
    stand_in, url, exports, local, name, signature
):
    """64 clients at once; their requests are concatenated, padded with first elements, and filled with a row."""
    batching = BatchingModel(exports(name))
    stand_in.add(served_name(name), {1: batching})
    requests = [[TEXTS[(place + row) % len(TEXTS)] for row in range(1 + place % 3)] for place in range(64)]
    if signature == "tag_tokens":
        requests = [
            [{"tokens": (text.split() or ["first"]) * (1 + place % 2)} for text in request]
            for place, request in enumerate(requests)
        ]
    expected = [local(name).predict(request, signature) for request in requests]
    answers = [None] * len(requests)

    def ask(place):
        with Client(url, name) as client:
            answers[place] = client.predict(requests[place], signature)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for got, alone in zip(answers, expected, strict=True):
        check_close(got, alone)
    assert max(batching.sizes) > 1


def test_texts_that_are_written_do_not_depend_on_the_batch(stand_in, url, exports, local):
    batching = BatchingModel(exports("lm/hello"))
    stand_in.add("lm_hello", {1: batching})
    settings = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "stop": ""}
    expected = [
        local("lm/hello").predict(["h"], "generate", seed=seed, max_tokens=seed % 9, **settings) for seed in range(24)
    ]
    answers = {}

    def ask(seed):
        answers[seed] = Client(url, "lm/hello").predict(["h"], "generate", seed=seed, max_tokens=seed % 9, **settings)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answers[seed] for seed in range(24)] == expected
    assert max(batching.sizes) > 1
