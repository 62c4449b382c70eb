"""Translators: what a loss is a sum of, what is scored, and that one is learned."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.config import UserError, parse_config
from rnnzoo.datasets.description import DatasetDescription, Feature
from rnnzoo.tasks.data_checks import check_data
from rnnzoo.tasks.registry import make_task
from rnnzoo.training.checkpoints import CheckpointFolder
from rnnzoo.training.loop import TrainingLoop
from tests.tasks.tiny_language_models import TinyDataset
from tests.tasks.tiny_translators import PAIRS, TinyTranslator
from tests.variants import slow_but

NAMES = {"a": "one", "b": "two", "c": "three", "d": "four"}


def to_examples(pairs):
    return [{"source": source, "target": target} for source, target in pairs]


def load_split(tiny, pairs=PAIRS):
    return tiny.task.load_split(TinyDataset({"test": to_examples(pairs)}), "test")


def sum_losses(tiny, split, **settings):
    """Returns the sum of the losses over the batches of a split, and of the tokens."""
    tiny.task.config = tiny.config.model_copy(
        update={"train": tiny.config.train.model_copy(update={"label_smoothing": 0.0, **settings})}
    )
    sums = np.zeros(2)
    for batch in tiny.task.make_batches(split, shuffle=True).epoch():
        tensors = {name: tf.constant(array) for name, array in batch.items()}
        sums += [float(total) for total in tiny.task.compute_loss(tiny.model, tensors, None, training=True)[:2]]
    tiny.task.config = tiny.config
    return sums


def sum_by_hand(tiny, split, label_smoothing=0.0):
    """The same, one pair after the other, with Keras' own loss."""
    num_ids = tiny.model.output.shape[-1]
    compute = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=label_smoothing, reduction="sum")
    sums = np.zeros(2)
    for row in range(split.num_examples):
        source, target = (
            split.columns[name].pad(np.array([row]), int(split.columns[name].lengths[row]))
            for name in ("source_ids", "target_ids")
        )
        logits = tiny.model({"source_ids": source, "target_ids": target[:, :-1]}, training=False)[0]
        sums += [float(compute(np.eye(num_ids)[target[0, 1:]], logits)), target.shape[1] - 1]
    return sums


# Loss


@pytest.mark.parametrize("variant", slow_but(["subwords"], ["subwords", "characters"]))
def test_the_loss_is_a_sum_over_real_tokens_however_they_are_batched(variant):
    tiny = TinyTranslator(variant)
    split = load_split(tiny)
    by_hand = sum_by_hand(tiny, split)
    # Each pair is what its text says, and the end.
    assert by_hand[1] == split.report["target_tokens"] - len(PAIRS)
    for batch_size, num_buckets in ((1, 5), (2, 1), (4, 3), (16, 1)):
        sums = sum_losses(tiny, split, batch_size=batch_size, num_buckets=num_buckets)
        np.testing.assert_allclose(sums, by_hand, rtol=1e-5)
    metrics = tiny.task.evaluate(tiny.model, split).metrics
    assert metrics["loss"] == pytest.approx(by_hand[0] / by_hand[1], rel=1e-5)
    assert metrics["perplexity"] == pytest.approx(np.exp(by_hand[0] / by_hand[1]), rel=1e-5)


def test_smoothing_is_for_training_alone():
    tiny = TinyTranslator("words", train={"batch_size": 2, "label_smoothing": 0.3})
    split = load_split(tiny)
    sums = sum_losses(tiny, split, label_smoothing=0.3)
    np.testing.assert_allclose(sums, sum_by_hand(tiny, split, 0.3), rtol=1e-5)
    exact = sum_by_hand(tiny, split)
    assert abs(sums[0] - exact[0]) > 0.1
    assert tiny.task.evaluate(tiny.model, split).metrics["loss"] == pytest.approx(exact[0] / exact[1], rel=1e-5)


# Scores


@pytest.mark.parametrize("variant", slow_but(["subwords"], ["subwords", "context_vector"]))
def test_an_export_scores_a_split_as_the_run_does(variant):
    # Longer than is read, blanks that Python takes off and no one else, and the reference of one is never reached.
    odd = [*PAIRS, ("ein Kind \u3000", "a child\u00a0"), ("Hund " * 40, "dog " * 40), ("Nein!", "dog"), ("ein", "")]
    tiny = TinyTranslator(variant)
    split = load_split(tiny, odd)
    assert split.num_examples == len(odd) - 1
    of_run = tiny.task.evaluate(tiny.model, split, details=True)
    of_export = tiny.task.evaluate_predictor(tiny.predict, split)
    assert of_run.metrics.keys() - of_export.metrics.keys() == {"loss", "perplexity"}
    assert {name: of_run.metrics[name] for name in of_export.metrics} == of_export.metrics
    assert of_run.details == of_export.details
    assert of_run.metrics["num_examples"] == len(odd) - 1


def test_after_an_epoch_the_first_examples_are_decoded_greedily_and_all_count_for_the_loss():
    tiny = TinyTranslator("words", evaluate={"num_decoded": 2})
    split = load_split(tiny)
    asked = []
    translate = tiny.task._translate
    tiny.task._translate = lambda model, split, width: (
        asked.append((split.num_examples, width)) or translate(model, split, width)
    )
    quick = tiny.task.evaluate(tiny.model, split).metrics
    whole = tiny.task.evaluate(tiny.model, split, details=True).metrics
    assert asked == [(2, 1), (5, 3)]
    assert quick["loss"] == whole["loss"] and (quick["num_examples"], whole["num_examples"]) == (2, 5)
    figures = tiny.task.evaluate_further(tiny.model, None, split, split)
    assert figures.keys() == {"greedy_bleu", "greedy_exact_match"} and asked[-1] == (5, 1)


def test_weights_that_change_change_the_next_score():
    tiny = TinyTranslator("characters")
    split = load_split(tiny)
    before = tiny.task.evaluate(tiny.model, split).metrics
    tiny.shift_end(-1e4)
    after = tiny.task.evaluate(tiny.model, split).metrics
    assert after["loss"] > before["loss"] + 100.0
    assert after["perplexity"] < np.inf


@pytest.mark.parametrize(
    ("metric", "baseline", "better"),
    [
        ("bleu", ["retrieval_bleu", "retrieval_exact_match"], {"bleu": 2.0, "loss": 5.0}),
        ("exact_match", ["retrieval_exact_match"], {"exact_match": 2.0, "loss": 5.0}),
        ("perplexity", ["retrieval_bleu", "retrieval_exact_match"], {"perplexity": 0.5, "loss": 5.0}),
        (
            "character_error_rate",
            ["alignment_character_error_rate", "alignment_exact_match"],
            {"character_error_rate": 0.5, "loss": 5.0},
        ),
    ],
)
def test_the_metric_of_the_config_chooses_the_epoch_and_the_baseline(metric, baseline, better):
    tiny = TinyTranslator("context_vector", evaluate={"metric": metric})
    task, split = tiny.task, load_split(tiny)
    assert task.headline_metric == metric
    worse, equal = {metric: 1.0, "loss": 1.0}, {metric: 1.0, "loss": 2.0}
    assert task.selection_score(better) > task.selection_score(worse) > task.selection_score(equal)
    known = load_split(tiny, PAIRS[:4])
    figures = task.evaluate_baseline(known, split)
    assert list(figures) == baseline
    # What decodes one beginning at a time is greedy already.
    assert task.evaluate_further(tiny.model, None, split, split) == {}


def test_what_is_in_train_is_found_by_the_baseline():
    tiny = TinyTranslator("words")
    known = load_split(tiny)
    figures = tiny.task.evaluate_baseline(known, load_split(tiny, PAIRS[:2]))
    assert figures["retrieval_bleu"] == pytest.approx(100.0) and figures["retrieval_exact_match"] == 1.0


# Vocabularies and data


@pytest.mark.parametrize("joint", [False, True])
@pytest.mark.parametrize("unit", slow_but(["words"], ["words", "subwords", "characters"]))
def test_vocabularies_are_saved_and_loaded(tmp_path, unit, joint):
    config = TinyTranslator("words").config.model_dump() | {
        "text": {"unit": unit, "min_count": 1, "vocabulary_size": 40, "joint_vocabulary": joint}
    }
    task, again = (make_task(parse_config(config)) for _ in range(2))
    dataset = TinyDataset({"train": to_examples(PAIRS * 8)})
    task.learn_vocabularies(dataset)
    task.save_vocabularies(tmp_path)
    again.load_vocabularies(tmp_path)
    sizes = task.vocabulary_sizes()
    assert sizes == again.vocabulary_sizes()
    assert sizes.keys() == ({unit} if joint else {f"source {unit}", f"target {unit}"})
    first, second = (each.load_split(dataset, "train").columns for each in (task, again))
    for name, column in first.items():
        assert column.values.tolist() == second[name].values.tolist()
        assert column.values.max() < max(sizes.values())


def test_validation_is_held_back_by_the_source():
    pairs = [(f"Satz {number % 30}", f"sentence {number}") for number in range(90)]
    config = TinyTranslator("words", data={"validation_fraction": 0.2}).config
    task = make_task(config)
    dataset = TinyDataset({"train": to_examples(pairs)})
    task.learn_vocabularies(dataset)
    train, validation = task.load_training_splits(dataset)
    assert train.num_examples + validation.num_examples == 90 and validation.num_examples >= 3
    assert not set(train.read_inputs()) & set(validation.read_inputs())
    assert "held back" in validation.name


def test_features_that_are_no_texts_are_told():
    config = TinyTranslator("words", data={"source_feature": "de", "target_feature": "label"}).config
    features = {"de": Feature("text"), "en": Feature("text"), "label": Feature("class_label", "int64", ("a", "b"))}
    splits = {"train": 3, "test": 2}
    with pytest.raises(UserError, match=r"(?s)data\.target_feature.*is not a text.*de, en"):
        check_data(config, DatasetDescription("tiny", features, splits))
    with pytest.raises(UserError, match=r"data\.source_feature: `tiny` has no such feature"):
        check_data(config, DatasetDescription("tiny", {"label": features["label"]}, splits))


# Training


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A translator that reverses letters and spells them out: which there are counts, and where."""
    letters = list(NAMES)
    texts = [*letters, *(f"{one} {two}" for one in letters for two in letters)]
    texts += [f"{one} {two} {three}" for one in letters for two in letters for three in letters]
    pairs = [(text, " ".join(NAMES[letter] for letter in reversed(text.split()))) for text in texts]
    sections = {
        "model": {"cell": "gru", "attention": "general", "units": 32, "embedding_dim": 16},
        "train": {
            "batch_size": 28,
            "epochs": 45,
            "learning_rate": 0.015,
            "warmup_steps": 10,
            "num_buckets": 1,
            "early_stopping_patience": 0,
        },
    }
    tiny = TinyTranslator("words", data={"validation_split": "validation"}, **sections)
    task, train = make_task(tiny.config), tiny.config.train
    dataset = TinyDataset({"train": to_examples(pairs), "validation": to_examples(pairs[::4])})
    task.learn_vocabularies(dataset)
    splits = task.load_training_splits(dataset)
    keras.utils.set_random_seed(1)
    model = task.build_model()
    folder = CheckpointFolder(tmp_path_factory.mktemp("checkpoints"), 1)
    loop = TrainingLoop(task, model, train, task.make_batches(splits[0], shuffle=True), folder)
    # Scored by the loss: decoding after each epoch would take longer than training.
    loop.run(lambda model: {"bleu": 0.0, "loss": task._compute_loss_of(model, splits[1])})
    tiny.task, tiny.model = task, model
    tiny._load()
    return tiny, splits[1]


def test_a_reversal_is_learned(trained):
    tiny, split = trained
    metrics = tiny.task.evaluate(tiny.model, split).metrics
    assert metrics["exact_match"] == 1.0 and metrics["character_error_rate"] == 0.0 and metrics["perplexity"] < 1.2
    assert tiny.task.evaluate(tiny.model, split, details=True).metrics["exact_match"] == 1.0
    answers = tiny.predict(["a b c", " c b a ", "D d"])
    assert [answer["output"] for answer in answers] == ["three two one", "one two three", "four four"]


def test_a_score_is_the_log_probability_of_the_pair_over_its_length_penalty(trained):
    tiny, _ = trained
    texts = ["a b c", "c b a", "d d", "a"]
    best = tiny.call("serving_default", text=texts)
    pairs = tiny.call("score_pair", text=texts, output=best["output"])
    np.testing.assert_allclose(best["score"], pairs["log_probability"] * 6 / (5 + pairs["num_tokens"]), atol=1e-4)
    wrong = tiny.call("score_pair", text=texts, output=best["output"][::-1])
    assert (wrong["log_probability"] < pairs["log_probability"] - 1.0).all()


def test_several_outputs_are_different_texts_the_right_one_first(trained):
    tiny, _ = trained
    answer = tiny.call("n_best", text=["a b c"])
    assert answer["outputs"][0, 0] == "three two one" and len(set(answer["outputs"][0])) == 3
    assert answer["scores"][0, 0] > answer["scores"][0, 1] + 0.1
