"""The three scripts train the same model by the same loss, and count the same tokens."""

import dataclasses
import importlib

import numpy as np
import pytest

from benchmarks import end_to_end
from benchmarks.encoded_texts import load_sizes, load_texts, save_texts
from benchmarks.end_to_end import QUICK_TRAININGS, TextTraining, time_end_to_end
from benchmarks.plots import plot_results
from benchmarks.report import make_report
from benchmarks.worker import _WORKS

pytest.importorskip("torch", reason="PyTorch is not installed")
SCRIPTS = ("keras", "rnnzoo", "torch")
TINY_TRAININGS = tuple(
    dataclasses.replace(
        training, data={**training.data, "train_split": "train[:4%]"}, learning_rate=0.05, batch_size=16, epochs=2
    )
    for training in QUICK_TRAININGS
)


class WorkInThisProcess:
    """Stands in for `Worker`: starting TensorFlow in each of many processes would take minutes."""

    def __init__(self, work, threads, **fields):
        module, _, name = _WORKS[work].partition(":")
        self._work = getattr(importlib.import_module(module), name)(threads, **fields)
        self.facts = self._work.facts

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def ask(self, **request):
        return self._work.answer(**request)


@pytest.fixture(scope="module", autouse=True)
def threads_stay():
    """The numbers of threads of this process can no longer be set."""
    with pytest.MonkeyPatch.context() as patch:
        for script in SCRIPTS:
            patch.setattr(f"benchmarks.end_to_end_{script}.set_threads", lambda threads: None)
        yield


@pytest.fixture(scope="module", params=TINY_TRAININGS, ids=lambda training: training.task)
def encoded(request, mini_data_dir, tmp_path_factory):
    """A training and its encoded texts."""
    path = tmp_path_factory.mktemp("encoded") / "texts.npz"
    fields = {"training": dataclasses.asdict(request.param), "encoded": str(path)}
    facts = WorkInThisProcess("encode", 1, **fields, data_dir=str(mini_data_dir)).facts
    train = load_texts(path, "train")
    assert facts["texts"] == len(train.lengths)
    assert facts["tokens"] == len(train.ids) == train.lengths.sum()
    return request.param, path


def copy_weights(source, torch_model):
    """Gives the PyTorch model, which has a second bias, the weights of the Keras one."""
    import torch

    embedding, *both, kernel, bias = source.get_weights()
    values = {"embedding.weight": embedding, "output.weight": kernel.T, "output.bias": bias}
    for suffix, (inputs, recurrent, layer_bias) in (("", both[:3]), ("_reverse", both[3:])):
        values |= {
            f"rnn.weight_ih_l0{suffix}": inputs.T,
            f"rnn.weight_hh_l0{suffix}": recurrent.T,
            f"rnn.bias_ih_l0{suffix}": layer_bias,
            f"rnn.bias_hh_l0{suffix}": np.zeros_like(layer_bias),
        }
    torch_model.load_state_dict({name: torch.tensor(value) for name, value in values.items()})


def test_same_weights_give_the_same_outputs_loss_and_accuracy(encoded):
    import keras
    import torch

    from benchmarks.end_to_end_keras import build_model
    from benchmarks.end_to_end_rnnzoo import load_split, make_config, vocabulary_folder
    from benchmarks.end_to_end_torch import TextModel, compute_loss
    from rnnzoo.tasks.registry import make_task

    training, path = encoded
    fields, is_tagger = dataclasses.asdict(training), training.task == "sequence_tagging"
    keras.utils.set_random_seed(1)
    stock = build_model(fields, *load_sizes(path), is_tagger)
    task = make_task(make_config(fields))
    task.load_vocabularies(vocabulary_folder(path))
    ours = task.build_model()
    assert ours.count_params() == stock.count_params()
    ours.set_weights(stock.get_weights())
    theirs = TextModel(fields, *load_sizes(path), is_tagger)
    copy_weights(stock, theirs)

    batches = task.make_batches(load_split(path, "validation", training.task), shuffle=False).epoch()
    batch = next(batch for batch in batches if (batch["example_index"] >= 0).all())
    ids, labels = batch["token_ids"], batch["tag_ids" if is_tagger else "label"]
    is_real = ids != 0
    assert not is_real.all(), "without padding the test shows nothing"
    counts = is_real if is_tagger else np.ones(len(ids), bool)

    logits = stock.predict(ids, verbose=0)
    np.testing.assert_allclose(ours.predict(ids, verbose=0)[counts], logits[counts], atol=1e-5)
    with torch.inference_mode():
        torch_logits = theirs(torch.from_numpy(ids), torch.from_numpy(is_real.sum(axis=1)))
        torch_labels = torch.from_numpy(np.where(counts, labels, -100)).long()
        # Packed sequences end where the longest text does.
        width = torch_logits.shape[1]
        torch_loss = compute_loss(torch_logits, torch_labels[:, :width] if is_tagger else torch_labels)
    cut_counts = counts[:, :width] if is_tagger else counts
    np.testing.assert_allclose(torch_logits.numpy()[cut_counts], logits[counts], atol=1e-5)

    expected = -np.log(keras.ops.softmax(logits).numpy()[counts][np.arange(counts.sum()), labels[counts]]).mean()
    loss, accuracy = stock.evaluate(ids, labels, batch_size=len(ids), verbose=0)
    loss_sum, weight, _ = task.compute_loss(ours, batch, None, training=True)
    assert loss == pytest.approx(expected, rel=1e-5)
    assert float(loss_sum / weight) == pytest.approx(expected, rel=1e-5)
    assert float(torch_loss) == pytest.approx(expected, rel=1e-5)
    assert accuracy == pytest.approx((logits.argmax(axis=-1) == labels)[counts].mean(), rel=1e-5)


@pytest.mark.parametrize("script", SCRIPTS)
def test_accuracy_counts_each_real_label_once(encoded, script):
    training, path = encoded
    # Padding has label 0 or none: a script that counted it would not see 1 everywhere.
    copy = path.with_name("ones.npz")
    splits = {name: load_texts(path, name) for name in ("train", "validation")}
    splits = {name: dataclasses.replace(texts, labels=np.ones_like(texts.labels)) for name, texts in splits.items()}
    save_texts(copy, splits, *load_sizes(path))
    vocabularies = copy.with_suffix(".vocabularies")
    if not vocabularies.exists():
        vocabularies.symlink_to(path.with_suffix(".vocabularies"))
    fields = {"training": dataclasses.asdict(training), "encoded": str(copy)}
    answer = WorkInThisProcess(f"end_to_end/{script}", 1, **fields).ask()
    assert answer["validation_accuracy"] == pytest.approx(1.0)
    assert len(answer["epoch_seconds"]) == training.epochs


def test_section_goes_from_texts_to_tables_and_a_plot(mini_data_dir, monkeypatch, tmp_path):
    monkeypatch.setattr(end_to_end, "Worker", WorkInThisProcess)
    said = []
    section = time_end_to_end(TINY_TRAININGS, mini_data_dir, [1], 1, said.append)
    assert [result["errors"] for result in section["trainings"]] == [{}, {}]
    for result in section["trainings"]:
        assert set(result["peers"]) == set(SCRIPTS)
        assert set(result["speedups"]) == {"keras", "torch"}
        for figures in result["peers"].values():
            seconds = sum(figures["runs"][0]["epoch_seconds"])
            assert figures["tokens_per_second"] == pytest.approx(2 * result["data"]["tokens"] / seconds)
    tagging = section["trainings"][1]["peers"]
    assert min(figures["validation_accuracy"] for figures in tagging.values()) > 0.8

    machine = {"processor": "P", "cores": 2, "system": "Linux", "versions": {}, "date": "2000-01-01"}
    sections = {"end_to_end": {"machine": machine, **section}}
    report = make_report(sections)
    assert "### Training on `rnnzoo_mini/sentences` (text classification, train[:4%]: " in report
    assert "### Training on `rnnzoo_mini/sentences` (sequence tagging, train[:4%]: " in report
    assert report.count("| PyTorch | ") == 2
    (path,) = plot_results(sections, tmp_path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_missing_data_is_told_before_anything_is_timed(monkeypatch):
    works = []

    class Recorder(WorkInThisProcess):
        def __init__(self, work, threads, **fields):
            works.append(work)
            if fields["training"]["data"]["dataset"] == "missing":
                raise end_to_end.WorkerError("no such data set")
            self.facts = {"texts": 1, "tokens": 1}

    monkeypatch.setattr(end_to_end, "Worker", Recorder)
    missing = TextTraining("text_classification", {"dataset": "missing"}, epochs=1)
    with pytest.raises(end_to_end.WorkerError, match="no such data set"):
        time_end_to_end([TINY_TRAININGS[0], missing], None, [1], 1, lambda message: None)
    assert works == ["encode", "encode"]
