"""Classes of float sequences, on the clips of the miniature data set."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.builders import check_masks
from rnnzoo.config import UserError, load_config
from rnnzoo.datasets import open_dataset
from rnnzoo.tasks.data_checks import check_data
from rnnzoo.tasks.registry import make_task

TINY = ["model.units=6", 'data.train_split="train[:300]"', 'data.validation_split="validation[:50]"']


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    open_dataset("rnnzoo_mini/clips", folder)
    return folder


@pytest.fixture(scope="module")
def clips(data_dir):
    """A task that learned, its data set, and a model whose weights are not zero."""
    dataset = open_dataset("rnnzoo_mini/clips", data_dir)
    task = make_task(load_config("clip/mini", TINY))
    check_data(task.config, dataset.description)
    task.learn_vocabularies(dataset)
    keras.utils.set_random_seed(1)
    return task, dataset, task.build_model()


@pytest.fixture(scope="module")
def classify(clips):
    task, _, model = clips
    _, signatures = task.make_serving_module(model)

    def answer(features, length):
        answers = signatures["serving_default"](tf.constant(features, tf.float32), tf.constant(length, tf.int32))
        return {name: value.numpy() for name, value in answers.items()}

    return answer


def read_frames(dataset, split):
    return [example["frames"].numpy() for example in dataset.read(split, ["frames"])]


def test_the_model_sees_normalised_frames_and_masks_padding(clips):
    task, _, model = clips
    check_masks(model)
    train, _ = task.load_training_splits(clips[1])
    frames = train.columns["features"].values
    assert frames.shape[1] == 9
    np.testing.assert_allclose(frames[:, :8].mean(axis=0), 0.0, atol=1e-4)
    np.testing.assert_allclose(frames[:, :8].std(axis=0), 1.0, atol=1e-4)
    assert (frames[:, 8] == 1.0).all()


def test_the_report_counts_steps_and_what_was_cut(data_dir):
    dataset = open_dataset("rnnzoo_mini/clips", data_dir)
    task = make_task(load_config("clip/mini", [*TINY, "features.max_length=20"]))
    task.learn_vocabularies(dataset)
    lengths = np.array([len(frames) for frames in read_frames(dataset, "test")])
    report = task.load_split(dataset, "test").report
    assert report == {
        "examples": 500,
        "steps": np.minimum(lengths, 20).sum(),
        "longest": 20,
        "sequences_cut": (lengths > 20).sum(),
        "steps_cut": np.maximum(lengths - 20, 0).sum(),
    }


def test_held_back_examples_are_chosen_by_their_numbers(data_dir):
    dataset = open_dataset("rnnzoo_mini/clips", data_dir)
    shares = []
    for split in ("train[:300]", "train[:300]+train[:300]"):
        overrides = ['data.validation_split=""', f'data.train_split="{split}"']
        task = make_task(load_config("clip/mini", overrides))
        task.learn_vocabularies(dataset)
        train, validation = task.load_training_splits(dataset)
        names = [{task.name_input(given) for given in part.read_inputs()} for part in (train, validation)]
        assert not names[0] & names[1]
        shares.append(validation.num_examples)
    assert 10 < shares[0] < 60 and shares[1] == 2 * shares[0]


def test_vocabularies_round_trip(clips, tmp_path):
    task, dataset, model = clips
    task.save_vocabularies(tmp_path)
    again = make_task(task.config)
    again.load_vocabularies(tmp_path)
    assert again.class_names == task.class_names
    split, reloaded = (each.load_split(dataset, "test[:20]") for each in (task, again))
    np.testing.assert_array_equal(split.columns["features"].values, reloaded.columns["features"].values)
    assert again.evaluate(model, reloaded).metrics == task.evaluate(model, split).metrics


def test_evaluation_in_memory_equals_the_served_answers(clips, classify):
    task, dataset, model = clips
    split = task.load_split(dataset, "validation[:64]")

    def predict(rows):
        answers = [classify(row["features"][None], [len(row["features"])]) for row in rows]
        return [{"probabilities": dict(zip(task.class_names, a["probabilities"][0], strict=True))} for a in answers]

    in_memory, served = task.evaluate(model, split, details=True), task.evaluate_predictor(predict, split)
    assert in_memory.metrics == pytest.approx(served.metrics, abs=1e-6)
    assert in_memory.details["confusion_matrix"] == served.details["confusion_matrix"]
    assert " steps, " in in_memory.details["worst_mistakes"][0]["text"]


def test_served_answers_do_not_depend_on_the_batch_or_on_what_lies_past_the_length(clips, classify):
    _, dataset, _ = clips
    frames = [*read_frames(dataset, "test[:5]"), np.zeros((0, 8), np.float32)]
    length = [len(steps) for steps in frames]
    for garbage in (0.0, 5.0, np.nan, np.inf):
        padded = np.full((len(frames), 70, 8), garbage, np.float32)
        for row, steps in zip(padded, frames, strict=True):
            row[: len(steps)] = steps
        together = classify(padded, length)
        np.testing.assert_allclose(together["probabilities"].sum(axis=1), 1.0, atol=1e-5)
        for place, steps in enumerate(frames):
            alone = classify(steps[None], [len(steps)])
            np.testing.assert_allclose(alone["probabilities"][0], together["probabilities"][place], atol=1e-5)
            assert alone["label"][0] == together["label"][place]


def test_a_real_step_of_zeros_or_of_the_mean_is_no_padding(clips, classify):
    task, dataset, _ = clips
    frames = read_frames(dataset, "test[:1]")[0]
    for step in (np.zeros(8, np.float32), task._pipeline.mean):
        longer = np.concatenate([frames, np.tile(step, (9, 1))])[None]
        with_steps, without = (classify(longer, [length])["probabilities"] for length in (longer.shape[1], len(frames)))
        assert np.abs(with_steps - without).max() > 1e-3


def test_odd_requests_have_finite_answers(clips, classify):
    task, _, _ = clips
    for request in task.reference_requests()["serving_default"]:
        answer = classify(request["features"], request["length"])
        assert np.isfinite(answer["probabilities"]).all()
        assert answer["probabilities"].shape == (len(request["length"]), 7)
    assert classify(np.zeros((0, 3, 8)), [])["probabilities"].shape == (0, 7)
    assert np.isfinite(classify(np.full((1, 5, 8), np.nan), [5])["probabilities"]).all()


def test_filler_rows_have_no_loss(clips):
    task, _, model = clips
    features = np.random.default_rng(0).normal(size=(3, 4, 9)).astype(np.float32)
    features[2] = 0.0
    batch = {
        "features": tf.constant(features),
        "label": tf.constant([1, 2, 0]),
        "example_index": tf.constant([0, 1, -1]),
    }
    loss, weight, _ = task.compute_loss(model, batch, None, training=False)
    less = {name: tensor[:2] for name, tensor in batch.items()}
    assert float(weight) == 2.0
    assert float(loss) == pytest.approx(float(task.compute_loss(model, less, None, training=False)[0]), rel=1e-6)


def test_the_baseline_scores_the_same_examples(clips):
    task, dataset, _ = clips
    train, validation = task.load_training_splits(dataset)
    assert 0.05 < task.evaluate_baseline(train, validation)["step_statistics_accuracy"] < 0.6


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("data.features_feature=frame", "nearest:  frames"),
        ("data.features_feature=frame_labels", "allowed:  frames"),
        ("data.label_feature=frame_labels", "allowed:  event"),
        ('data.labels=["rises", "flies"]', "data.labels"),
    ],
)
def test_data_that_does_not_fit_is_a_mistake(clips, override, told):
    config = load_config("clip/mini", [override])
    with pytest.raises(UserError) as caught:
        check_data(config, clips[1].description)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["model.embedding_dim=3"], "unknown key"),
        (['data.holdout="sentences"'], "equal sequences"),
        (['data.features_feature="event"'], "two different features"),
        (['data.dataset=""', 'data.files.path="a.tsv"'], "files hold texts"),
    ],
)
def test_keys_that_are_for_texts_are_refused(overrides, told):
    with pytest.raises(UserError, match=told):
        load_config("clip/mini", overrides)
