"""All who are timed generating text run the same model, and write texts that are as long as asked for."""

import importlib.util

import numpy as np
import pytest

from benchmarks import generation, generation_work
from benchmarks.generation import QUICK_SHAPE, SHAKESPEARE, time_generation
from benchmarks.generation_weights import list_tokens, make_weights
from benchmarks.generation_work import make_writer
from benchmarks.peers import GENERATION_PEERS, PEERS
from benchmarks.plots import plot_results
from benchmarks.report import make_report
from benchmarks.rounds import Entry, Rounds
from benchmarks.shapes import Shape
from benchmarks.workers import Worker

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
PEER_NAMES = [pytest.param(name, marks=needs_torch if name == "torch" else []) for name in GENERATION_PEERS]
CHARACTERS = set(list_tokens(QUICK_SHAPE)[4:])
PROMPT = "ab'd\n!jam?"
ALMOST_GREEDY = 1e-3


def generate_slowly(shape, prompt):
    """Returns probabilities after the beginning and each character, by the equations."""
    weights, tokens = make_weights(shape), list_tokens(shape)

    def normalise(x, scale, shift):
        return (x - x.mean()) / np.sqrt(x.var() + 1e-3) * scale + shift

    states, answers = [np.zeros(shape.units)] * shape.num_layers, []
    for token in ["<bos>", *prompt]:
        x, after = weights.embedding[tokens.index(token)], []
        for layer, state in zip(weights.layers, states, strict=True):
            product = normalise(x, layer.scale, layer.shift) @ layer.kernel
            after.append(np.tanh(product + state @ layer.recurrent_kernel + layer.bias))
            x = x + after[-1]
        states = after
        exponentials = np.exp(normalise(x, weights.scale, weights.shift) @ weights.kernel + weights.bias)
        answers.append(exponentials / exponentials.sum())
    return np.stack(answers)


@pytest.fixture(scope="module", params=[pytest.param(name, marks=pytest.mark.slow) for name in PEER_NAMES])
def writer(request):
    return make_writer(request.param, QUICK_SHAPE, 1)


def test_all_give_the_same_probabilities(writer):
    expected = generate_slowly(QUICK_SHAPE, PROMPT)
    np.testing.assert_allclose(writer.probabilities(PROMPT), expected, atol=1e-4)


def test_texts_follow_the_probabilities(writer):
    text = writer.write(2, 12, ALMOST_GREEDY)[1]
    best = generate_slowly(QUICK_SHAPE, text).argmax(axis=1)
    assert text == "".join(list_tokens(QUICK_SHAPE)[token_id] for token_id in best[:-1])


def test_texts_are_as_long_as_asked_for_and_differ(writer):
    texts = writer.write(3, 40, 0.8)
    assert [len(text) for text in texts] == [40] * 3
    assert len(set(texts)) == 3
    assert set("".join(texts)) <= CHARACTERS


def test_weights_are_of_a_stack_as_wide_as_its_embedding():
    with pytest.raises(ValueError, match="as wide as its embedding"):
        make_weights(Shape("narrow", 1, 9, 4, 8, 30, stack="residual"))


@needs_torch
def test_worker_says_how_much_it_times():
    with Worker("generation/torch", 1, peer="torch", shape=QUICK_SHAPE.to_json()) as worker:
        assert worker.facts == {"timed_characters": QUICK_SHAPE.time}
        assert all(seconds > 0 for seconds in worker.ask(batch=2, temperature=0.8, seconds=0.0)["seconds"])


def test_few_characters_of_the_predict_loop_are_timed_and_scaled(monkeypatch):
    written = []

    class CountingWriter:
        def write(self, batch, num_characters, temperature):
            written.append((batch, num_characters, temperature))

    monkeypatch.setattr("benchmarks.tensorflow_work.set_threads", lambda threads: None)
    monkeypatch.setattr(generation_work, "make_writer", lambda *of: CountingWriter())
    monkeypatch.setattr(generation_work, "time_steps", lambda step, seconds: [2.0 + (step() or 0.0)])
    work = generation_work.GenerationWork("keras_predict", 1, SHAKESPEARE.to_json())
    assert work.answer(batch=64, temperature=0.8, seconds=0.0) == {"seconds": [2.0 * 1000 / 20]}
    assert written[-1] == (64, 20, 0.8)
    assert work.facts == {"timed_characters": 20}


class ScriptedWorker:
    """Stands in for `Worker`."""

    def __init__(self, characters):
        self.facts = {"timed_characters": characters}


class ScriptedRounds(Rounds):
    """Stands in for `Rounds`: two rounds, as if all had answered."""

    def start(self, kind, peers, threads, **fields):
        assert kind == "generation"
        self.entries = [
            Entry(peer.name, count, ScriptedWorker(20 if peer.name == "keras_predict" else fields["shape"]["time"]))
            for peer in peers
            for count in threads
        ]

    def run(self, repeats, keep_all, batch, **request):
        of_peers = {"keras_predict": 40.0, "rnnzoo_session": 0.5, "torch": 1.0}
        for entry in self.entries:
            entry.seconds = [of_peers[entry.peer] * batch**0.5 / entry.threads] * repeats


def test_figures_count_the_characters_of_all_texts(monkeypatch, tmp_path):
    monkeypatch.setattr(generation, "Rounds", ScriptedRounds)
    monkeypatch.setattr(generation, "available", lambda names: [PEERS[name] for name in names])
    shape = Shape("tiny", 64, 1000, 8, 8, 30, num_layers=2, stack="residual")
    section = time_generation(shape, [1, 2], 2, 0.0, lambda message: None)
    one, many = section["results"]
    assert one["peers"]["rnnzoo_session"]["characters_per_second"] == 1000 / 0.25
    assert many["peers"]["rnnzoo_session"]["characters_per_second"] == 64 * 1000 / (8 * 0.25)
    assert one["speedups"] == many["speedups"] == {"keras": 80.0, "torch": 2.0}

    machine = {"processor": "P", "cores": 2, "system": "Linux", "versions": {}, "date": "2000-01-01"}
    sections = {"generation": {"machine": machine, **section}}
    report = make_report(sections)
    assert "### Generating 1,000 characters (vocabulary 30, embedding 8, 2 × 8 residual; temperature 0.8)" in report
    assert "| 1 | 50 (2) | 4,000 (2) | 2,000 (2) | 80.00 × | 2.00 × |" in report
    assert "| 64 | 400 (2) | 32,000 (2) | 16,000 (2) | 80.00 × | 2.00 × |" in report
    assert "and scaled, of: Keras, `predict` for each 20." in report
    (path,) = plot_results(sections, tmp_path)
    assert path.read_bytes().startswith(b"\x89PNG")
