"""Language models: what is read, what is learned, and what a score counts."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.config import UserError, load_config, parse_config
from rnnzoo.datasets import encode_text, open_dataset
from rnnzoo.evaluation import NgramLanguageModel
from rnnzoo.tasks.language_data import make_scoring_batches, make_split, take_end
from rnnzoo.tasks.language_samples import iterate_texts
from rnnzoo.tasks.registry import make_task
from rnnzoo.text import BOS_ID, EOS_ID
from rnnzoo.training.checkpoints import CheckpointFolder
from rnnzoo.training.loop import TrainingLoop
from tests.tasks.tiny_language_models import VARIANTS, TinyDataset, TinyLanguageModel, make_feature
from tests.variants import slow_but

SCORED = ["to be or not, ßß", "b", "", "whether it is the question that is nobler"]


def make_config(data=None, **sections):
    model = {"units": 16, "embedding_dim": 8, "dropout": 0.0, "stack": "plain", **sections.pop("model", {})}
    train = {"schedule": "constant", "warmup_steps": 0, "early_stopping_patience": 0, **sections.pop("train", {})}
    text = {"min_count": 1, **sections.pop("text", {})}
    values = {"name": "lm/tiny", "task": "language_modeling", "data": {"dataset": "tiny", **(data or {})}}
    return parse_config({**values, "text": text, "model": model, "train": train, **sections})


def train(config, dataset, folder):
    """Returns the task, its trained model, the loop and the splits."""
    task = make_task(config)
    task.learn_vocabularies(dataset)
    splits = task.load_training_splits(dataset)
    keras.utils.set_random_seed(config.seed)
    model = task.build_model()
    batches = task.make_batches(splits[0], shuffle=True)
    loop = TrainingLoop(task, model, config.train, batches, CheckpointFolder(folder, 1))
    loop.run(lambda model: task.evaluate(model, splits[1]).metrics)
    return task, model, loop, splits


def text_of(texts):
    return [{"text": text} for text in texts]


def make_tiny_split(tiny, texts):
    """Encodes texts, each with one of the conditions where the model has any."""
    pieces = [(text.encode(), True) for text in texts]
    is_stream = not tiny.config.data.documents
    text = encode_text(pieces, tiny.task.pipeline, is_stream=is_stream)
    conditions = None
    if tiny.condition_input == "label":
        conditions = np.arange(len(texts), dtype=np.int32) % 3
    elif tiny.condition_input:
        given = np.array([tiny.condition_values[row % 3] for row in range(len(texts))], np.float32)
        # Mean and deviation of the tiny models.
        scaled = (given - np.array([1.0, 2.0])) / np.array([0.5, 4.0])
        conditions = np.concatenate([scaled, np.ones((len(texts), 1))], axis=1).astype(np.float32)
    return make_split("test", text, conditions, lambda: [])


# Training


def test_hello_is_learned_letter_by_letter(mini_data_dir, tmp_path):
    dataset = open_dataset("rnnzoo_mini/hello", mini_data_dir)
    task, model, _, (_, validation) = train(load_config("lm/hello"), dataset, tmp_path)
    assert task.vocabulary_sizes() == {"characters": 8}
    metrics = task.evaluate(model, validation).metrics
    # Six predictions: each letter, the first too, and the end.
    assert metrics["num_characters"] == 6 and metrics["perplexity"] < 1.05
    module, signatures = task.make_serving_module(model)
    tokens = module.pipeline.vocabulary.tokens
    state = tf.zeros([1, *model.input["initial_state"].shape[1:]])
    followers = []
    for letter in ["", *"hello"]:
        answer = signatures["step"](tf.constant([letter]), state)
        state = answer["state"]
        followers.append(tokens[int(answer["probabilities"][0].numpy().argmax())])
    assert followers == ["h", "e", "l", "l", "o", "<eos>"]
    texts = signatures["serving_default"](tf.constant(["", "h", "hel", "hello"]))["text"].numpy().tolist()
    assert texts == [b"hello", b"ello", b"lo", b""]


def test_what_lies_before_the_window_is_remembered(tmp_path):
    # After an "a" comes "a" or "b", which only the character before it tells: a window of one never sees it. The
    # four rows are a character apart.
    dataset = TinyDataset({"train": text_of(["aabb" * 61]), "validation": text_of(["aabb" * 10])})
    config = make_config(
        {"validation_split": "validation"},
        train={"window_length": 1, "batch_size": 4, "epochs": 20, "learning_rate": 0.02},
    )
    task, model, loop, (_, validation) = train(config, dataset, tmp_path)
    # Without memory nobody gets below ln 2 = 0.69.
    assert loop.history[-1]["loss"] < 0.3
    assert task.evaluate(model, validation).metrics["nats_per_character"] < 0.3


@pytest.mark.parametrize("cell", slow_but(["simple_rnn"], ["simple_rnn", "lstm"]))
def test_an_epoch_of_windows_reads_a_stream_as_scoring_does(tmp_path, cell):
    dataset = TinyDataset({"train": text_of(["so it goes, and so on. " * 5]), "validation": text_of(["so"])})
    frozen = {"window_length": 7, "batch_size": 1, "epochs": 1, "learning_rate": 1e-12}
    config = make_config({"validation_split": "validation"}, model={"cell": cell, "num_layers": 2}, train=frozen)
    task, model, loop, (train_split, _) = train(config, dataset, tmp_path)
    whole = task.evaluate(model, train_split).metrics["nats_per_character"]
    assert loop.history[0]["loss"] == pytest.approx(whole, abs=1e-5)


@pytest.mark.parametrize("window_length", [4, 32])
def test_documents_are_learned_with_their_ends_whether_they_fit_into_a_window_or_not(tmp_path, window_length):
    dataset = TinyDataset({"train": text_of(["abcdef", "xyz"] * 4), "validation": text_of(["abcdef", "xyz"])})
    settings = {"window_length": window_length, "batch_size": 4, "epochs": 60, "learning_rate": 0.02}
    config = make_config({"documents": True, "validation_split": "validation"}, train=settings)
    task, model, _, (_, validation) = train(config, dataset, tmp_path)
    # One of two first letters; all else is certain.
    metrics = task.evaluate(model, validation).metrics
    assert metrics["nats_per_character"] * metrics["num_characters"] == pytest.approx(2 * np.log(2.0), abs=0.3)
    assert (metrics["num_documents"], metrics["num_characters"]) == (2, 11)
    _, signatures = task.make_serving_module(model)
    texts = signatures["serving_default"](tf.constant(["a", "x"]))["text"].numpy().tolist()
    assert texts == [b"bcdef", b"yz"]


@pytest.mark.parametrize(
    "kind",
    [pytest.param("class names", marks=pytest.mark.slow), pytest.param("strings", marks=pytest.mark.slow), "vectors"],
)
def test_a_condition_decides_what_is_written(tmp_path, kind):
    values = {"class names": [0, 1], "strings": ["first", "second"], "vectors": [[1.0, 0.0, 5.0], [0.0, 1.0, 5.0]]}[
        kind
    ]
    features = {
        "class names": make_feature(class_names=("first", "second")),
        "strings": make_feature(),
        "vectors": make_feature(vector_dim=3),
    }
    examples = [{"text": text, "about": value} for text, value in zip(["left", "right"], values, strict=True)] * 4
    dataset = TinyDataset({"train": examples, "validation": examples[:2]}, about=features[kind])
    data = {"documents": True, "condition_feature": "about", "validation_split": "validation"}
    config = make_config(
        data, train={"batch_size": 4, "epochs": 40, "learning_rate": 0.03}, decode={"temperature": 0.0}
    )
    task, model, _, (_, validation) = train(config, dataset, tmp_path / "checkpoints")
    assert task.evaluate(model, validation).metrics["nats_per_character"] < 0.1
    (tmp_path / "vocabularies").mkdir()
    task.save_vocabularies(tmp_path / "vocabularies")
    again = make_task(config)
    again.load_vocabularies(tmp_path / "vocabularies")
    for known in (task, again):
        _, signatures = known.make_serving_module(model)
        given = tf.constant(values if kind == "vectors" else ["first", "second"])
        assert signatures["serving_default"](given, tf.constant(["", ""]))["text"].numpy().tolist() == [
            b"left",
            b"right",
        ]
        assert known.example_inputs()[1][signatures["step"].input_signature[0].name] is not None


def test_a_class_that_train_does_not_have_is_one_clear_message(tmp_path):
    splits = {
        "train": [{"text": "a", "about": "x"}, {"text": "b", "about": "y"}],
        "validation": [{"text": "a", "about": "z"}],
    }
    dataset = TinyDataset(splits, about=make_feature())
    task = make_task(make_config({"documents": True, "condition_feature": "about", "validation_split": "validation"}))
    task.learn_vocabularies(dataset)
    with pytest.raises(UserError, match=r"(?s)class that train does not have.*'z'.*x, y"):
        task.load_training_splits(dataset)


# Data


def test_a_stream_is_held_back_at_its_end():
    texts = [f"{number}. A sentence of a long text." for number in range(50)]
    dataset = TinyDataset({"train": text_of(texts)})
    task = make_task(make_config({"validation_fraction": 0.2}))
    task.learn_vocabularies(dataset)
    train_split, validation = task.load_training_splits(dataset)
    parts = [task.pipeline.to_text(split.text.token_ids[None].astype(np.int32)) for split in (train_split, validation)]
    first, last = (part.numpy()[0].decode() for part in parts)
    assert first + last == "\n".join(texts)
    assert len(last) == pytest.approx(0.2 * len(first + last), abs=1)
    assert validation.name == "the end of train"


def test_documents_in_pieces_are_held_back_whole():
    documents = [f"{number}{'x' * number}|{number}|y" for number in range(60)]
    pieces = [piece for document in documents for piece in document.split("|")]
    examples = [{"text": piece, "starts_document": place % 3 == 0} for place, piece in enumerate(pieces)]
    dataset = TinyDataset({"train": examples}, starts_document=None)
    task = make_task(make_config({"documents": True, "validation_fraction": 0.3}))
    task.learn_vocabularies(dataset)
    splits = task.load_training_splits(dataset)
    found = [list(iterate_texts(split.text, task.pipeline)) for split in splits]
    assert sorted(found[0] + found[1]) == sorted(document.replace("|", "") for document in documents)
    assert 8 < len(found[1]) < 30


def test_too_little_to_hold_back_is_one_clear_message():
    task = make_task(make_config({"validation_fraction": 0.1}))
    dataset = TinyDataset({"train": text_of(["ab"])})
    task.learn_vocabularies(dataset)
    with pytest.raises(UserError, match="too small to hold back"):
        task.load_training_splits(dataset)
    with pytest.raises(UserError, match="has no text"):
        task.load_split(TinyDataset({"test": text_of([""])}), "test")


def test_the_end_of_a_text_is_taken_by_tokens_or_whole_documents():
    tiny = TinyLanguageModel("documents")
    documents = make_tiny_split(tiny, ["to be", "or", "not"]).text
    assert list(iterate_texts(take_end(documents, 6), tiny.task.pipeline)) == ["or", "not"]
    assert list(iterate_texts(take_end(documents, 1), tiny.task.pipeline)) == ["not"]
    assert take_end(documents, 10) is documents
    stream = make_tiny_split(TinyLanguageModel("stream"), ["to be", "or"]).text
    assert take_end(stream, 4).token_ids.tolist() == stream.token_ids[-4:].tolist()


# Scores


@pytest.mark.parametrize("variant", slow_but(["stream", "documents", "words", "classes"], VARIANTS))
def test_a_score_is_that_of_the_whole_text_in_windows_by_steps_and_served(variant):
    tiny = TinyLanguageModel(variant)
    texts = SCORED if tiny.config.data.documents else ["".join(SCORED)]
    split = make_tiny_split(tiny, texts)
    ends = [EOS_ID] if tiny.config.data.documents else []
    whole, by_steps, num_targets = [], [], 0
    for number, text in enumerate(texts):
        targets = np.concatenate([split.text.document(number), ends]).astype(np.int32)
        inputs = {"token_ids": np.concatenate([[BOS_ID], targets])[None, :-1].astype(np.int32)}
        inputs["initial_state"] = np.zeros((1, *tiny.model.input["initial_state"].shape[1:]), np.float32)
        if split.conditions is not None:
            inputs["condition"] = split.conditions[number : number + 1]
        if len(targets):
            losses = keras.losses.sparse_categorical_crossentropy(
                targets, tiny.model(inputs, training=False)["logits"][0], from_logits=True
            )
            whole.append(float(np.sum(losses)))
        num_targets += len(targets)
        tokens = [bytes([number - 4]) for number in targets.tolist() if number >= 4]
        if tiny.config.text.unit != "bytes":
            names = tiny.task.pipeline.vocabulary.tokens
            tokens = ["\ue000" if number == 1 else names[number] for number in targets.tolist() if number != EOS_ID]
        state, nats = inputs["initial_state"], 0.0
        for token, target in zip(["", *tokens], targets.tolist(), strict=False):
            answer = tiny.ask("step", 1, number, token=[token], state=state)
            nats -= np.log(answer["probabilities"][0, target])
            state = answer["state"]
        by_steps.append(nats)
        assert text or nats > 0.0
    metrics = tiny.task.evaluate(tiny.model, split).metrics
    unit = {"bytes": "byte", "words": "word"}.get(tiny.config.text.unit, "character")
    assert num_targets == split.text.num_targets
    assert metrics[f"nats_per_{unit}"] * num_targets == pytest.approx(sum(whole), rel=1e-5)
    assert metrics["perplexity"] == pytest.approx(np.exp(sum(whole) / num_targets), rel=1e-5)
    np.testing.assert_allclose(by_steps, whole, rtol=1e-4)
    served = tiny.ask("score", len(texts), text=texts)
    np.testing.assert_allclose(-served["log_probability"], whole, rtol=1e-4)
    assert served["num_characters"].tolist() == [len(text) + len(ends) for text in texts]
    bits = np.array(whole) / np.log(2.0) / served["num_characters"]
    np.testing.assert_allclose(served["bits_per_character"], bits, rtol=1e-4)


@pytest.mark.parametrize("variant", slow_but(["stream", "vectors"], ["stream", "words", "classes", "vectors"]))
def test_an_export_scores_a_split_as_the_run_does(variant):
    # Longer texts than an export reads at once are several to it.
    tiny = TinyLanguageModel(variant, text={"max_length": 100})
    split = make_tiny_split(tiny, SCORED)
    in_memory = tiny.task.evaluate(tiny.model, split).metrics
    served = tiny.task.evaluate_predictor(tiny.predict, split).metrics
    assert served == pytest.approx(in_memory, rel=1e-4)
    shorter = TinyLanguageModel(variant, text={"max_length": 7})
    assert np.isfinite(shorter.task.evaluate_predictor(shorter.predict, split).metrics["perplexity"])


@pytest.mark.parametrize("separator", ["", "\n"])
def test_a_pooled_split_is_its_parts_as_one_stream(separator):
    splits = {
        "train": text_of(["to be or not to be"]),
        "validation": text_of(["to be", "or"]),
        "test": text_of(["not"]),
    }
    dataset = TinyDataset(splits)
    task = make_task(make_config({"separator": separator, "test_split": "validation+test"}))
    task.learn_vocabularies(dataset)
    model = task.build_model()
    train_split = task.load_split(dataset, "train")
    pooled = task.load_split(dataset, "validation+test")
    joined = separator.join(["to be", "or", "not"])
    one = task.load_split(TinyDataset({"test": text_of([joined])}), "test")
    assert pooled.text.token_ids.tolist() == one.text.token_ids.tolist()
    assert task.evaluate(model, pooled).metrics == task.evaluate(model, one).metrics
    baseline = task.evaluate_baseline(train_split, pooled)
    assert baseline.keys() == {"5_gram_nats_per_character"}
    figures = task.evaluate_further(model, dataset, train_split, pooled)
    for name in ("validation", "test"):
        part = task.evaluate(model, task.load_split(dataset, name)).metrics["nats_per_character"]
        assert figures[f"{name}_nats_per_character"] == part
        assert figures[f"{name}_5_gram_nats_per_character"] > 0.0


def test_the_baseline_predicts_as_many_tokens_as_the_model():
    tiny = TinyLanguageModel("documents")
    known, split = make_tiny_split(tiny, ["to be", "to do"]), make_tiny_split(tiny, ["to be", ""])
    figure = tiny.task.evaluate_baseline(known, split)["5_gram_nats_per_character"]
    ngrams = NgramLanguageModel(known.text.with_boundaries(), tiny.task.pipeline.num_ids)
    log_probabilities = ngrams.log_probabilities(split.text.with_boundaries())
    # Five characters, and the end of both documents.
    assert figure == pytest.approx(-log_probabilities.sum() / 7)


def test_the_baseline_on_tiny_shakespeare(test_data):
    config = load_config("lm/shakespeare")
    dataset = open_dataset("tiny_shakespeare", test_data / "tfds", offline=True)
    task = make_task(config)
    task.learn_vocabularies(dataset)
    train_split, validation = task.load_training_splits(dataset)
    pooled = task.load_split(dataset, config.data.test_split)
    assert train_split.text.num_tokens + validation.text.num_tokens == 1_003_854
    assert pooled.text.num_targets == 111_540
    name = "5_gram_nats_per_character"
    assert task.evaluate_baseline(train_split, pooled)[name] == pytest.approx(1.669, abs=1e-3)


def test_windows_of_a_large_vocabulary_are_shorter():
    split = make_tiny_split(TinyLanguageModel("documents"), ["to be " * 500])
    widths = [next(iter(make_scoring_batches(split, num_ids).shapes))[1] for num_ids in (100, 50_000)]
    assert widths == [1024, 10]


def test_what_was_least_expected_is_told_with_what_came_before():
    tiny = TinyLanguageModel("documents", evaluate={"num_mistakes": 3})
    details = tiny.task.evaluate(tiny.model, make_tiny_split(tiny, SCORED), details=True).details["least_expected"]
    probabilities = [surprise["probability"] for surprise in details]
    assert 0 < len(details) <= 3 and probabilities == sorted(probabilities)
    assert all(set(surprise) == {"after", "came", "probability"} for surprise in details)


def test_samples_are_compared_with_train_as_a_model_would_write_it(tmp_path):
    dataset = TinyDataset(
        {"train": text_of(["It isn't so.", "It  isn't so."]), "validation": text_of(["It isn't so."])}
    )
    data = {"documents": True, "validation_split": "validation"}
    train_settings = {"batch_size": 2, "epochs": 80, "learning_rate": 0.02}
    config = make_config(data, text={"unit": "words"}, train=train_settings, evaluate={"num_samples": 20})
    task, model, _, (train_split, validation) = train(config, dataset, tmp_path)
    assert list(iterate_texts(train_split.text, task.pipeline)) == ["It is n't so ."] * 2
    figures = task.evaluate_further(model, dataset, validation, validation)
    assert figures["samples_new"] < 0.7 and figures["samples_distinct"] < 1.0
