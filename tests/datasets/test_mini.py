import socket
import subprocess
import sys

import pytest
import tensorflow_datasets as tfds

import rnnzoo.datasets.mini
from rnnzoo.datasets.mini.builder import GENERATORS
from rnnzoo.datasets.mini.description import CONFIGURATIONS


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was used")

    directory = tmp_path_factory.mktemp("tfds")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        for config in CONFIGURATIONS:
            tfds.builder(f"rnnzoo_mini/{config}", data_dir=directory).download_and_prepare()
    return directory


def test_description_matches_the_builder(data_dir):
    described = rnnzoo.datasets.mini.describe()
    assert set(described) == set(rnnzoo.datasets.mini.RnnzooMini.builder_configs) == set(GENERATORS)
    for config, expected in described.items():
        info = tfds.builder(f"rnnzoo_mini/{config}", data_dir=data_dir).info
        names = {
            name: getattr(getattr(feature, "feature", feature), "names", None)
            for name, feature in info.features.items()
        }
        assert names == expected["features"]
        assert {name: split.num_examples for name, split in info.splits.items()} == expected["splits"]


def test_sentences_is_the_default_configuration():
    assert tfds.builder("rnnzoo_mini").builder_config.name == "sentences"


def test_examples_read_back_as_they_were_made(data_dir):
    builder = tfds.builder("rnnzoo_mini/sentences", data_dir=data_dir)
    sentiment = builder.info.features["sentiment"]
    made = {example["text"]: example for example in GENERATORS["sentences"]("test")}
    read = list(tfds.as_numpy(builder.as_dataset(split="test")))
    assert len(read) == len(made)
    for example in read:
        original = made[example["text"].decode()]
        assert sentiment.int2str(int(example["sentiment"])) == original["sentiment"]
        assert [token.decode() for token in example["tokens"]] == original["tokens"]
        assert example["translation"].decode() == original["translation"]


def test_describing_needs_no_tensorflow():
    code = (
        "import sys; from rnnzoo.datasets.mini import describe;"
        "assert describe()['stories']['splits']['test'] == 500; assert 'tensorflow' not in sys.modules"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
