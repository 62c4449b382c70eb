"""All who are timed with a translator run the same model: the same losses, the same translations."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import translation
from benchmarks.peers import PEERS
from benchmarks.plots import plot_results
from benchmarks.report import make_report
from benchmarks.rounds import Entry, Rounds
from benchmarks.translation import time_translation
from benchmarks.translation_shape import MULTI30K, QUICK_TRANSLATOR, list_pieces, make_pairs, make_texts
from benchmarks.translation_weights import make_weights
from benchmarks.translation_work import make_trainer, make_translator
from benchmarks.workers import Worker
from rnnzoo.config import load_config

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
# Each step has the loss of the same weights.
CERTAIN = replace(QUICK_TRANSLATOR, dropout=0.0, learning_rate=1e-9)
NUM_TEXTS = 5


def test_settings_are_those_of_the_zoo():
    from benchmarks.translation_rnnzoo import make_config

    ours, of_zoo = make_config(MULTI30K), load_config("translate/multi30k_de_en")
    assert ours.model == of_zoo.model
    assert ours.text == of_zoo.text
    assert ours.export.float16_weights == of_zoo.export.float16_weights
    assert ours.decode.length_penalty == of_zoo.decode.length_penalty
    different = {"epochs", "early_stopping_patience", "jit_compile", "optimizer"}
    assert ours.train.model_dump(exclude=different) == of_zoo.train.model_dump(exclude=different)


def test_pairs_fill_their_width_and_texts_are_as_long_as_said():
    for width, _ in MULTI30K.widths:
        source_ids, target_ids = make_pairs(MULTI30K, width)
        assert max(source_ids.shape[1], target_ids.shape[1]) == width
        assert (target_ids[:, 0] == 2).all()
        for ids in (source_ids, target_ids):
            lengths = (ids != 0).sum(axis=1)
            assert (ids[np.arange(len(ids)), lengths - 1] == 3).all()
            assert (lengths >= 3).all()
    assert len(set(list_pieces(MULTI30K))) == MULTI30K.vocabulary
    assert len(set(make_texts(MULTI30K, 64))) == 64


def test_weights_are_of_stacks_as_wide_as_the_embedding():
    with pytest.raises(ValueError, match="as wide as the embedding"):
        make_weights(replace(QUICK_TRANSLATOR, embedding=4))


@needs_torch
@pytest.mark.slow
def test_torch_has_the_losses_of_our_loop():
    ours, theirs = make_trainer("rnnzoo", CERTAIN), make_trainer("torch", CERTAIN)
    assert ours.num_parameters == theirs.num_parameters - num_second_biases(CERTAIN)
    for width, _ in CERTAIN.widths:
        assert theirs.run_step(width) == pytest.approx(ours.run_step(width), rel=1e-5)


def num_second_biases(shape):
    return shape.units * (shape.encoder_layers + shape.decoder_layers)


@pytest.mark.slow
def test_stock_layers_compute_the_same():
    from benchmarks.translation_keras import build_stock_translator
    from benchmarks.translation_rnnzoo import build_our_translator, make_translation_task

    source_ids, target_ids = make_pairs(QUICK_TRANSLATOR, 9)
    inputs = {"source_ids": source_ids, "target_ids": target_ids}
    ours = build_our_translator(make_translation_task(QUICK_TRANSLATOR), QUICK_TRANSLATOR)
    stock = build_stock_translator(QUICK_TRANSLATOR)
    is_real = target_ids != 0
    np.testing.assert_allclose(ours(inputs)[is_real], stock(inputs)[is_real], rtol=1e-4, atol=1e-4)
    assert make_trainer("keras_fit", QUICK_TRANSLATOR).run_step(9) > 0


@needs_torch
@pytest.mark.slow
def test_torch_translates_as_the_export_does():
    texts = make_texts(QUICK_TRANSLATOR, NUM_TEXTS)
    ours, theirs = (make_translator(name, QUICK_TRANSLATOR, 1) for name in ("rnnzoo_session", "torch"))
    by_width = {}
    for beam_width in (1, 5):
        by_width[beam_width] = ours.translate(texts, beam_width)
        assert theirs.translate(texts, beam_width) == by_width[beam_width]
        assert [theirs.translate([text], beam_width)[0] for text in texts] == by_width[beam_width]
    assert by_width[1] != by_width[5]
    assert len(set(by_width[5])) == NUM_TEXTS


@needs_torch
@pytest.mark.slow
def test_torch_stops_at_the_end():
    import torch

    from benchmarks.translation_torch_search import TorchSearch

    search = TorchSearch(QUICK_TRANSLATOR)
    with torch.no_grad():
        search._model.output.bias[3] = 1e3
    assert [search.translate(["aat aau", "aax"], beam_width) for beam_width in (1, 3)] == [["", ""]] * 2


@needs_torch
@pytest.mark.slow
def test_workers_answer():
    shape = QUICK_TRANSLATOR.to_json()
    with Worker("translator_training/torch", 1, peer="torch_padded", shape=shape) as worker:
        assert set(worker.facts["first_steps"]) == {"6", "9"}
        assert all(seconds > 0 for seconds in worker.ask(width=6, seconds=0.0)["seconds"])
    with Worker("translating/torch", 1, peer="torch", shape=shape) as worker:
        answer = worker.ask(batch=3, beam_width=5, seconds=0.0)
        assert len(answer["outputs"]) == 3
        assert all(seconds > 0 for seconds in answer["seconds"])


class ScriptedWorker:
    """Stands in for `Worker`."""

    def __init__(self, peer):
        self.facts = {}
        self._peer = peer

    def ask(self, batch, beam_width, seconds):
        outputs = [str(number) for number in range(batch)]
        return {"outputs": ["other", *outputs[1:]] if self._peer == "torch" and beam_width > 1 else outputs}


class ScriptedRounds(Rounds):
    """Stands in for `Rounds`: as if all had answered."""

    def start(self, kind, peers, threads, **fields):
        self.entries = [Entry(peer.name, count, ScriptedWorker(peer.name)) for peer in peers for count in threads]

    def run(self, repeats, keep_all, seconds, width=None, batch=None, beam_width=1):
        of_peers = {"keras_fit": 6.0, "rnnzoo": 3.0, "rnnzoo_xla": 2.0, "torch": 5.0, "torch_padded": 4.0}
        for entry in self.entries:
            seconds = of_peers.get(entry.peer, 1.0) * beam_width / entry.threads
            # The widest batch is where padding costs most.
            entry.seconds = [seconds * (2.0 if entry.peer == "torch_padded" and width == 9 else 1.0)] * repeats


def test_ratios_are_to_the_faster_torch_and_count_the_batches_of_an_epoch(monkeypatch, tmp_path):
    monkeypatch.setattr(translation, "Rounds", ScriptedRounds)
    monkeypatch.setattr(translation, "available", lambda names: [PEERS[name] for name in names])
    section = time_translation(QUICK_TRANSLATOR, [1, 2], 2, 0.0, lambda message: None)
    narrow, wide = section["training"]["results"]
    assert narrow["speedups"] == {"keras": 3.0, "torch": 2.0}
    assert wide["speedups"] == {"keras": 3.0, "torch": 2.5}
    assert section["training"]["summary"] == {"keras": 3.0, "torch": (2 * 2.0 + 2.5) / 3}
    num_written = (make_pairs(QUICK_TRANSLATOR, 6)[1][:, 1:] != 0).sum()
    assert narrow["peers"]["rnnzoo_xla"]["target_tokens_per_second"] == num_written
    greedy, beams = section["decoding"]["results"][2:]
    assert greedy["peers"]["rnnzoo_session"]["sentences_per_second"] == QUICK_TRANSLATOR.batch * 2
    assert (greedy["speedups"], greedy["same_outputs"], beams["same_outputs"]) == ({"torch": 5.0}, 1.0, 0.75)

    machine = {"processor": "P", "cores": 2, "system": "Linux", "versions": {}, "date": "2000-01-01"}
    sections = {"translation": {"machine": machine, **section}}
    report = make_report(sections)
    assert "| an epoch |  |  |  |  |  | 3.00 × | 2.17 × |" in report
    assert "| 4 | 5 | 2 (2) | 0 (2) | 5.00 × | 75% |" in report
    (path,) = plot_results(sections, tmp_path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_without_torch_there_is_nothing_to_compare_with(monkeypatch):
    monkeypatch.setattr(translation, "Rounds", ScriptedRounds)
    monkeypatch.setattr(translation, "available", lambda names: [PEERS[n] for n in names if not n.startswith("torch")])
    section = time_translation(QUICK_TRANSLATOR, [1], 2, 0.0, lambda message: None)
    assert section["training"]["summary"] == {"keras": 3.0}
    assert all(result["same_outputs"] is None for result in section["decoding"]["results"])
