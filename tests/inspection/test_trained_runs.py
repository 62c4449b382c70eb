"""How a text becomes a language model's input, and which tokens the pictures show."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from rnnzoo.builders import build_language_model
from rnnzoo.config import UserError
from rnnzoo.config.language_sections import LanguageTextSection
from rnnzoo.inspection import trained_runs
from rnnzoo.inspection.trained_runs import TrainedRun, find_finished_run
from rnnzoo.text import LanguagePipeline


def open_run(monkeypatch, unit, num_classes=None):
    """A run of a language model as if it had been trained on a few words."""
    pipeline = LanguagePipeline.learn(LanguageTextSection(unit=unit, min_count=1), [b"to be, or not to be"])
    model = build_language_model(
        len(pipeline.vocabulary), units=4, num_layers=2, embedding_dim=3, num_classes=num_classes
    )
    task = SimpleNamespace(
        make_serving_module=lambda model: (SimpleNamespace(pipeline=pipeline), {}),
        config=SimpleNamespace(name="lm/test"),
        example_inputs=lambda: ["to be", {"prompt": "or"}, {"features": [1.0]}],
    )
    monkeypatch.setattr(trained_runs, "load_run", lambda folder: (task, model))
    return TrainedRun(None)


@pytest.mark.parametrize(
    ("unit", "text", "tokens"),
    [
        ("characters", "to\nbé?", ["<bos>", "t", "o", "\n", "b", "é", "?"]),
        ("characters", "e\u0301", ["<bos>", "é"]),
        ("bytes", "to", ["<bos>", "t", "o"]),
        ("bytes", "é", ["<bos>", "\ufffd", "\ufffd"]),
        ("words", "to  be whale", ["<bos>", "to", "be", "<unk>"]),
    ],
)
def test_tokens_are_those_of_the_text(monkeypatch, unit, text, tokens):
    activations = open_run(monkeypatch, unit).read(text)
    assert list(activations.tokens) == tokens
    assert [values.shape for values in activations.layers] == [(len(tokens), 4)] * 2


def test_nothing_to_read_is_told(monkeypatch):
    run = open_run(monkeypatch, "characters")
    with pytest.raises(UserError, match="nothing in the text"):
        run.read("")
    assert run.read("\udcff").tokens == ("<bos>", "\ufffd")


def test_a_conditioned_model_is_read_as_of_the_first_class(monkeypatch):
    run = open_run(monkeypatch, "characters", num_classes=2)
    assert len(run.read("to").tokens) == 3
    assert "first class" in run.notes[0]
    assert open_run(monkeypatch, "characters").notes == ()


def test_sequences_are_parts_of_a_long_text(monkeypatch):
    run = open_run(monkeypatch, "characters")
    drawn = run.draw_sequences(5, batch_size=3, text="to be, or not")
    whole = run._read_vectors(run.encode("to be, or not")[0])
    windows = [whole[start : start + 5] for start in range(len(whole) - 4)]
    assert all(any(np.array_equal(sequence, window) for window in windows) for sequence in drawn)
    assert run.draw_sequences(50, batch_size=2, text="to").shape == (2, 50, 3)
    assert run.draw_sequences(50, batch_size=2).shape == (2, 50, 3)


def test_the_newest_finished_run_is_found(tmp_path):
    for name, files in (("1", ["metrics.json", "model.keras"]), ("2", ["metrics.json", "model.keras"]), ("3", [])):
        folder = tmp_path / "lm" / "test" / name
        folder.mkdir(parents=True)
        for file in ["config.toml", *files]:
            (folder / file).write_text(json.dumps({}))
    found = find_finished_run("lm/test", "lm/test", tmp_path)
    assert found.path.name == "2"
    assert find_finished_run(str(tmp_path / "lm/test/1"), "lm/test", tmp_path).path.name == "1"
    assert find_finished_run(str(tmp_path / "lm/test/3"), "lm/test", tmp_path) is None
    assert find_finished_run("lm/other", "lm/other", tmp_path) is None
