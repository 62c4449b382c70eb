"""TFDS sets of pairs: features of the class Translation are texts by the paths of their languages."""

import pytest
import tensorflow_datasets as tfds

from rnnzoo.datasets import Feature, describe_if_prepared, open_dataset

PAIRS = [(f"{number} gute Hunde\n", f"{number} good dogs\n") for number in range(5)]


class OwnTranslation(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """As `wmt*` and `ted_hrlr_translate` are: an example is a Translation, or has one."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name="plain"), tfds.core.BuilderConfig(name="nested")]  # noqa: RUF012

    def _info(self):
        pair = tfds.features.Translation(languages=["de", "en"])
        nested = tfds.features.FeaturesDict({"id": tfds.features.Text(), "texts": {"pair": pair}})
        features = pair if self.builder_config.name == "plain" else nested
        return tfds.core.DatasetInfo(builder=self, features=features, supervised_keys=None)

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(PAIRS), "test": self._generate_examples(PAIRS[:2])}

    def _generate_examples(self, pairs):
        for number, (de, en) in enumerate(pairs):
            pair = {"de": de, "en": en}
            is_plain = self.builder_config.name == "plain"
            yield number, pair if is_plain else {"id": str(number), "texts": {"pair": pair}}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("translation")
    for config in ("plain", "nested"):
        OwnTranslation(config=config, data_dir=str(folder)).download_and_prepare()
    return folder


@pytest.mark.parametrize(("config", "prefix"), [("plain", ""), ("nested", "texts/pair/")])
def test_languages_are_read_by_their_paths(data_dir, config, prefix):
    name, paths = f"own_translation/{config}", [f"{prefix}de", f"{prefix}en"]
    description = describe_if_prepared(name, data_dir, offline=True)
    assert {path: description.features[path] for path in paths} == dict.fromkeys(paths, Feature("text"))
    assert description.splits == {"train": 5, "test": 2}
    dataset = open_dataset(name, data_dir, offline=True)
    examples = list(dataset.read("train", paths).as_numpy_iterator())
    assert sorted(tuple(example[path].decode() for path in paths) for example in examples) == PAIRS
    one = list(dataset.read("test", paths[1:]).as_numpy_iterator())
    assert sorted(example[paths[1]].decode() for example in one) == [en for _, en in PAIRS[:2]]


@pytest.mark.parametrize(
    ("name", "split", "paths"),
    [("scan/simple", "test[:3]", ["commands", "actions"]), ("tatoeba/tatoeba_de", "train[:3]", None)],
)
def test_public_sets_of_pairs_are_read(test_data, name, split, paths):
    dataset = open_dataset(name, test_data / "tfds", offline=True)
    paths = paths or sorted(path for path, feature in dataset.description.features.items() if feature.is_text)[:2]
    assert all(dataset.description.features[path].is_text for path in paths)
    examples = list(dataset.read(split, paths).as_numpy_iterator())
    assert len(examples) == 3 and all(example[path].decode().strip() for example in examples for path in paths)
