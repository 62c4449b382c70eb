"""`rnnzoo init`: from a file never seen before to a config, and from that to a checked export."""

import json
import random
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from rnnzoo.cli.main import cli
from rnnzoo.config import load_config

WORDS = {"joy": ["glad", "merry", "cheerful"], "grief": ["sad", "gloomy", "tearful"]}
THINGS = ["song", "letter", "garden", "morning", "crowd"]


def make_rows(number, seed=0):
    chance = random.Random(seed)
    rows = []
    for place in range(number):
        label = chance.choice(list(WORDS))
        rows.append((f"A {chance.choice(WORDS[label])} {chance.choice(THINGS)}, he said {place}", label))
    return rows


def write_tsv(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join("\t".join(row) + "\n" for row in rows))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def invoke(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)


def init(*arguments):
    result = invoke("init", *arguments)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.slow
def test_two_commands_from_a_strange_file_to_a_checked_export(here, tmp_path_factory):
    data, prepared = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("tfds")
    write_tsv(data / "my.tsv", make_rows(120))
    assert "next:     rnnzoo train my.toml" in init(data / "my.tsv")
    fast = ["--set", "train.epochs=1", "--set", "model.units=4", "--set", "train.num_buckets=1"]
    trained = invoke("train", "my.toml", *fast, "--data-dir", prepared)
    assert trained.exit_code == 0, trained.output
    answer = json.loads(invoke("predict", "my", "--json", "A glad song").stdout)
    assert set(answer["probabilities"]) == {"joy", "grief"}
    # A file outside the current folder is named by its whole path, of which an export tells the name alone.
    assert load_config("my.toml").data.files.path == str(data / "my.tsv")
    assert load_config("saved_models/my/1/assets.extra/config.toml").data.files.path == "my.tsv"
    scored = invoke("evaluate", "saved_models/my", "--data-dir", data, "--json")
    recorded = json.loads(Path("saved_models/my/1/assets.extra/score.json").read_text())["test"]
    assert json.loads(scored.stdout)["accuracy"] == recorded["accuracy"]


def test_a_config_for_words(here):
    write_tsv(here / "moods.tsv", make_rows(1500))
    output = init("moods.tsv")
    config = load_config("moods.toml")
    assert (config.name, config.task) == ("moods", "text_classification")
    assert config.data.files.path == "moods.tsv"
    assert (config.data.files.format, config.data.files.columns) == ("tsv", ["text", "label"])
    assert (config.text.tokenizer, config.text.lowercase) == ("words", True)
    assert config.text.max_length == 8  # 7 words, a comma among them
    assert set(config.export.examples) < {text for text, _ in make_rows(1500)}
    content = Path("moods.toml").read_text()
    assert content.count("\n#") > 3, "comments that say why"
    assert set(tomllib.loads(content)) == {"name", "task", "data", "text", "model", "train", "export"}
    assert "tsv (2 fields parted by tabs)" in output and "most texts have 7 words" in output


def test_names_are_read_by_characters_and_case_is_kept(here):
    rows = [(f"{chr(65 + n % 26)}{chr(97 + n // 26)}o{'va' if n % 2 else 'son'}", "ab"[n % 2]) for n in range(600)]
    write_tsv(here / "2 names.txt", rows)
    init("2 names.txt")
    config = load_config("names.toml")
    assert (config.text.tokenizer, config.text.lowercase, config.text.max_length) == ("characters", False, 8)


def test_published_files_of_names_need_no_options(here, test_data):
    raw = test_data / "raw"
    assert "18: Russian 9,384" in init(raw / "names_by_nationality" / "names.tsv")
    output = init(raw / "names_by_gender", "--name", "names/gender", "--output", "gender.toml")
    assert "2: F " in output and "texts occur with more than one label" in output
    config = load_config("gender.toml")
    assert config.name == "names/gender"
    assert config.data.files.columns == ["text", "label", "column3"]
    assert config.text.tokenizer == "characters"


def test_given_splits_are_kept_and_files_without_labels_left_out(here):
    for name, seed in (("train", 0), ("dev", 1)):
        write_tsv(here / "mood" / f"{name}.tsv", [("sentence", "mood"), *make_rows(60, seed)])
    write_tsv(
        here / "mood" / "test.tsv", [("index", "sentence"), *((str(n), t) for n, (t, _) in enumerate(make_rows(9)))]
    )
    output = init("mood")
    assert "test.tsv is left out" in output
    data = load_config("mood.toml").data
    assert (data.files.train, data.files.validation, data.files.test) == ("mood/train.tsv", "mood/dev.tsv", "")
    assert (data.text_feature, data.label_feature) == ("sentence", "mood")
    # The one split with labels beside train is the reported one; nothing is chosen by it.
    assert (data.test_split, data.validation_split) == ("validation", "")


def test_other_layouts_give_configs_that_fit_their_data(here):
    rows = make_rows(80)
    for place, (text, label) in enumerate(rows):
        folder = here / "folders" / label
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{place}.txt").write_text(text)
    (here / "objects.jsonl").write_text(
        "".join(json.dumps({"id": n, "said": {"text": t}, "mood": y}) + "\n" for n, (t, y) in enumerate(rows))
    )
    (here / "pair").mkdir()
    (here / "pair" / "texts.txt").write_text("".join(f"{text}\n" for text, _ in rows))
    (here / "pair" / "labels.txt").write_text("".join(f"{label}\n" for _, label in rows))
    lines = "".join(f'"{text}\nand went."\t{label}\r\n'.replace("\t", ",") for text, label in rows)
    (here / "quoted.csv").write_bytes(("\ufeffnote,mood\r\n" + lines).encode())
    for name in ("folders", "objects.jsonl", "pair", "quoted.csv"):
        output = init(name)
        assert "2: " in output
        described = invoke("describe", f"{Path(name).stem}.toml", "--data", "--json", "--data-dir", here / "tfds")
        splits = json.loads(described.stdout)["splits"]
        assert sum(split["figures"]["examples"] for split in splits.values()) == 80, name
        assert set(splits["train"]["labels"]) == set(WORDS)


def test_what_was_odd_is_said(here):
    rows = make_rows(200)
    write_tsv(here / "odd.tsv", [*rows, rows[0], (rows[1][0], "grief"), (rows[1][0], "joy"), ("ragged",), ("", "joy")])
    output = init("odd.tsv")
    for words in (
        "3 examples repeat the text of another",
        "1 texts occur with more than one label",
        "1 × ragged row",
        "1 × empty `text`",
        "odd.tsv, line 204: ragged row",
    ):
        assert words in output, words


def test_rare_classes_and_a_large_one_are_said(here):
    write_tsv(here / "skewed.tsv", [(f"text {n} of it", "rare" if n < 4 else "usual") for n in range(300)])
    output = init("skewed.tsv")
    assert "fewer than 10 examples: rare" in output
    assert "whoever always says usual is right in 98.7%" in output


def test_options_override_guesses(here):
    rows = [(text, f"{place} of them", label) for place, (text, label) in enumerate(make_rows(90))]
    write_tsv(here / "three.txt", rows)
    options = ["--text-column", "column2", "--label-column", "column3", "--format", "csv"]
    init("three.txt", *options, "--name", "own/three", "--output", "a/b.toml")
    config = load_config("a/b.toml")
    assert config.name == "own/three"
    assert (config.data.files.format, config.data.files.delimiter) == ("csv", "\t")
    assert config.data.files.columns == ["column1", "text", "label"]
    assert invoke("init", "three.txt", "--format", "jsonl", "--output", "c.toml").exit_code == 2


def assert_mistake(result, *words):
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ") and "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr
    assert list(Path().glob("*.toml*")) == []


def test_mistakes_are_told_and_nothing_is_written(here):
    write_tsv(here / "my.tsv", make_rows(60))
    (here / "empty.csv").write_bytes(b"")
    (here / "numbers.csv").write_text("1,2\n3,4\n" * 9)
    write_tsv(here / "one.tsv", [(text, "same") for text, _ in make_rows(60)])
    write_tsv(here / "few.tsv", make_rows(15))
    assert_mistake(invoke("init", "nothing.tsv"), "nothing.tsv: no such file")
    assert_mistake(invoke("init", "empty.csv"), "empty.csv: the file is empty")
    assert_mistake(invoke("init", "numbers.csv"), "no column holds texts", "--text-column")
    assert_mistake(invoke("init", "one.tsv"), "one value only, 'same'")
    assert_mistake(invoke("init", "few.tsv"), "few.tsv: 15 rows are too few")
    assert_mistake(invoke("init", "my.tsv", "--label-column", "column3"), "--label-column", "nearest:  column2")
    assert_mistake(invoke("init", "my.tsv", "--format", "tvs"), "--format", "nearest:  tsv")
    assert_mistake(invoke("init", "my.tsv", "--name", "../my"), "name", "'../my'")


def test_a_config_is_not_written_over_but_with_force(here):
    write_tsv(here / "my.tsv", make_rows(60))
    Path("my.toml").write_text("mine")
    result = invoke("init", "my.tsv")
    assert (result.exit_code, Path("my.toml").read_text()) == (2, "mine")
    assert "--force" in result.stderr
    init("my.tsv", "--force")
    assert load_config("my.toml").name == "my"


def test_neither_help_nor_work_imports_tensorflow(here):
    write_tsv(here / "my.tsv", make_rows(60))
    program = """
import json, sys
from click.testing import CliRunner
from rnnzoo.cli.main import cli
codes = [CliRunner().invoke(cli, arguments).exit_code for arguments in (["init", "--help"], ["init", "my.tsv"])]
print(json.dumps([codes, sorted({"tensorflow", "keras"} & set(sys.modules))]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert json.loads(done.stdout) == [[0, 0], []]
