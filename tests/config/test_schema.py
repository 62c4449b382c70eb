"""What the schema accepts and refuses."""

import copy
import math

import pytest

from rnnzoo.config import RUN_CONFIGS, UserError, parse_config

MINIMAL = {"name": "sentiment/toy", "task": "text_classification", "data": {"dataset": "toy"}}


def parse_with(key, value):
    values = copy.deepcopy(MINIMAL)
    *sections, name = key.split(".")
    node = values
    for section in sections:
        node = node.setdefault(section, {})
    node[name] = value
    return parse_config(values, "run.toml")


def test_defaults_fill_every_key():
    config = parse_config(MINIMAL)
    assert config.seed == 1 and config.model.cell == "simple_rnn" and config.data.labels == []


def test_integers_are_numbers():
    assert parse_with("train.learning_rate", 1).train.learning_rate == 1.0


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("model.units", "12", "an integer"),
        ("model.units", 12.0, "an integer"),
        ("model.units", True, "an integer"),
        ("model.units", [12], "an integer"),
        ("model.units", math.nan, "an integer"),
        ("train.learning_rate", "fast", "a number"),
        ("train.learning_rate", False, "a number"),
        ("train.learning_rate", math.nan, "a finite number"),
        ("train.learning_rate", math.inf, "a finite number"),
        ("train.learning_rate", -math.inf, "a finite number"),
        ("text.lowercase", 1, "true or false"),
        ("text.lowercase", "yes", "true or false"),
        ("data.dataset", 3, "a string"),
        ("data.dataset", ["glue"], "a string"),
        ("data.labels", "negative", "a list"),
        ("model", 3, "a section [model]"),
        ("model", [{"units": 3}], "a section [model]"),
    ],
)
def test_wrong_types_are_refused(key, value, allowed):
    with pytest.raises(UserError) as caught:
        parse_with(key, value)
    assert str(caught.value).startswith(f"run.toml: {key}: wrong type\n")
    assert f"  got:      {value!r}\n  allowed:  {allowed}" in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model.units", 0),
        ("model.units", -1),
        ("model.dropout", 1.0),
        ("model.dropout", -0.1),
        ("train.learning_rate", 0.0),
        ("train.warmup_steps", -1),
        ("text.vocabulary_size", 4),
        ("data.validation_fraction", 1.0),
        ("data.files.encoding", "rot13"),
        ("data.files.test_fraction", 0.0),
        ("data.files.columns", ["a", "a"]),
        ("data.files.delimiter", "||"),
        ("data.files.delimiter", '"'),
        ("data.files.delimiter", "\n"),
        ("data.train_split", ""),
        ("data.labels", ["one"]),
        ("data.labels", ["a", "a"]),
        ("data.labels", ["a", ""]),
        ("seed", -1),
        ("seed", 2**31),
        ("seed", 10**400),
        ("name", "../escape"),
        ("name", "/etc/passwd"),
        ("name", "a b"),
        ("name", "sentiment/1"),
        ("name", "sentiment/"),
    ],
)
def test_impossible_values_are_refused(key, value):
    with pytest.raises(UserError) as caught:
        parse_with(key, value)
    message = str(caught.value)
    assert message.startswith(f"run.toml: {key}: impossible value\n")
    assert f"  got:      {value!r}\n  allowed:  " in message


def test_an_item_of_a_list_is_pointed_at():
    with pytest.raises(UserError, match=r"data\.labels\.1: wrong type"):
        parse_with("data.labels", ["a", 3])


@pytest.mark.parametrize("value", ["LSTM", "lstn", ["lstm"]])
def test_choices_suggest_the_nearest(value):
    with pytest.raises(UserError) as caught:
        parse_with("model.cell", value)
    assert "allowed:  simple_rnn, gru, lstm" in str(caught.value)
    assert "nearest:  lstm" in str(caught.value)


@pytest.mark.parametrize(
    ("key", "nearest"),
    [("model.unit", "units"), ("Model", "model"), ("sead", "seed"), ("data.textfeature", "text_feature")],
)
def test_unknown_keys_are_refused_with_the_nearest(key, nearest):
    with pytest.raises(UserError) as caught:
        parse_with(key, 1)
    assert str(caught.value).startswith(f"run.toml: {key}: unknown key")
    assert f"nearest:  {nearest}" in str(caught.value)


def test_a_mistyped_key_is_told_rather_than_that_the_right_one_is_missing():
    with pytest.raises(UserError, match=r"dta: unknown key \(the first of 2 mistakes\)"):
        parse_config({"name": "a", "task": "text_classification", "dta": {"dataset": "glue/sst2"}})


def test_missing_keys_are_told_with_their_meaning():
    with pytest.raises(UserError, match=r"name: missing key\n  hint:     row name"):
        parse_config({"task": "text_classification", "data": {"dataset": "toy"}})
    with pytest.raises(UserError, match=r"task: missing key\n  allowed:  text_classification"):
        parse_config({"name": "a"})


@pytest.mark.parametrize("task", ["text_clasification", 3, ["text_classification"], None])
def test_unknown_tasks_are_refused(task):
    with pytest.raises(UserError, match="task: unknown task"):
        parse_with("task", task)


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("model", {"cell": "gru", "recurrent_initializer": "identity"}),
        ("train", {"optimizer": "adam", "momentum": 0.9}),
        ("data", {"dataset": "toy", "test_split": "train"}),
        ("data", {"dataset": "toy", "validation_split": "test"}),
        ("data", {"dataset": "toy", "text_feature": "x", "label_feature": "x"}),
        ("data", {}),
        ("data", {"dataset": ""}),
        ("data", {"dataset": "toy", "files": {"path": "a.tsv"}}),
    ],
)
def test_values_that_contradict_each_other_are_refused(section, values):
    with pytest.raises(UserError) as caught:
        parse_config({**MINIMAL, section: values}, "run.toml")
    assert str(caught.value).startswith(f"run.toml: {section}: impossible value\n  allowed:  ")


@pytest.mark.parametrize(
    "files",
    [
        {"test": "b.tsv"},
        {"max_errors": 3},
        {"train": "a.tsv"},
        {"path": "a.tsv", "train": "b.tsv"},
        {"path": "a.tsv", "test": "b.tsv"},
        {"path": "a.txt", "format": "lines"},
        {"path": "a.tsv", "format": "tsv", "labels": "b.txt"},
        {"path": "a.txt", "train_labels": "b.txt"},
        {"train": "a.txt", "test": "b.txt", "train_labels": "c.txt"},
        {"train": "a.txt", "test": "b.txt", "labels": "c.txt"},
        {"path": "a.jsonl", "format": "jsonl", "columns": ["a"]},
        {"path": "a", "format": "folders", "delimiter": ";"},
    ],
)
def test_keys_about_files_that_contradict_each_other_are_refused(files):
    with pytest.raises(UserError, match=r"^run.toml: data\.files: impossible value\n  allowed:  "):
        parse_config({**MINIMAL, "data": {"files": files}}, "run.toml")


@pytest.mark.parametrize(
    ("data", "validation_split"),
    [
        ({}, "validation"),
        ({"test_split": "validation"}, ""),
        ({"validation_split": "validation[:10]"}, "validation[:10]"),
    ],
)
def test_a_file_for_validation_is_used(data, validation_split):
    files = {"train": "a.tsv", "validation": "b.tsv", "test": "c.tsv"}
    config = parse_config({**MINIMAL, "data": {"files": files, **data}})
    assert config.data.validation_split == validation_split


TRANSLATOR = {"name": "translate/toy", "task": "translation", "data": {"dataset": "toy"}}


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        ({"model": {"share_embeddings": True}}, r"share_embeddings needs text\.joint_vocabulary"),
        ({"model": {"input_feeding": True, "attention": "none"}}, "input_feeding needs an attention"),
        ({"model": {"units": 7}}, r"model\.units"),
        ({"model": {"num_layers": 2}}, r"model\.num_layers: unknown key"),
        ({"text": {"unit": "bytes"}}, r"(?s)text\.unit.*subwords, words, characters"),
        ({"decode": {"beam_width": 0}}, r"decode\.beam_width: impossible value"),
        ({"decode": {"length_penalty": -1.0}}, r"decode\.length_penalty: impossible value"),
        ({"evaluate": {"metric": "blue"}}, r"(?s)evaluate\.metric.*nearest:  bleu"),
        ({"data": {"dataset": "toy", "target_feature": "source"}}, "source_feature and target_feature"),
    ],
)
def test_a_translator_that_cannot_be_is_refused(sections, problem):
    parse_config({**TRANSLATOR, "text": {"joint_vocabulary": True}, "model": {"share_embeddings": True}})
    with pytest.raises(UserError, match=problem):
        parse_config({**TRANSLATOR, **sections})


def test_every_task_names_itself():
    for task, schema in RUN_CONFIGS.items():
        with pytest.raises(UserError, match=r"data: missing key|name: missing key"):
            parse_config({"task": task})
        assert schema.model_fields["task"].annotation.__args__ == (task,)
