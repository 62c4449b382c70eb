import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from rnnzoo.config import UserError, load_config, parse_config
from rnnzoo.datasets import open_dataset
from rnnzoo.tasks.data_checks import check_data
from rnnzoo.tasks.odd_texts import ODD_TEXTS
from rnnzoo.tasks.registry import make_task

TINY = [
    "model.units=6",
    "model.embedding_dim=5",
    'data.train_split="train[:200]"',
    'data.validation_split="validation[:50]"',
]


@pytest.fixture(scope="module")
def string_labels(tmp_path_factory):
    """A user's own set whose labels are strings; test has one that train lacks."""
    folder = tmp_path_factory.mktemp("tfds")
    train = [("good film", "up"), ("bad film", "down"), ("good one", "up"), ("so so", "level")] * 10
    splits = {"train": train, "test": [("good", "up")], "odd": [("good", "sideways")]}

    def to_dataset(examples):
        texts, labels = zip(*examples, strict=True)
        return tf.data.Dataset.from_tensor_slices({"text": list(texts), "label": list(labels)})

    tfds.dataset_builders.store_as_tfds_dataset(
        name="my_set",
        version="1.0.0",
        data_dir=str(folder),
        split_datasets={name: to_dataset(examples) for name, examples in splits.items()},
        features=tfds.features.FeaturesDict({"text": tfds.features.Text(), "label": tfds.features.Text()}),
        config="default",
        disable_shuffling=True,
    )
    return folder


def my_config(**data):
    values = {"name": "my/set", "task": "text_classification", "text": {"min_count": 1}}
    return parse_config(values | {"data": {"dataset": "my_set/default", "train_split": "train", **data}})


def test_string_labels_are_collected_and_sorted(string_labels):
    task = make_task(my_config(validation_split="test", test_split="odd"))
    dataset = open_dataset("my_set/default", string_labels, offline=True)
    task.learn_vocabularies(dataset)
    assert task.class_names == ["down", "level", "up"]
    train, _ = task.load_training_splits(dataset)
    assert train.columns["label"].values.tolist() == [2, 0, 2, 1] * 10


def test_a_label_that_train_never_saw_is_named(string_labels):
    task = make_task(my_config(validation_split="test", test_split="odd"))
    dataset = open_dataset("my_set/default", string_labels, offline=True)
    task.learn_vocabularies(dataset)
    with pytest.raises(UserError, match="sideways"):
        task.load_split(dataset, "odd")


def test_too_little_to_hold_back_is_a_mistake(string_labels):
    task = make_task(my_config(train_split="train[:1]"))
    with pytest.raises(UserError, match="validation_fraction"):
        task.learn_vocabularies(open_dataset("my_set/default", string_labels, offline=True))


def test_hidden_labels_are_a_mistake(test_data):
    task = make_task(load_config("sentiment/sst2", ['data.train_split="train[:500]"']))
    dataset = open_dataset("glue/sst2", test_data / "tfds", offline=True)
    task.learn_vocabularies(dataset)
    with pytest.raises(UserError, match="hidden"):
        task.load_split(dataset, "test")


def learn(name, overrides, data_dir):
    dataset = open_dataset("rnnzoo_mini/sentences", data_dir)
    task = make_task(load_config(name, [*TINY, *overrides]))
    task.learn_vocabularies(dataset)
    return task, dataset


@pytest.fixture(scope="module")
def rating(mini_data_dir):
    return learn("rating/mini", [], mini_data_dir)


@pytest.fixture(scope="module")
def with_parts(mini_data_dir):
    return learn("rating/mini", ["text.suffix_lengths=[2]", "text.ngram_lengths=[2, 3]"], mini_data_dir)


def test_named_labels_choose_classes_and_their_order(rating, mini_data_dir):
    _, dataset = rating
    task = make_task(load_config("rating/mini", [*TINY, 'data.labels=["5", "1"]']))
    check_data(task.config, dataset.description)
    task.learn_vocabularies(dataset)
    split = task.load_split(dataset, "validation")
    examples = [example for example in tfds.as_numpy(dataset.read("validation", ["text", "rating"]))]
    extremes = [example for example in examples if example["rating"] in (0, 4)]
    assert split.num_examples == len(extremes)
    assert split.report["left_out_other_labels"] == len(examples) - len(extremes)
    assert split.columns["label"].values.tolist() == [0 if example["rating"] == 4 else 1 for example in extremes]
    assert split.read_inputs() == [example["text"] for example in extremes]


def test_the_report_counts_what_was_cut(mini_data_dir):
    dataset = open_dataset("rnnzoo_mini/sentences", mini_data_dir)
    task = make_task(load_config("rating/mini", [*TINY, "text.max_length=5"]))
    task.learn_vocabularies(dataset)
    whole = make_task(load_config("rating/mini", TINY))
    whole.learn_vocabularies(dataset)
    cut, full = task.load_split(dataset, "validation").report, whole.load_split(dataset, "validation").report
    assert cut["longest"] == 5
    assert cut["tokens"] + cut["tokens_cut"] == full["tokens"]
    assert full["texts_cut"] == 0 < cut["texts_cut"] <= cut["examples"]


def test_vocabularies_round_trip(rating, tmp_path):
    task, _ = rating
    task.save_vocabularies(tmp_path)
    again = make_task(task.config)
    again.load_vocabularies(tmp_path)
    assert again.class_names == task.class_names == ["1", "2", "3", "4", "5"]
    assert again._pipeline.vocabulary.tokens == task._pipeline.vocabulary.tokens


@pytest.mark.parametrize("fixture", ["rating", "with_parts"])
def test_evaluation_in_memory_equals_the_served_answers(fixture, request):
    task, dataset = request.getfixturevalue(fixture)
    model = task.build_model()
    split = task.load_split(dataset, "validation[:64]")
    _, signatures = task.make_serving_module(model)

    def predict(texts):
        answers = signatures["serving_default"](tf.constant(texts))
        rows = answers["probabilities"].numpy().tolist()
        return [{"probabilities": dict(zip(task.class_names, row, strict=True))} for row in rows]

    in_memory, served = task.evaluate(model, split, details=True), task.evaluate_predictor(predict, split)
    assert in_memory.metrics == pytest.approx(served.metrics, abs=1e-6)
    assert in_memory.details["confusion_matrix"] == served.details["confusion_matrix"]


@pytest.mark.parametrize("fixture", ["rating", "with_parts"])
def test_served_answers_to_odd_texts_are_finite_and_do_not_depend_on_the_batch(fixture, request):
    task, _ = request.getfixturevalue(fixture)
    _, signatures = task.make_serving_module(task.build_model())
    answer = signatures["serving_default"]
    together = answer(tf.constant(list(ODD_TEXTS)))
    assert set(together) == {"label", "score", "classes", "probabilities"}
    probabilities = together["probabilities"].numpy()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
    for place, text in enumerate(ODD_TEXTS):
        alone = answer(tf.constant([text]))
        np.testing.assert_allclose(alone["probabilities"][0], probabilities[place], atol=1e-5)
        assert alone["label"][0] == together["label"][place]
    assert answer(tf.constant([], tf.string))["probabilities"].shape == (0, 5)


def test_filler_rows_have_no_loss(rating):
    task, _ = rating
    model = task.build_model()
    batch = {
        "token_ids": tf.constant([[4, 5], [6, 0], [0, 0]]),
        "label": tf.constant([1, 2, 0]),
        "example_index": tf.constant([0, 1, -1]),
    }
    loss, weight, state = task.compute_loss(model, batch, None, training=False)
    less = {name: tensor[:2] for name, tensor in batch.items()}
    loss_of_two, _, _ = task.compute_loss(model, less, None, training=False)
    assert float(weight) == 2.0
    assert state is None
    assert float(loss) == pytest.approx(float(loss_of_two), rel=1e-6)


def test_the_baseline_scores_the_same_examples(rating):
    task, dataset = rating
    train, validation = task.load_training_splits(dataset)
    scores = task.evaluate_baseline(train, validation)
    assert 0.2 < scores["bag_of_words_accuracy"] < 0.9


def test_the_model_has_an_input_for_each_part_of_the_text(with_parts):
    task, dataset = with_parts
    train, _ = task.load_training_splits(dataset)
    assert set(task.build_model().input) == {"token_ids", "affix_ids", "ngram_ids"}
    assert train.columns["ngram_ids"].values.shape == (train.report["tokens"], 2)
    batch = next(task.make_batches(train, shuffle=True).epoch())
    loss, weight, _ = task.compute_loss(task.build_model(), batch, None, training=True)
    assert float(weight) == len(batch["label"])
    assert np.isfinite(float(loss))


def test_the_metric_of_the_config_is_chosen_by_named_first_and_that_of_the_baseline(mini_data_dir):
    task, dataset = learn("sentiment/mini", ['evaluate.metric="matthews_correlation"'], mini_data_dir)
    assert task.headline_metric == "matthews_correlation"
    assert task.selection_score({"matthews_correlation": 0.5, "accuracy": 0.9, "loss": 0.25}) == (0.5, -0.25)
    train, validation = task.load_training_splits(dataset)
    assert list(task.evaluate_baseline(train, validation)) == ["bag_of_words_matthews_correlation"]


def test_texts_of_no_class_are_scored_by_a_threshold_that_others_chose(mini_data_dir):
    overrides = ['data.out_of_scope_split="test[:20%]"', "evaluate.in_scope_rejection=0.1"]
    task, dataset = learn("sentiment/mini", overrides, mini_data_dir)
    model = task.build_model()
    _, validation = task.load_training_splits(dataset)
    test = task.load_split(dataset, "test[20%:60%]")
    scores = task.evaluate_further(model, dataset, validation, test)
    module, _ = task.make_serving_module(model)
    threshold = scores["out_of_scope_threshold"]
    in_scope, others = (
        module.classify(tf.constant(split.read_inputs()))["score"].numpy()
        for split in (validation, task.load_split(dataset, "test[:20%]"))
    )
    assert np.mean(in_scope < threshold - 1e-6) == pytest.approx(0.1, abs=0.021)
    assert scores["out_of_scope_recall"] == pytest.approx(np.mean(others < threshold), abs=0.011)


def test_without_a_split_of_others_nothing_further_is_scored(rating):
    task, dataset = rating
    assert task.evaluate_further(task.build_model(), dataset, None, None) == {}


def test_a_split_of_others_must_be_there(rating):
    _, dataset = rating
    config = load_config("rating/mini", [*TINY, 'data.out_of_scope_split="tset"'])
    with pytest.raises(UserError, match=r"(?s)data\.out_of_scope_split.*tset"):
        check_data(config, dataset.description)
