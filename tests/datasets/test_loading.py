"""Sets by name: read where they are prepared, without any connection."""

import os
import socket

import pytest
import tensorflow_datasets as tfds

from rnnzoo.config import UserError
from rnnzoo.datasets import default_data_dir, describe_if_prepared, open_dataset
from tests.datasets.own_set import EXAMPLES, NAME, store_own_set


@pytest.fixture
def no_network(monkeypatch):
    """Counts and refuses connections."""
    attempts = []

    def refuse(*arguments, **options):
        attempts.append(arguments)
        raise OSError("no connection may be opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return attempts


@pytest.mark.parametrize("offline", [True, False])
def test_a_prepared_set_is_read_without_a_connection(test_data, no_network, offline):
    dataset = open_dataset("glue/sst2", test_data / "tfds", offline)
    examples = list(dataset.read("validation[:3]", ["sentence", "label"]).as_numpy_iterator())
    assert [set(example) for example in examples] == [{"sentence", "label"}] * 3
    assert all(example["sentence"].decode() and example["label"] in (0, 1) for example in examples)
    assert dataset.description.feature("label", "").class_names == ("negative", "positive")
    assert no_network == []


def test_slices_and_sums_are_read_in_order(test_data):
    dataset = open_dataset("glue/sst2", test_data / "tfds", offline=True)

    def read(split):
        return [int(example["idx"]) for example in dataset.read(split, ["idx"]).as_numpy_iterator()]

    validation, test = read("validation"), read("test[:5]")
    assert sorted(validation) == list(range(872))
    assert read("validation[:1%]+test[2:4]") == validation[:9] + test[2:4]
    assert read("validation[-2:]") == validation[-2:]


@pytest.mark.parametrize(
    ("name", "problem", "nearest"),
    [
        ("glu/sst2", "no such data set", "glue"),
        ("imdb", "no such data set", "imdb_reviews"),
        ("own_noets", "no such data set", NAME),
        ("rnnzoo_mni", "no such data set", "rnnzoo_mini"),
        ("huggingface:glue", "no such data set", None),
        ("../glue", "no such data set", None),
        ("glue/sst3", "`glue` has no such config", "glue/sst2"),
        ("clinc_oos/full", "`clinc_oos` has no such config", "clinc_oos"),
        ("rnnzoo_mini/sentence", "`rnnzoo_mini` has no such config", "sentences"),
    ],
)
@pytest.mark.parametrize("offline", [True, False])
def test_unknown_names_get_a_short_message_with_the_nearest(own_data_dir, no_network, name, problem, nearest, offline):
    for look_up in (open_dataset, describe_if_prepared):
        with pytest.raises(UserError, match=r"^data\.dataset: ") as caught:
            look_up(name, own_data_dir, offline)
        message = str(caught.value)
        assert problem in message and len(message) < 1000
        assert nearest is None or f"nearest:  {nearest}" in message
    assert no_network == []


@pytest.mark.parametrize("name", ["glue/mrpc", "imdb_reviews", f"{NAME}:1.0.0", "glue/sst2:9.9.9"])
def test_offline_forbids_to_prepare_what_is_not_there(own_data_dir, no_network, name):
    with pytest.raises(UserError, match=r"^data\.dataset: "):
        open_dataset(name, own_data_dir, offline=True)
    assert no_network == []


def test_a_preparation_that_fails_is_told_in_one_message(tmp_path, monkeypatch):
    def fail(self, *arguments, **options):
        raise ConnectionError("no route to host\n" + "details " * 1000)

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(UserError, match="could not be prepared") as caught:
        open_dataset("clinc_oos", tmp_path)
    assert len(str(caught.value)) < 1000 and str(tmp_path) in str(caught.value)


@pytest.fixture(scope="module")
def own_data_dir(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("own")
    store_own_set(data_dir)
    return data_dir


def test_a_users_own_set_is_read_by_name_with_nested_features(own_data_dir, no_network):
    dataset = open_dataset(NAME, own_data_dir, offline=True)
    read = dataset.read("train", ["note/text", "note/kind", "tags"]).as_numpy_iterator()
    # TFDS writes examples in an order of its own.
    examples = {example["note/text"].decode(): (example["note/kind"], example["tags"].tolist()) for example in read}
    assert examples == {
        example["note"]["text"]: (example["note"]["kind"], [tag.encode() for tag in example["tags"]])
        for example in EXAMPLES[:5]
    }
    assert open_dataset(f"{NAME}:9.0.0", own_data_dir, offline=True).description.splits == {"train": 2, "test": 1}


def test_tfds_own_variable_names_the_default_folder(own_data_dir, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(own_data_dir))
    assert default_data_dir() == own_data_dir
    assert open_dataset(NAME, offline=True).description.name == NAME


def test_the_miniature_language_is_described_before_it_is_made(tmp_path, no_network):
    description = describe_if_prepared("rnnzoo_mini/sentences", tmp_path, offline=True)
    assert description.splits["train"] > 0 and description.features["text"].is_text
    assert list(tmp_path.iterdir()) == []


def test_the_miniature_language_is_read(mini_data_dir, no_network):
    dataset = open_dataset("rnnzoo_mini", mini_data_dir, offline=True)
    example = next(dataset.read("test[:1]", ["text", "sentiment", "upos"]).as_numpy_iterator())
    assert example["text"].decode() and example["sentiment"] in (0, 1) and len(example["upos"]) > 1


def test_the_miniature_language_goes_to_the_default_folder_where_the_given_one_is_read_only(
    own_data_dir, mini_data_dir, monkeypatch
):
    monkeypatch.setenv("TFDS_DATA_DIR", str(mini_data_dir))
    writable = os.access
    # A patch and not chmod: root may write everywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: writable(path, mode) and str(path) != str(own_data_dir))
    for offline in (True, False):
        dataset = open_dataset("rnnzoo_mini/sentences", own_data_dir / "absent" / "folder", offline)
        assert dataset.description.name == "rnnzoo_mini/sentences"
    assert not any(path.name.startswith("rnnzoo") or path.name == "absent" for path in own_data_dir.iterdir())
