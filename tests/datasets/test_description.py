"""Descriptions read from JSON say what TFDS says."""

import json
import shutil

import pytest
import tensorflow_datasets as tfds

from rnnzoo.config import UserError
from rnnzoo.datasets.description import (
    DatasetDescription,
    Feature,
    describe_prepared,
    find_prepared,
    list_prepared,
)
from rnnzoo.datasets.loading import describe_if_prepared
from tests.datasets.own_set import CLASS_NAMES, NAME, store_own_set


def describe_by_tfds(folder):
    """Texts and class labels by path, and splits, as TFDS itself reads a folder."""
    builder = tfds.builder_from_directory(str(folder))
    found = {}

    def collect(feature, path, depth):
        if isinstance(feature, tfds.features.FeaturesDict):
            for name, child in feature.items():
                collect(child, f"{path}/{name}" if path else name, depth)
        elif isinstance(feature, tfds.features.Sequence):
            collect(feature.feature, path, depth + 1)
        elif isinstance(feature, tfds.features.ClassLabel):
            found[path] = Feature("class_label", "int64", tuple(feature.names), depth)
        elif isinstance(feature, tfds.features.Text):
            found[path] = Feature("text", "", (), depth)

    collect(builder.info.features, "", 0)
    return found, {name: split.num_examples for name, split in builder.info.splits.items()}


def check(name, data_dir):
    folder = find_prepared(name, data_dir)
    description = describe_prepared(folder)
    features, splits = describe_by_tfds(folder)
    mine = {path: feature for path, feature in description.features.items() if feature.kind in ("text", "class_label")}
    assert mine == features and features
    assert description.splits == splits and splits
    assert name in (description.name, f"{description.name}:{folder.name}")


def test_every_prepared_set_is_described_as_tfds_describes_it(test_data):
    names = list_prepared(test_data / "tfds")
    assert {"glue/sst2", "imdb_reviews/plain_text", "clinc_oos", "universal_dependencies/en_ewt"} <= set(names)
    for name in names:
        check(name, test_data / "tfds")


def test_the_prepared_miniature_is_what_was_told_before(mini_data_dir, tmp_path):
    check("rnnzoo_mini/sentences", mini_data_dir)
    before = describe_if_prepared("rnnzoo_mini", tmp_path, offline=True)
    after = describe_if_prepared("rnnzoo_mini", mini_data_dir, offline=True)
    assert before.splits == after.splits and before.name == after.name == "rnnzoo_mini/sentences"
    assert list(before.features) and set(before.features) == set(after.features)
    for path, feature in after.features.items():
        assert before.features[path].class_names == feature.class_names
        assert before.features[path].is_text == feature.is_text
        assert before.features[path].sequence_depth == feature.sequence_depth


@pytest.fixture(scope="module")
def own_data_dir(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("own")
    store_own_set(data_dir)
    return data_dir


def test_nested_features_are_joined_with_slashes(own_data_dir):
    check(NAME, own_data_dir)
    features = describe_prepared(find_prepared(NAME, own_data_dir)).features
    assert features["note/text"].is_text and not features["tags"].is_text and not features["weight"].is_text
    assert features["note/kind"].class_names == tuple(CLASS_NAMES)
    assert features["tags"].sequence_depth == 1


def test_the_newest_version_is_taken_by_number_unless_one_is_named(own_data_dir):
    assert find_prepared(NAME, own_data_dir).name == "10.0.0"
    assert find_prepared(f"{NAME}:9.0.0", own_data_dir).name == "9.0.0"
    assert find_prepared(f"{NAME}:8.0.0", own_data_dir) is None
    assert find_prepared(f"{NAME}/config", own_data_dir) is None
    assert find_prepared("absent", own_data_dir) is None
    assert list_prepared(own_data_dir) == [NAME]
    assert list_prepared(own_data_dir / "absent") == []


def test_the_default_config_is_taken_where_none_is_named(test_data):
    assert find_prepared("imdb_reviews", test_data / "tfds").parent.name == "plain_text"


def test_translations_hold_a_text_a_language(tmp_path):
    for features, expected in (
        (tfds.features.Translation(["de", "en"]), {"de": Feature("text"), "en": Feature("text")}),
        (
            tfds.features.FeaturesDict({"pair": tfds.features.TranslationVariableLanguages(["de", "en"])}),
            {"pair/language": Feature("text", "", (), 1), "pair/translation": Feature("text", "", (), 1)},
        ),
    ):
        features.save_config(str(tmp_path))
        (tmp_path / "dataset_info.json").write_text(json.dumps({"name": "pairs", "splits": []}))
        assert describe_prepared(tmp_path).features == expected


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("dataset_info.json", b""),
        ("dataset_info.json", b"{"),
        ("dataset_info.json", b"[]"),
        ("dataset_info.json", b"{}"),
        ("dataset_info.json", b'{"splits": []}'),
        ("dataset_info.json", b'{"name": "x", "splits": [{"name": "train", "shardLengths": ["many"]}]}'),
        ("dataset_info.json", b"\xff\xfe"),
        ("features.json", b"null"),
        ("features.json", b'{"pythonClassName": "x", "featuresDict": {"features": []}}'),
        ("features.json", None),
    ],
)
def test_damaged_sets_are_the_users_to_mend(own_data_dir, tmp_path, file, content):
    folder = tmp_path / NAME / "10.0.0"
    shutil.copytree(find_prepared(NAME, own_data_dir), folder)
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    with pytest.raises(UserError, match="damaged") as caught:
        describe_if_prepared(NAME, tmp_path, offline=True)
    assert str(folder) in str(caught.value.in_file("run.toml"))


DESCRIPTION = DatasetDescription("toy", {"text": Feature("text")}, {"train": 200, "test": 10, "in-between": 3})


@pytest.mark.parametrize(
    "split",
    [
        "train",
        "train[:90%]",
        "train[10%:]",
        "train[-10%:]",
        "train[:0.5%]",
        "train[:200]",
        "train[-200:-1]",
        "train[199:]",
        "train+test",
        "train[:50%] + test[5:]",
        "in-between",
        "all",
    ],
)
def test_splits_that_tfds_reads_are_accepted(split):
    DESCRIPTION.check_split(split, "data.train_split")
    infos = {
        name: tfds.core.SplitInfo(name=name, shard_lengths=[size], num_bytes=0)
        for name, size in DESCRIPTION.splits.items()
    }
    for part in tfds.core.ReadInstruction.from_spec(split).to_absolute(infos):
        stop = infos[part.splitname].num_examples if part.to is None else part.to
        assert (part.from_ or 0) < stop


@pytest.mark.parametrize(
    ("split", "problem"),
    [
        ("tran", "no such split"),
        ("tran[:10%]", "no such split"),
        ("train+tset", "no such split"),
        ("all[:10]", "no such split"),
        ("Train", "no such split"),
        ("train[:101%]", "no slice"),
        ("train[:201]", "no slice"),
        ("test[-11:]", "no slice"),
        ("train[50%:50%]", "no slice"),
        ("train[90%:10%]", "no slice"),
        ("test[:1%]", "no slice"),
        ("train[:]", "not a split"),
        ("train[10]", "not a split"),
        ("train[a:b]", "not a split"),
        ("train[:10%", "not a split"),
        ("train[:nan%]", "not a split"),
        ("", "not a split"),
        ("train+", "not a split"),
        (" train", "not a split"),
    ],
)
def test_other_splits_are_refused(split, problem):
    with pytest.raises(UserError, match=rf"data\.train_split: .*{problem}"):
        DESCRIPTION.check_split(split, "data.train_split")


@pytest.mark.parametrize(
    ("feature", "frame_dim"),
    [
        (Feature("tensor", "float32", shape=(None, 8)), 8),
        (Feature("tensor", "int64", shape=(None,)), 1),
        (Feature("tensor", "bfloat16", shape=(50, 3)), 3),
        (Feature("tensor", "float64", sequence_depth=1), 1),
        (Feature("tensor", "uint8", sequence_depth=1, shape=(4,)), 4),
        (Feature("tensor", "float32"), None),
        (Feature("tensor", "float32", shape=(None, None)), None),
        (Feature("tensor", "float32", sequence_depth=2), None),
        (Feature("tensor", "float32", shape=(None, 8, 8)), None),
        (Feature("tensor", "string", shape=(None,)), None),
        (Feature("class_label", "int64", ("a", "b"), 1), None),
        (Feature("image", shape=(28, 28)), None),
    ],
)
def test_sequences_of_numbers_have_a_frame_dim(feature, frame_dim):
    assert feature.frame_dim == frame_dim


def test_an_unknown_feature_is_told_with_the_nearest():
    with pytest.raises(UserError) as caught:
        DESCRIPTION.feature("txt", "data.text_feature")
    assert "data.text_feature" in str(caught.value) and "nearest:  text" in str(caught.value)
