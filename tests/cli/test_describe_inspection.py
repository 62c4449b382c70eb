"""`rnnzoo describe --activations` and `--gradient-flow` on a trained run, and without one."""

import json

import pytest
from click.testing import CliRunner

from rnnzoo.cli.main import cli


def describe(*arguments):
    return CliRunner().invoke(cli, ["describe", *map(str, arguments)])


def test_a_text_is_drawn_as_the_model_reads_it(trained, tmp_path):
    page = tmp_path / "out.html"
    arguments = ["--activations", "A <wonderful> film", "--output", page, "--units", "3", "--feature", "capital"]
    result = describe("sentiment/mini", *arguments, "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["files"] == [str(page)]
    assert "film" in figures["tokens"]
    assert len(figures["units"]) == 3
    assert all(len(unit["values"]) == len(figures["tokens"]) for unit in figures["units"])
    assert "<wonderful>" not in page.read_text()
    assert sorted(tmp_path.iterdir()) == [page]


def test_a_folder_gets_both_kinds(trained, tmp_path):
    folder = tmp_path / "new" / "folder"
    arguments = ("--activations", "a film", "--units", "1:0,1:2", "--gradient-flow", "--output", folder)
    result = describe("sentiment/mini", *arguments)
    assert result.exit_code == 0, result.output
    names = [f"{name}.{kind}" for name in ("activations", "gradient_flow") for kind in ("html", "png")]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert "layer 1, unit 2" in (folder / "activations.html").read_text()
    assert "sentiment/mini, trained" in (folder / "gradient_flow.html").read_text()


def test_without_a_run_the_gradient_of_untrained_layers_is_drawn(tmp_path):
    arguments = ["--set", "model.units=6", "--gradient-flow", "--runs", tmp_path / "none", "--output", tmp_path]
    result = describe("sentiment/mini", *arguments)
    assert result.exit_code == 0, result.output
    assert "no finished run" in result.output
    assert (tmp_path / "gradient_flow.png").stat().st_size > 10_000
    assert "trained:" not in (tmp_path / "gradient_flow.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--activations", "a film", "--runs", "none"], "no finished run"),
        (["--activations", ""], "nothing in the text"),
        (["--activations", "a film", "--units", "9:9"], "no such unit"),
        (["--activations", "a film", "--feature", "capitals"], "nearest:  capital"),
        (["--activations", "a film", "--gradient-flow", "--output", "x.png"], "one file cannot hold both"),
        (["--activations", "a film", "--data"], "--data"),
    ],
)
def test_mistakes_are_told(trained, arguments, message):
    result = describe("sentiment/mini", *arguments)
    assert result.exit_code == 2
    assert message in result.output
