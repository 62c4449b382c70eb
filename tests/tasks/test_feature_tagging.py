"""Tags of float sequences, on the clips of the miniature data set."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.builders import check_masks
from rnnzoo.config import UserError, load_config
from rnnzoo.datasets import open_dataset
from rnnzoo.tasks.data_checks import check_data
from rnnzoo.tasks.registry import make_task

TINY = [
    "model.units=6",
    "model.num_layers=1",
    "features.max_length=30",
    'data.train_split="train[:300]"',
    'data.validation_split="validation[:50]"',
]


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """A task that learned, its data set, and a model."""
    dataset = open_dataset("rnnzoo_mini/clips", tmp_path_factory.mktemp("tfds"))
    task = make_task(load_config("frames/mini", TINY))
    check_data(task.config, dataset.description)
    task.learn_vocabularies(dataset)
    keras.utils.set_random_seed(1)
    return task, dataset, task.build_model()


@pytest.fixture(scope="module")
def tag(clips):
    task, _, model = clips
    module, signatures = task.make_serving_module(model)

    def answer(features, length):
        assert module.model is model
        answers = signatures["serving_default"](tf.constant(features, tf.float32), tf.constant(length, tf.int32))
        return {name: value.numpy() for name, value in answers.items()}

    return answer


def test_every_frame_has_a_tag_and_counts(clips):
    task, dataset, model = clips
    check_masks(model)
    assert task.tag_names == ("still", "rising", "falling")
    split = task.load_split(dataset, "test[:40]")
    lengths = np.array([len(frames) for frames in split.read_inputs()])
    assert split.report["steps"] == lengths.sum() and split.report["steps_cut"] == np.maximum(lengths - 30, 0).sum()
    assert sum(task.count_labels(split).values()) == lengths.sum()
    evaluation = task.evaluate(model, split, details=True)
    assert evaluation.details["num_tokens"] == lengths.sum()
    assert evaluation.details["num_tokens_without_tag"] == split.report["steps_cut"] > 0


def test_evaluation_in_memory_equals_the_served_answers(clips, tag):
    task, dataset, model = clips
    split = task.load_split(dataset, "validation[:20]")

    def predict(rows, signature):
        assert signature == "serving_default"
        answers = [tag(row["features"][None], [len(row["features"])]) for row in rows]
        return [{"tags": [name.decode() for name in answer["tags"][0, : answer["length"][0]]]} for answer in answers]

    in_memory, served = task.evaluate(model, split, details=True), task.evaluate_predictor(predict, split)
    assert in_memory.metrics.pop("loss") > 0.0
    assert in_memory.metrics == served.metrics


def test_served_answers_do_not_depend_on_the_batch_or_on_what_lies_past_the_length(clips, tag):
    _, dataset, _ = clips
    frames = [example["frames"].numpy() for example in dataset.read("test[:5]", ["frames"])] + [np.zeros((0, 8))]
    length = [len(steps) for steps in frames]
    for garbage in (0.0, 5.0, np.nan, np.inf):
        padded = np.full((len(frames), 70, 8), garbage, np.float32)
        for row, steps in zip(padded, frames, strict=True):
            row[: len(steps)] = steps
        together = tag(padded, length)
        assert together["tags"].shape == together["scores"].shape == (6, 70)
        assert together["length"].tolist() == np.minimum(length, 30).tolist()
        for place, steps in enumerate(frames):
            alone, num_tagged = tag(steps[None], [len(steps)]), together["length"][place]
            assert alone["tags"][0, :num_tagged].tolist() == together["tags"][place, :num_tagged].tolist()
            np.testing.assert_allclose(
                alone["scores"][0, :num_tagged], together["scores"][place, :num_tagged], atol=1e-5
            )
            assert set(together["tags"][place, num_tagged:]) <= {b""}
            assert set(together["tags"][place, :num_tagged]) <= {b"still", b"rising", b"falling"}


def test_odd_requests_have_finite_answers(clips, tag):
    for request in clips[0].reference_requests()["serving_default"]:
        answer = tag(request["features"], request["length"])
        assert np.isfinite(answer["scores"]).all()
        assert answer["tags"].shape == np.shape(request["features"])[:2]
    assert tag(np.zeros((0, 3, 8)), [])["tags"].shape == (0, 3)


def test_the_baseline_scores_the_same_frames(clips):
    task, dataset, _ = clips
    train, validation = task.load_training_splits(dataset)
    scores = task.evaluate_baseline(train, validation)
    # Of 35 frames or so the last are cut, which are wrong.
    assert 0.3 < scores["single_step_token_accuracy"] < 0.6


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("data.features_feature=frame", "nearest:  frames"),
        ("data.tags_feature=event", "allowed:  frame_labels"),
        ("data.tags_feature=frames", "two different features"),
    ],
)
def test_data_that_does_not_fit_is_a_mistake(clips, override, told):
    with pytest.raises(UserError) as caught:
        check_data(load_config("frames/mini", [override]), clips[1].description)
    assert told in str(caught.value)
