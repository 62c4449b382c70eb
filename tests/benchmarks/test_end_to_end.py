"""The three scripts train the same model by the same loss, and count the same labels."""

import dataclasses
import importlib
import importlib.util
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import end_to_end
from benchmarks.encoded_texts import load_sizes, load_texts, save_texts
from benchmarks.end_to_end import QUICK_TRAININGS, describe_kind, time_end_to_end
from benchmarks.peers import PEERS
from benchmarks.plots import plot_results
from benchmarks.report import make_report

pytestmark = pytest.mark.slow

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
TINY_TRAININGS = tuple(
    dataclasses.replace(
        training, data={**training.data, "train_split": "train[:4%]"}, learning_rate=0.05, batch_size=16, epochs=2
    )
    for training in QUICK_TRAININGS
)


def name_training(training):
    return describe_kind(dataclasses.asdict(training))


def make_work(script, name, **fields):
    """Returns a work that runs in this process, where TensorFlow's numbers of threads can no longer be set."""
    module = importlib.import_module(f"benchmarks.end_to_end_{script}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            module, "set_threads", module.torch.set_num_threads if script == "torch" else lambda threads: None
        )
        return getattr(module, name)(1, **fields)


@pytest.fixture(scope="module", params=TINY_TRAININGS, ids=name_training)
def encoded(request, mini_data_dir, tmp_path_factory):
    """A training and where its encoded texts are."""
    path = tmp_path_factory.mktemp("encoded") / "texts.npz"
    fields = {"training": dataclasses.asdict(request.param), "encoded": str(path)}
    facts = make_work("rnnzoo", "EncodeWork", **fields, data_dir=str(mini_data_dir)).facts
    train = load_texts(path, "train")
    assert facts["texts"] == len(train.lengths)
    assert facts["tokens"] == len(train.ids) == train.lengths.sum()
    assert train.character_ids.shape == (len(train.ids), request.param.word_length)
    return request.param, path


@pytest.fixture(scope="module")
def example(encoded):
    """The Keras script's model, a padded batch as rnnzoo makes it, and what is to come out, by brute force."""
    import keras

    from benchmarks.end_to_end_keras import build_model
    from benchmarks.end_to_end_rnnzoo import load_split, make_config, vocabulary_folder
    from rnnzoo.tasks.registry import make_task

    training, path = encoded
    fields, is_tagger = dataclasses.asdict(training), training.task == "sequence_tagging"
    task = make_task(make_config(fields))
    task.load_vocabularies(vocabulary_folder(path))
    batch = next(task.make_batches(load_split(path, "validation", training.task), shuffle=False).epoch())
    batch = {name: values[batch["example_index"] >= 0] for name, values in batch.items()}
    ids, labels = batch["token_ids"], batch["tag_ids" if is_tagger else "label"]
    assert (ids == 0).any(), "without padding this shows nothing"
    sizes = load_sizes(path)
    assert ("character_ids" in batch) == (sizes[-1] > 0) == (training.word_length > 0)
    if training.word_length:
        # All words fill their places: past the end of a word the plain scripts take the maximum too, ours does not.
        every = np.random.default_rng(0).integers(1, sizes[-1], (*ids.shape, training.word_length), "int32")
        batch["character_ids"] = np.where(ids[..., None] != 0, every, 0)
    inputs = [ids, batch["character_ids"]] if training.word_length else ids
    counts = ids != 0 if is_tagger else np.full(len(ids), True)
    keras.utils.set_random_seed(1)
    model = build_model(fields, *sizes, is_tagger)
    if training.word_length:
        zero_padding_row(find_layers(model)["characters"])
    logits = model.predict(inputs, verbose=0)[counts]
    of_labels = keras.ops.softmax(logits).numpy()[np.arange(len(logits)), labels[counts]]
    return SimpleNamespace(
        fields=fields,
        sizes=sizes,
        is_tagger=is_tagger,
        task=task,
        batch=batch,
        ids=ids,
        inputs=inputs,
        labels=labels,
        counts=counts,
        model=model,
        logits=logits,
        loss=pytest.approx(-np.log(of_labels).mean(), rel=1e-5),
        accuracy=pytest.approx((logits.argmax(axis=-1) == labels[counts]).mean(), rel=1e-5),
    )


def find_layers(model):
    """Returns the layers of the Keras script's model by what they do."""
    kinds = {"Conv2D": "convolution", "Bidirectional": "recurrence", "Dense": "output"}
    layers = {kinds[kind]: layer for layer in model.layers if (kind := type(layer).__name__) in kinds}
    embeddings = [layer for layer in model.layers if type(layer).__name__ == "Embedding"]
    return layers | {("words" if layer.mask_zero else "characters"): layer for layer in embeddings}


def zero_padding_row(embedding):
    """The plain convolutions see zeros past the last place of a word, ours the embedding of padding."""
    rows = embedding.get_weights()[0]
    rows[0] = 0.0
    embedding.set_weights([rows])


def test_keras_script_leaves_padding_out_of_loss_and_accuracy(example):
    loss, accuracy = example.model.evaluate(example.inputs, example.labels, batch_size=len(example.ids), verbose=0)
    assert loss == example.loss
    assert accuracy == example.accuracy


def test_rnnzoo_computes_what_the_keras_script_does(example):
    model = example.task.build_model()
    assert model.count_params() == example.model.count_params()
    stock = find_layers(example.model)
    model.get_layer("embedding").set_weights(stock["words"].get_weights())
    model.get_layer("recurrent_stack").set_weights(stock["recurrence"].get_weights())
    model.get_layer("logits").set_weights(stock["output"].get_weights())
    inputs = example.ids
    if "characters" in stock:
        (embeddings,), (kernel, bias) = stock["characters"].get_weights(), stock["convolution"].get_weights()
        model.get_layer("characters").set_weights([embeddings, kernel[0], bias])
        inputs = {name: example.batch[name] for name in ("token_ids", "character_ids")}
    np.testing.assert_allclose(model.predict(inputs, verbose=0)[example.counts], example.logits, atol=1e-5)
    loss_sum, weight, _ = example.task.compute_loss(model, example.batch, None, training=True)
    assert float(loss_sum / weight) == example.loss


@needs_torch
def test_torch_script_computes_what_the_keras_script_does(example):
    import torch

    from benchmarks.end_to_end_torch import TextModel, compute_loss

    model = TextModel(example.fields, *example.sizes, example.is_tagger)
    stock = find_layers(example.model)
    (embedding,), both = stock["words"].get_weights(), stock["recurrence"].get_weights()
    kernel, bias = stock["output"].get_weights()
    weights = {"embedding.weight": embedding, "output.weight": kernel.T, "output.bias": bias}
    for direction, (inputs, recurrent, layer_bias) in (("", both[:3]), ("_reverse", both[3:])):
        weights[f"rnn.weight_ih_l0{direction}"] = inputs.T
        weights[f"rnn.weight_hh_l0{direction}"] = recurrent.T
        weights[f"rnn.bias_ih_l0{direction}"] = layer_bias
        weights[f"rnn.bias_hh_l0{direction}"] = np.zeros_like(layer_bias)
    if "characters" in stock:
        (weights["character_embedding.weight"],) = stock["characters"].get_weights()
        convolution, weights["convolution.bias"] = stock["convolution"].get_weights()
        weights["convolution.weight"] = convolution[0].transpose(2, 1, 0)
    model.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    lengths = (example.ids != 0).sum(axis=1)
    # Unlike our buckets, its batches end where their longest text does.
    places = np.s_[:, : lengths.max()] if example.is_tagger else np.s_[:]
    counts, labels = example.counts[places], example.labels[places]
    characters = example.batch.get("character_ids", np.empty((*example.ids.shape, 0), "int32"))
    ids, characters = (torch.tensor(array[:, : lengths.max()]) for array in (example.ids, characters))
    with torch.inference_mode():
        logits = model(ids, torch.tensor(lengths), characters)
        loss = compute_loss(logits, torch.tensor(np.where(counts, labels, -100), dtype=torch.long))
    np.testing.assert_allclose(logits.numpy()[counts], example.logits, atol=1e-5)
    assert float(loss) == example.loss


@pytest.mark.parametrize(
    ("script", "name"),
    [("keras", "KerasWork"), ("rnnzoo", "RnnzooWork"), pytest.param("torch", "TorchWork", marks=needs_torch)],
)
def test_accuracy_counts_each_real_label_once(encoded, script, name):
    training, path = encoded
    # All labels are 1: a script that counted padding, whose label is 0 or none, would not find them all right.
    ones = path.with_name("ones.npz")
    texts = {split: load_texts(path, split) for split in ("train", "validation")}
    texts = {split: dataclasses.replace(each, labels=np.ones_like(each.labels)) for split, each in texts.items()}
    save_texts(ones, texts, *load_sizes(path))
    vocabularies = ones.with_suffix(".vocabularies")
    if not vocabularies.exists():
        vocabularies.symlink_to(path.with_suffix(".vocabularies"))
    answer = make_work(script, name, training=dataclasses.asdict(training), encoded=str(ones)).answer()
    assert answer["validation_accuracy"] == pytest.approx(1.0)
    assert len(answer["epoch_seconds"]) == training.epochs


EPOCH_SECONDS = {
    ("rnnzoo", 1): (3.0, 1.0),
    ("rnnzoo", 2): (2.0, 0.5),
    ("keras", 1): (6.0, 4.0),
    ("keras", 2): (9.0, 9.0),
}


class ScriptedWorker:
    """Stands in for `Worker`: answers at once, for the peers and numbers of threads in `EPOCH_SECONDS`."""

    def __init__(self, work, threads, training, encoded, **fields):
        if training["data"]["dataset"] == "missing":
            raise end_to_end.WorkerError("no such data set")
        self.facts = {"texts": 10, "tokens": 1000}
        self._of = work.removeprefix("end_to_end/"), threads

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def ask(self):
        if self._of not in EPOCH_SECONDS:
            raise end_to_end.WorkerError("out of memory")
        return {
            "epoch_seconds": EPOCH_SECONDS[self._of],
            "validation_accuracy": 0.75,
            "parameters": 7,
            "xla": self._of[0] == "rnnzoo",
        }


@pytest.fixture
def scripted(monkeypatch):
    monkeypatch.setattr(end_to_end, "Worker", ScriptedWorker)
    monkeypatch.setattr(end_to_end, "available", lambda names: [PEERS[name] for name in names])


def test_figures_are_of_the_best_number_of_threads(scripted, tmp_path):
    section = time_end_to_end(TINY_TRAININGS, None, [1, 2], 2, lambda message: None)
    for result in section["trainings"]:
        assert result["peers"]["keras"]["threads"] == 1
        assert result["peers"]["rnnzoo"]["threads"] == 2
        assert result["peers"]["rnnzoo"]["tokens_per_second"] == pytest.approx(2 * 1000 / 2.5)
        assert result["peers"]["rnnzoo"]["last_epoch_tokens_per_second"] == pytest.approx(1000 / 0.5)
        assert result["speedups"] == {"keras": {"all_epochs": 10.0 / 2.5, "last_epoch": 4.0 / 0.5}}
        assert result["errors"] == {"torch": "out of memory"}

    machine = {"processor": "P", "cores": 2, "system": "Linux", "versions": {}, "date": "2000-01-01"}
    sections = {"end_to_end": {"machine": machine, **section}}
    report = make_report(sections)
    title = "### Training on `rnnzoo_mini/sentences` ({}, train[:4%]: 10 texts, 1,000 tokens, 2 epochs)"
    assert title.format("text classification") in report
    assert title.format("sequence tagging") in report
    assert title.format("sequence tagging with characters") in report
    assert report.count("| rnnzoo, XLA | 800 | 2,000 | 2.5 | 2 | 7 | 0.750 | – | – |") == 3
    assert report.count("| Keras | 200 | 250 | 10.0 | 1 | 7 | 0.750 | 4.00 × | 8.00 × |") == 3
    assert report.count("PyTorch failed: out of memory") == 3
    (path,) = plot_results(sections, tmp_path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_missing_data_is_told_before_anything_is_timed(scripted):
    said = []
    missing = dataclasses.replace(TINY_TRAININGS[1], data={"dataset": "missing"})
    with pytest.raises(end_to_end.WorkerError, match="no such data set"):
        time_end_to_end([TINY_TRAININGS[0], missing], None, [1], 1, said.append)
    assert said == []
