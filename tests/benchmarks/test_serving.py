"""All who are timed with an export run the same model on the same texts."""

import importlib
import importlib.util
import os
import subprocess
import sys

import pytest

from benchmarks import serving
from benchmarks.peers import PEERS
from benchmarks.plots import plot_results
from benchmarks.report import make_report
from benchmarks.rounds import Entry, Rounds
from benchmarks.serving import time_serving
from benchmarks.serving_exports import Question, find_rows, make_questions, same
from benchmarks.serving_sessions import ExportedAnswerer
from benchmarks.serving_torch_text import split_words
from rnnzoo.config import UserError

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
# One of each task; those that PyTorch runs too come first.
OF_TORCH = ["sentiment/mini", "lm/hello"]
OTHERS = ["frames/mini", "ner/mini", "pos/mini", "clip/mini", "names/by_gender", "caption/mini", "translate/mini"]
MORE_OF_TORCH = [
    *("acceptability/cola", "intent/clinc", "names/gender", "names/nationality", "rating/mini"),
    *("sentiment/imdb", "sentiment/sst2", "lm/mini", "lm/mini_words", "lm/shakespeare"),
]


def slow(names):
    return [pytest.param(name, marks=pytest.mark.slow) for name in names]


def ask(answerer, question, batch=5):
    return answerer.answer(question, batch)()


def check_same(peer, name):
    answerer = getattr(importlib.import_module(f"benchmarks.serving_{peer}"), f"{peer.title()}Answerer")
    *_, question = make_questions(name)
    expected = ask(ExportedAnswerer(question.export, by_c_api=False), question)
    assert same(ask(answerer(question.export), question), expected)
    assert len(expected) == 5


@pytest.mark.parametrize("name", ["sentiment/mini", *slow(["lm/hello", *OTHERS])])
def test_keras_gives_the_answers_of_the_export(name):
    check_same("keras", name)


@needs_torch
@pytest.mark.parametrize("name", [*OF_TORCH, *slow(MORE_OF_TORCH)])
def test_torch_gives_the_answers_of_the_export(name):
    check_same("torch", name)


@pytest.mark.parametrize("name", ["pos/mini", *slow(["lm/hello", "translate/mini"])])
def test_the_c_library_gives_the_answers_of_the_session(name):
    # In a process of its own: it turns XLA off for the whole process.
    code = f"from tests.benchmarks.test_serving import compare_c_library; compare_c_library({name!r})"
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )


def compare_c_library(name):
    answerers = None
    for question in make_questions(name):
        answerers = answerers or [ExportedAnswerer(question.export, by_c_api) for by_c_api in (False, True)]
        assert same(*(ask(answerer, question) for answerer in answerers))
    assert answerers[1].warm_up(question.export) > 0


def test_what_is_asked():
    serving_default, score = make_questions("lm/hello")
    assert (serving_default.signature, score.signature) == ("serving_default", "score")
    assert score.inputs == {"text": ["hello", "hello", "hello"]}
    assert serving_default.take(5) == {"prompt": ["h", "hel", "", "h", "hel"]}
    assert Question(**score.to_json()) == score
    assert find_rows("names/,lm/he") == ["lm/hello", "names/by_gender", "names/gender", "names/nationality"]
    with pytest.raises(UserError, match="no such row with an export"):
        find_rows("nothing")


def test_words_in_python_are_those_of_the_export():
    from rnnzoo.text import WordTokenizer

    for text in ("it's not nearly as funny as it thinks it is.", "3.5/5, isn't it? “No”", "", "co-op e-mail!"):
        assert split_words(text) == [token.decode() for token in WordTokenizer(lowercase=False)([text])[0].numpy()]


def test_answers_are_compared_to_a_few_digits():
    assert same([["a", 0.5]], [["a", 0.50001]])
    assert not same([["a", 0.5]], [["a", 0.51]])
    assert not same([["a", 0.5]], [["b", 0.5]])
    assert not same([["a"]], [["a"], ["a"]])


class ScriptedWorker:
    """Stands in for `Worker`."""

    def __init__(self, work, threads, *, peer, question, warm=False):
        assert work.startswith("serving/")
        self.facts = {"first": 0.5} if peer in ("keras_pipeline", "torch") else {"library": 2.0, "load": 1.0}
        self.facts |= {"first": 0.004, "warm_up": 0.7} if warm else {"first": 0.25}
        self._peer = peer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Nothing to close."""

    def close(self):
        """Nothing to close."""

    def ask(self, question, batch, seconds):
        took = {"keras_pipeline": 0.04, "torch": 0.003}.get(self._peer, 0.002) * (1 + batch // 64)
        answers = [["a", 1.0]] * batch
        if self._peer == "torch" and batch > 1:
            answers = [["b", 1.0], *answers[1:]]
        return {"seconds": [took, took, took, took * 9], "answers": answers}


def test_percentiles_ratios_and_tables(monkeypatch, tmp_path):
    monkeypatch.setattr(serving, "Worker", ScriptedWorker)
    monkeypatch.setattr("benchmarks.rounds.Worker", ScriptedWorker)
    monkeypatch.setattr(serving, "available", lambda names: [PEERS[name] for name in names])
    section = time_serving(["lm/hello", "sentiment/mini", "translate/mini"], [1], 2, 0.1, lambda _: None)
    assert [cold["row"] for cold in section["cold"]] == ["lm/hello", "sentiment/mini", "translate/mini"]
    assert section["cold"][0]["warmed"] == {
        "peer": "rnnzoo_c_api", "library": 2.0, "load": 1.0, "first": 0.004, "warm_up": 0.7
    }  # fmt: skip
    written, _, score, of_batch, *_ = section["results"]
    assert (written["signature"], set(written["peers"])) == ("serving_default", {"rnnzoo_session", "rnnzoo_c_api"})
    assert written["speedups"] == {}
    assert score["speedups"] == pytest.approx({"keras": 20.0, "torch": 1.5})
    figures = score["peers"]["rnnzoo_session"]
    assert (figures["p50"], figures["requests"]) == (0.002, 8)
    assert figures["p99"] == pytest.approx(0.018)
    assert of_batch["peers"]["torch"]["rows_per_second"] == pytest.approx(64 / 0.006)
    assert (score["same_answers"], of_batch["same_answers"]) == (1.0, pytest.approx(63 / 64))
    assert "torch" not in section["results"][-1]["peers"]

    section["machine"] = {
        "processor": "p", "cores": 2, "system": "s", "versions": {"python": "3"}, "date": "today"
    }  # fmt: skip
    report = make_report({"serving": section})
    assert (
        "| `lm/hello` | `score` | 2.00 · 18.00 | 2.00 · 18.00 | 40.00 · 360.00 | 3.00 · 27.00 | 20.00 × | 1.50 × |"
        in (report)
    )
    assert "| `lm/hello` | 2.00 | 1.00 | 0.25 | 2.00 | 1.00 | 0.25 | 0.700 | 0.004 |" in report
    assert "Least share of rows for which all give the same answer: 98%." in report
    assert plot_results({"serving": section}, tmp_path) == []


def test_only_those_who_are_asked_answer():
    rounds = Rounds(lambda _: None)
    question = {"question": {}, "batch": 1, "seconds": 0.0}
    rounds.entries = [
        Entry(peer, 1, ScriptedWorker("serving/tensorflow", 1, peer=peer, question={})) for peer in ("torch", "keras")
    ]
    rounds.run(3, only=["torch"], keep_all=True, **question)
    assert {entry.peer: len(entry.answers) for entry in rounds.entries} == {"torch": 3, "keras": 0}
    assert list(rounds.best()) == ["torch"]
