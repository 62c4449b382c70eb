"""The commands around one tiny run, from training to prediction."""

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from rnnzoo.cli.main import cli
from rnnzoo.config import load_config


def invoke(*arguments, input=None):
    return CliRunner().invoke(cli, arguments, input=input, catch_exceptions=False)


def invoke_json(*arguments):
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def run_folders():
    return sorted(Path("runs/sentiment/mini").iterdir())


def test_training_says_what_it_did_and_what_to_type_next(trained):
    assert trained.exit_code == 0
    for words in (
        "examples 300",
        "epoch 2/2",
        "accuracy",
        "bag of words accuracy",
        "answers of the export",
        'rnnzoo predict sentiment/mini "your text"',
        "rnnzoo serve sentiment/mini",
        "saved_models/sentiment/mini/1",
    ):
        assert words in trained.output


def test_the_run_folder_holds_everything(trained):
    first, second = run_folders()
    for name in (
        *("config.toml", "environment.json", "history.json", "metrics.json", "evaluation.json", "model.keras"),
        *("log.txt", "curves.png", "confusion_matrix.png"),
        *("vocabularies/vocabulary.jsonl", "vocabularies/labels.jsonl"),
        "checkpoints/epoch-0002.npz",
    ):
        assert (first / name).stat().st_size > 0, name
    assert list((first / "tensorboard").iterdir())
    assert len(list((first / "checkpoints").glob("best-*.npz"))) in (1, 2)
    assert load_config(str(first)).seed == 1
    assert load_config(str(second)).seed == 2
    metrics = json.loads((first / "metrics.json").read_text())
    assert [seed["seed"] for seed in metrics["seeds"]] == [1, 2]
    assert metrics["seeds"][0]["accuracy"] == metrics["test"]["accuracy"]
    assert metrics["test"]["num_examples"] == 90


def test_run_and_export_score_alike(trained, mini_data_dir):
    data = ("--data-dir", str(mini_data_dir), "--json")
    export = "saved_models/sentiment/mini"
    of_run = invoke_json("evaluate", str(run_folders()[0]), *data)
    of_export = invoke_json("evaluate", export, *data)
    recorded = json.loads((run_folders()[0] / "metrics.json").read_text())["test"]
    for metric in ("accuracy", "macro_f1", "matthews_correlation"):
        assert of_run[metric] == of_export[metric] == recorded[metric]
    assert of_run["loss"] == pytest.approx(of_export["loss"], abs=1e-6)


def test_evaluating_a_slice_writes_a_report(trained, mini_data_dir, tmp_path):
    arguments = ["--split", "test[:20]", "--data-dir", str(mini_data_dir), "--output", str(tmp_path), "--json"]
    scores = invoke_json("evaluate", "sentiment/mini", *arguments)
    assert (scores["split"], scores["num_examples"]) == ("test[:20]", 20)
    assert json.loads((tmp_path / "evaluation.json").read_text())["accuracy"] == scores["accuracy"]
    assert (tmp_path / "confusion_matrix.png").stat().st_size > 0


def test_predictions_for_people_and_as_json(trained):
    shown = invoke("predict", "sentiment/mini", "The soup was good.", "")
    assert shown.exit_code == 0
    assert "label" in shown.output and "The soup was good." in shown.output
    result = invoke("predict", "sentiment/mini", "--json", "The soup was good.", "")
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["text"] for answer in answers] == ["The soup was good.", ""]
    for answer in answers:
        assert set(answer["probabilities"]) == {"negative", "positive"}
        assert sum(answer["probabilities"].values()) == pytest.approx(1.0, abs=1e-5)
        assert answer["score"] == pytest.approx(max(answer["probabilities"].values()))


def test_predictions_from_stdin_and_files(trained, tmp_path):
    texts = ["The soup was good.", "", "Nobody thought that the play was bad."]
    from_stdin = invoke("predict", "sentiment/mini", input="\n".join(texts) + "\n")
    source, target = tmp_path / "texts.txt", tmp_path / "answers.jsonl"
    source.write_text("\n".join(texts) + "\n")
    from_file = invoke("predict", "sentiment/mini", "--input", str(source), "--output", str(target))
    assert from_file.exit_code == 0
    answers = [json.loads(line) for line in target.read_text().splitlines()]
    assert [answer["text"] for answer in answers] == texts
    assert [json.loads(line) for line in from_stdin.stdout.splitlines()] == answers


def test_the_export_passes_its_checks_again(trained):
    report = invoke_json("export", "--check", "saved_models/sentiment/mini", "--json")
    assert report["failures"] == []


@pytest.mark.slow
def test_exporting_again_makes_the_next_version(trained):
    result = invoke("export", str(run_folders()[0]))
    assert result.exit_code == 0, result.output
    assert Path("saved_models/sentiment/mini/2/saved_model.pb").is_file()
    card = Path("saved_models/sentiment/mini/2/assets.extra/card.md").read_text()
    assert "mean of 2 seeds" in card
    assert "`text` string (batch)" in card


@pytest.mark.slow
def test_a_damaged_export_fails_its_check(trained, tmp_path):
    import shutil

    copy = tmp_path / "1"
    shutil.copytree("saved_models/sentiment/mini/1", copy)
    reference = copy / "assets.extra" / "reference.json"
    content = reference.read_text()
    assert '"negative"' in content
    reference.write_text(content.replace('"negative"', '"positive"'))
    result = invoke("export", "--check", str(copy))
    assert result.exit_code == 2
    assert "session" in result.stderr


def test_the_list_shows_the_row_and_its_score(trained):
    rows = {row["name"]: row for row in invoke_json("list", "--json")}
    assert rows["sentiment/mini"]["export"].startswith("saved_models")
    assert 0.0 <= rows["sentiment/mini"]["score"] <= 1.0
    assert "sentiment/mini" in invoke("list").output


def test_describe_shows_card_and_keys(trained):
    output = invoke("describe", "sentiment/mini").output
    assert "mean of 2 seeds" in output
    as_toml = tomllib.loads(output[output.index("# row name") :])
    assert as_toml["model"]["recurrent_initializer"] == "orthogonal"
    described = invoke_json("describe", "sentiment/mini", "--json")
    assert described["config"]["model"]["cell"] == "simple_rnn"


def test_resuming_a_finished_run_changes_nothing(trained, mini_data_dir):
    folder = run_folders()[0]
    before = json.loads((folder / "metrics.json").read_text())
    result = invoke("train", str(folder), "--resume", "--no-export", "--data-dir", str(mini_data_dir))
    assert result.exit_code == 0, result.output
    after = json.loads((folder / "metrics.json").read_text())
    assert after["test"] == before["test"]
    assert after["epochs"] == before["epochs"]


def test_build_shows_where_the_mask_goes_and_saves(trained, mini_data_dir, tmp_path):
    import keras

    path = tmp_path / "model.keras"
    result = invoke(
        "build", "sentiment/mini", "--set", "model.units=4", "--data-dir", str(mini_data_dir), "--output", str(path)
    )
    assert result.exit_code == 0, result.output
    for words in ("recurrent_stack", "makes", "passes", "uses"):
        assert words in result.output
    assert keras.saving.load_model(path).name == "text_classifier"


def test_build_fails_if_a_layer_drops_the_mask(mini_data_dir, monkeypatch):
    import keras

    from rnnzoo.tasks import text_classification

    def careless(num_classes, vocabulary_size, **_):
        ids = keras.Input((None,), dtype="int32")
        x = keras.layers.Embedding(vocabulary_size, 4, mask_zero=True)(ids)
        x = keras.layers.Conv1D(4, 3, padding="same", name="careless")(x)
        return keras.Model(ids, keras.layers.Dense(num_classes)(keras.layers.SimpleRNN(4)(x)))

    monkeypatch.setattr(text_classification, "build_text_classifier", careless)
    result = invoke("build", "sentiment/mini", "--data-dir", str(mini_data_dir))
    assert result.exit_code != 0
    assert "careless" in result.output
