"""A user's own TFDS set, whose builder is not known here: its nested features are read, checked and trained on."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from rnnzoo.config import UserError, parse_config
from rnnzoo.datasets import Feature, describe_if_prepared, open_dataset
from rnnzoo.tasks.data_checks import check_data
from rnnzoo.training.run import train_run
from rnnzoo.training.run_folder import RunFolder
from tests.datasets.own_builder import MOODS, NAME, SIZES, prepare_own_builder


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return prepare_own_builder(tmp_path_factory.mktemp("own_builder"))


@pytest.fixture(scope="module")
def dataset(data_dir):
    assert NAME not in tfds.list_builders()
    return open_dataset(NAME, data_dir, offline=True)


def test_nested_features_are_described(data_dir):
    description = describe_if_prepared(NAME, data_dir, offline=True)
    assert description.splits == SIZES
    assert description.features == {
        "answer/text": Feature("text"),
        "answer/mood": Feature("class_label", "int64", tuple(MOODS)),
        "sensor/frames": Feature("tensor", "float32", shape=(None, 3)),
        "marks": Feature("class_label", "int64", ("low", "high"), 1),
        "level": Feature("tensor", "float64", (), 1),
        "steps/position": Feature("tensor", "float32", (), 1, (2,)),
        "steps/move": Feature("class_label", "int64", ("up", "down"), 1),
        "steps/note": Feature("text", "", (), 1),
        "pair/de": Feature("text"),
        "pair/en": Feature("text"),
    }
    dims = {path: feature.frame_dim for path, feature in description.features.items() if feature.frame_dim}
    assert dims == {"sensor/frames": 3, "level": 1, "steps/position": 2}


def test_nested_features_are_read_together(dataset):
    paths = list(dataset.description.features)
    for example in tfds.as_numpy(dataset.read("train", paths)):
        assert set(example) == set(paths)
        level = example["level"]
        np.testing.assert_allclose(example["sensor/frames"], np.stack([level, level**2, level**0], 1), rtol=1e-6)
        np.testing.assert_allclose(example["steps/position"][:, 0], level, rtol=1e-6)
        assert example["marks"].tolist() == (level > 0).astype(int).tolist()
        mood = example["answer/mood"]
        assert example["steps/move"].tolist() == [mood] * len(level)
        number = example["answer/text"].decode().removeprefix(f"that is {'bad' if mood else 'good'} ")
        assert example["steps/note"].tolist() == [f"step {number}".encode()] * len(level)
        assert (example["pair/de"], example["pair/en"]) == (b"gut", b"good")


@pytest.mark.parametrize("path", ["answer/text", "sensor/frames", "steps/position", "pair/en"])
def test_one_feature_is_read_alone(dataset, path):
    examples = list(dataset.read("test", [path]))
    assert len(examples) == SIZES["test"] and all(list(example) == [path] for example in examples)


def make_config(task, **data):
    model = {"units": 8, "dropout": 0.0} | ({"embedding_dim": 8} if task == "text_classification" else {})
    values = {
        "name": "own/set",
        "task": task,
        "data": {"dataset": NAME, "label_feature": "answer/mood", "validation_fraction": 0.2, **data},
        "model": model,
        "train": {"epochs": 12, "batch_size": 8, "learning_rate": 0.02, "warmup_steps": 5, "num_buckets": 1},
    }
    return parse_config(values)


@pytest.mark.parametrize(
    ("task", "data"),
    [
        ("text_classification", {"text_feature": "answer/text"}),
        ("feature_classification", {"features_feature": "steps/position"}),
        ("feature_classification", {"features_feature": "level"}),
    ],
)
def test_a_classifier_learns_from_nested_features(data_dir, tmp_path, task, data):
    config = make_config(task, **data)
    check_data(config, describe_if_prepared(NAME, data_dir, offline=True))
    result = train_run(config, folder=RunFolder.create(config, tmp_path), data_dir=data_dir, offline=True)
    assert result["test"]["num_examples"] == SIZES["test"]
    assert result["test"]["accuracy"] > 0.9


def test_a_translator_learns_from_the_languages_of_a_translation_feature(data_dir, tmp_path):
    values = make_config("text_classification").model_dump(include={"name", "train"})
    # All pairs are the same: a hash of the source would hold back all or none.
    data = {"dataset": NAME, "source_feature": "pair/de", "target_feature": "pair/en", "validation_split": "train[:9]"}
    values |= {"task": "translation", "data": data, "text": {"unit": "characters"}, "evaluate": {"baseline": False}}
    config = parse_config({**values, "model": {"units": 8, "embedding_dim": 8}, "decode": {"beam_width": 1}})
    check_data(config, describe_if_prepared(NAME, data_dir, offline=True))
    result = train_run(config, folder=RunFolder.create(config, tmp_path), data_dir=data_dir, offline=True)
    assert result["test"]["num_examples"] == SIZES["test"] and result["test"]["exact_match"] == 1.0


@pytest.mark.parametrize(
    ("task", "data", "told"),
    [
        ("text_classification", {"text_feature": "answer"}, "nearest:  answer/"),
        ("text_classification", {"text_feature": "answer/txt"}, "nearest:  answer/text"),
        ("text_classification", {"text_feature": "steps/note"}, "allowed:  answer/text, pair/de, pair/en"),
        ("text_classification", {"text_feature": "answer/text", "label_feature": "marks"}, "allowed:  answer/mood"),
        ("feature_classification", {"features_feature": "marks"}, "allowed:  level, sensor/frames, steps/position"),
        ("feature_classification", {"features_feature": "sensor"}, "nearest:  sensor/frames"),
    ],
)
def test_paths_that_do_not_fit_are_told_with_those_that_do(data_dir, task, data, told):
    with pytest.raises(UserError) as caught:
        check_data(make_config(task, **data), describe_if_prepared(NAME, data_dir, offline=True))
    assert told in str(caught.value)
