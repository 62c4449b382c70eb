"""Data too large for memory: encoded into files, read back from them, and the same as in memory."""

import os
import subprocess
import sys
import threading
from itertools import islice
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from rnnzoo.datasets import array_store, encoding_cache, open_dataset, watch_reading
from rnnzoo.datasets.encoding_cache import cache_folder
from rnnzoo.tasks import splits, translation_pairs
from rnnzoo.tasks.encoding_keys import make_encoding_key
from rnnzoo.tasks.registry import make_task
from tests.datasets.written_set import write_set
from tests.tasks.made_examples import FEATURES, NAME, QUICK_KINDS, make_config, make_example, read_all

SIZE = 600  # more than one batch of what reads


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    examples = [make_example(number) for number in range(SIZE)]
    examples[400] |= {"text": "", "reply": ""}
    folder = tmp_path_factory.mktemp("data")
    write_set(folder, NAME, FEATURES, {"train": examples, "test": examples[::-1]}, num_shards=3)
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNZOO_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def in_files(monkeypatch):
    """Has everything lie in files from now on."""

    def start():
        monkeypatch.setattr(array_store, "MOST_BYTES_IN_MEMORY", 0)
        monkeypatch.setattr(encoding_cache, "SECONDS_WITHOUT_CACHE", 0.0)
        monkeypatch.setattr(translation_pairs, "_MOST_PAIRS_IN_MEMORY", 0)

    return start


def entries():
    return sorted(os.listdir(cache_folder())) if cache_folder().exists() else []


def list_batches(task, split):
    return [batch for epoch in (0, 1) for batch in task.make_batches(split, shuffle=True).epoch(epoch)]


@pytest.mark.parametrize("kind", QUICK_KINDS)
def test_from_files_come_the_same_batches_as_from_memory(data_dir, in_files, kind):
    # One class of three is left out, and of pairs the empty one.
    config = make_config(kind, **({"labels": ["good", "bad"]} if kind.endswith("classification") else {}))
    small = read_all(config, data_dir)
    assert entries() == []
    in_files()
    large = read_all(config, data_dir)
    made = entries()
    assert len(made) >= 3
    again = read_all(config, data_dir)
    assert entries() == made
    for (task, *of_memory), (_, *of_files) in ((small, large), (large, again)):
        for one, other in zip(of_memory, of_files, strict=True):
            assert one.report == other.report
            names = [[task.name_input(given) for given in split.iterate_inputs()] for split in (one, other)]
            assert names[0] == names[1] and len(names[0]) > 30
            batches, others = list_batches(task, one), list_batches(task, other)
            assert len(batches) == len(others) > 1
            for batch, same in zip(batches, others, strict=True):
                assert batch.keys() == same.keys()
                for name, array in batch.items():
                    assert array.dtype == same[name].dtype and np.array_equal(array, same[name])
            assert getattr(one, "targets", None) == getattr(other, "targets", None)


def test_large_columns_are_mapped_not_copied(data_dir, in_files):
    in_files()
    _, train, *_ = read_all(make_config("text_classification"), data_dir)
    assert all(isinstance(column.values, np.memmap) for column in train.columns.values())
    first = train.first(10)
    assert np.shares_memory(first.columns["token_ids"].values, train.columns["token_ids"].values)
    assert first.num_examples == len(first.read_inputs()) == 10


CHANGES = {
    "length": {"text": {"max_length": 3}},
    "split": {"train_split": "train[:50%]"},
    "fraction": {"validation_fraction": 0.3},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_config_reads_no_encoding_of_another(data_dir, in_files, change):
    in_files()
    config = make_config("text_classification", validation_split="test[:100]")
    if change == "fraction":
        config = make_config("text_classification")
    keys = {key() for key in list_keys(config, data_dir)}
    changed = dict(CHANGES[change])
    if change != "fraction":
        changed["validation_split"] = "test[:100]"
    changed_config = make_config("text_classification", changed.pop("text", None), **changed)
    other = {key() for key in list_keys(changed_config, data_dir)}
    assert len(keys) == len(other) == 2 and not keys & other


def list_keys(config, data_dir):
    """Returns the keys of the encodings of the splits to train and to validate on."""
    dataset, task, found = open_dataset(NAME, data_dir, offline=True), make_task(config), []
    task.learn_vocabularies(dataset)
    task._encode = lambda name, examples, dataset: found.append(task._make_key(name, dataset))
    task.load_training_splits(dataset)
    return found


class FakeData:
    def __init__(self, fingerprint):
        self.fingerprint = lambda: fingerprint


def make_key_of(data="these", split="train", vocabulary="a b", text=None, to_train=None, **of_data):
    def save(folder):
        (folder / "vocabulary.jsonl").write_text(vocabulary)

    config = make_config("text_classification", text, **of_data)
    return make_encoding_key(config, FakeData(data), split, save, to_train=to_train)


def test_each_part_of_a_key_counts_alone():
    parts = [
        {},
        {"data": "those"},
        {"split": "test"},
        {"vocabulary": "b a"},
        {"text": {"lowercase": False}},
        {"text": {"max_length": 3}},
        {"text_feature": "reply"},
        {"labels": ["good", "bad"]},
        {"train_split": "train[:50%]"},
        {"validation_fraction": 0.3},
        {"to_train": True},
        {"to_train": False},
    ]
    assert len({make_key_of(**part) for part in parts}) == len(parts)
    assert make_key_of() == make_key_of()


def test_changed_data_are_encoded_anew(data_dir, tmp_path):
    config = make_config("text_classification", validation_split="test[:100]")
    examples = [make_example(number) for number in range(SIZE)]
    write_set(tmp_path, NAME, FEATURES, {"train": examples, "test": examples[::-1]}, num_shards=3)
    keys = [{key() for key in list_keys(config, folder)} for folder in (data_dir, data_dir, tmp_path)]
    assert keys[0] == keys[1] and not keys[0] & keys[2]


def test_who_watches_is_told_of_each_pass(data_dir):
    seen = {}

    class Watch:
        def __init__(self, activity, num_examples):
            self.activity, self.num_examples = activity, num_examples

        def __enter__(self):
            seen.setdefault(self.activity, []).append([self.num_examples, 0])
            return self.advance

        def advance(self, num_read):
            seen[self.activity][-1][1] += num_read

        def __exit__(self, *_):
            pass

    with watch_reading(Watch):
        read_all(make_config("text_classification"), data_dir)
    assert set(seen) == {"holding back examples", "counting words", "encoding"}
    assert [total for total, _ in seen["holding back examples"]] == [1024]
    assert all(SIZE <= num_read <= 1024 for _, num_read in seen["holding back examples"])
    assert len(seen["encoding"]) == 3 and seen["encoding"][2][0] == 1024
    with watch_reading(Watch):
        pass
    read_all(make_config("text_classification"), data_dir)
    assert len(seen["encoding"]) == 3


def test_a_simple_model_is_trained_on_the_first_examples_alone(data_dir, monkeypatch):
    monkeypatch.setattr("rnnzoo.tasks.text_classification.MOST_BASELINE_EXAMPLES", 50)
    task, train, _, test = read_all(make_config("text_classification"), data_dir)
    assert 0.0 <= task.evaluate_baseline(train, test)["bag_of_words_accuracy"] <= 1.0
    assert splits.MOST_BASELINE_EXAMPLES > 67_349  # as many as the largest set of the zoo has


SHORT = tfds.features.FeaturesDict({"text": tfds.features.Text(), "label": tfds.features.ClassLabel(num_classes=2)})
NUM_STEPS = 300


def measure(folder):
    """Learns, encodes and trains; prints the peak of memory in MB, and of what is mapped from files."""
    data_dir = Path(folder)
    peak = {"RssAnon": 0, "RssFile": 0}

    def sample():
        while not done.wait(0.05):
            for line in Path("/proc/self/status").read_text().splitlines():
                name, _, value = line.partition(":")
                if name in peak:
                    peak[name] = max(peak[name], int(value.split()[0]))

    done = threading.Event()
    threading.Thread(target=sample, daemon=True).start()
    config = make_config("text_classification", {"vocabulary_size": 5000})
    dataset, task = open_dataset(NAME, data_dir, offline=True), make_task(config)
    task.learn_vocabularies(dataset)
    train, validation = task.load_training_splits(dataset)
    batches = task.make_batches(train, shuffle=True)
    keras.utils.set_random_seed(0)
    model = task.build_model()
    optimizer = keras.optimizers.Adam()

    @tf.function(reduce_retracing=True)
    def step(batch):
        with tf.GradientTape() as tape:
            loss = task.compute_loss(model, batch, None, training=True)[0]
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)

    optimizer.build(model.trainable_variables)
    for batch in islice(batches.epoch(0), NUM_STEPS):
        step({name: tf.constant(array) for name, array in batch.items()})
    done.set()
    print("examples", train.num_examples, validation.num_examples)
    print("peak", peak["RssAnon"] // 1024, peak["RssFile"] // 1024)


def make_short(number):
    random = (number * 2654435761) % 2**32
    words = [f"word{(random >> shift) % 3000}" for shift in (0, 5, 9, 13, 17)][: 2 + number % 4]
    return {"text": f"{' '.join(words)} n{number % 200_000}", "label": number % 2}


@pytest.mark.slow
def test_a_million_examples_take_hardly_more_memory_than_a_tenth_of_them(tmp_path):
    peaks = []
    for size in (100_000, 1_000_000):
        data_dir = tmp_path / str(size)
        examples = (make_short(number) for number in range(size))
        write_set(data_dir, NAME, SHORT, {"train": examples, "test": [make_short(0)]}, num_shards=4)
        program = (
            "import sys, pathlib; from tests.tasks.test_large_data import measure; measure(pathlib.Path(sys.argv[1]))"
        )
        environment = {**os.environ, "RNNZOO_CACHE_DIR": str(data_dir / "cache")}
        command = [sys.executable, "-c", program, str(data_dir)]
        result = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr[-3000:]
        print(size, result.stdout)
        peaks.append(int(result.stdout.split("peak ")[1].split()[0]))
    # 64 MB may lie in memory before files are begun, and some 16 bytes an example always do.
    assert peaks[1] - peaks[0] < 100
