"""What the README shows works."""

import re
import tomllib
from pathlib import Path

import pytest

from rnnzoo.config import load_config, parse_config
from rnnzoo.config.locations import find_saved_model

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("program", blocks("python"))
def test_python_examples_run(program):
    exec(compile(program, "README.md", "exec"), {})


@pytest.mark.parametrize("config", blocks("toml"))
def test_configs_are_valid(config):
    assert parse_config(tomllib.loads(config)).name


def test_the_table_gives_the_scores_of_the_committed_exports():
    from rnnzoo.zoo.catalogue import list_rows, read_score

    rows = dict(re.findall(r"^\| `(\w+/\w+)` \| (.*) \|$", README, re.MULTILINE))
    assert set(rows) == {row.name for row in list_rows() if row.export}
    for name, cells in rows.items():
        result = read_score(find_saved_model(name))
        metric = result["headline_metric"]
        assert f"`{load_config(name).data.title}`" in cells
        assert f"{metric} {result['test'][metric]:.4f}" in cells
        assert f"{result['parameters']:,}" in cells
