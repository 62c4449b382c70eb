import collections
import subprocess
import sys

import numpy as np
import pytest

from rnnzoo.datasets import open_dataset
from rnnzoo.datasets.mini.captions import generate_captions
from rnnzoo.datasets.mini.description import CAPTION_DIM, CONFIGURATIONS
from rnnzoo.datasets.mini.hello import generate_hello


@pytest.fixture(scope="module")
def splits():
    return {split: list(generate_captions(split)) for split in CONFIGURATIONS["captions"].splits}


def test_sizes_and_shapes(splits):
    for split, size in CONFIGURATIONS["captions"].splits.items():
        assert len(splits[split]) == size
        assert {len(example["vector"]) for example in splits[split]} == {CAPTION_DIM}
        assert np.isfinite([example["vector"] for example in splits[split]]).all()


def test_no_scene_is_in_two_splits_or_twice_in_one(splits):
    captions = [example["caption"] for examples in splits.values() for example in examples]
    assert len(set(captions)) == len(captions)


def test_captions_are_sentences_of_two_things(splits):
    for example in splits["train"][:500]:
        words = example["caption"].split()
        assert len(words) == 9
        for number, thing in ((words[0], words[3]), (words[5], words[8])):
            assert number in ("a", "two", "three")
            assert thing.removesuffix("s") in ("circle", "square", "star", "ring")
            assert thing.endswith("s") == (number != "a")


def test_every_word_is_in_every_split(splits):
    words = {
        split: collections.Counter(" ".join(e["caption"] for e in examples).split())
        for split, examples in splits.items()
    }
    assert words["train"].keys() == words["validation"].keys() == words["test"].keys()
    assert min(words["train"].values()) > 20


def test_the_vector_tells_the_caption(splits):
    # Each part of a scene adds a direction of its own: a linear map of train finds all parts of the scenes of test.
    def as_matrices(examples):
        vectors = np.array([[*example["vector"], 1.0] for example in examples])
        parts = [[word.removesuffix("s") for word in example["caption"].split()] for example in examples]
        return vectors, np.array(parts)

    vectors, parts = as_matrices(splits["train"])
    test_vectors, test_parts = as_matrices(splits["test"])
    for place in range(parts.shape[1]):
        names = sorted(set(parts[:, place]))
        targets = parts[:, place][:, None] == np.array(names)
        solution, *_ = np.linalg.lstsq(vectors, targets.astype(float), rcond=None)
        found = np.array(names)[(test_vectors @ solution).argmax(axis=1)]
        assert np.mean(found == test_parts[:, place]) > 0.97


def test_examples_are_the_same_in_every_process(splits):
    program = (
        "from rnnzoo.datasets.mini.captions import generate_captions\n"
        "print([(e['vector'][:3], e['caption']) for e in list(generate_captions('test'))[:20]])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == str([(e["vector"][:3], e["caption"]) for e in splits["test"][:20]])


def test_hello_is_the_one_word_of_every_split(mini_data_dir):
    dataset = open_dataset("rnnzoo_mini/hello", mini_data_dir)
    for split in CONFIGURATIONS["hello"].splits:
        assert list(generate_hello(split)) == [{"text": "hello"}]
        assert [example["text"] for example in dataset.read(split, ["text"]).as_numpy_iterator()] == [b"hello"]


def test_captions_come_through_tfds_as_they_were_made(mini_data_dir, splits):
    dataset = open_dataset("rnnzoo_mini/captions", mini_data_dir)
    assert dataset.description.features["vector"].vector_dim == CAPTION_DIM
    examples = dataset.read("test", ["vector", "caption"]).as_numpy_iterator()
    found = {example["caption"].decode(): example["vector"] for example in examples}
    assert found.keys() == {example["caption"] for example in splits["test"]}
    for example in splits["test"]:
        np.testing.assert_allclose(found[example["caption"]], example["vector"], rtol=1e-6)
