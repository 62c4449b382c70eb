"""Every key is documented, and the committed reference is the generated one."""

from itertools import pairwise
from pathlib import Path

import pytest

from rnnzoo.config import RUN_CONFIGS, load_config
from rnnzoo.config.documentation import document_keys, write_reference

REFERENCE = Path(__file__).parents[2] / "docs" / "config.md"


@pytest.mark.parametrize("task", RUN_CONFIGS)
def test_every_key_has_a_description_and_a_type(task):
    for key in document_keys(RUN_CONFIGS[task]):
        assert len(key.description) > 5, key.name
        assert key.allowed and not key.allowed.startswith("typing"), key.name


def test_keys_show_the_values_of_a_config():
    config = load_config("sentiment/mini", ["model.units=17", "seed=5"])
    values = {key.name: key.value for key in document_keys(type(config), config)}
    assert values["model.units"] == "17" and values["seed"] == "5"
    assert values["data.dataset"] == '"rnnzoo_mini/sentences"'


def test_the_defaults_are_shown():
    keys = {key.name: key for key in document_keys(RUN_CONFIGS["text_classification"])}
    assert keys["model.cell"].allowed == "simple_rnn | gru | lstm"
    assert keys["model.dropout"].allowed == "number >= 0.0, < 1.0"
    assert keys["data.labels"].allowed == "list of strings"
    assert keys["name"].value == ""


@pytest.mark.skipif(not REFERENCE.is_file(), reason="docs/ is not beside the package")
def test_the_committed_reference_is_up_to_date():
    assert REFERENCE.read_text(encoding="utf-8") == write_reference(), (
        "run `python -m rnnzoo.config.documentation > docs/config.md`"
    )


def test_the_reference_is_well_formed_markdown():
    lines = write_reference().splitlines()
    for before, line in pairwise(lines):
        if line.startswith("|"):
            assert line.replace("\\|", "").count("|") == 5, line
            assert before.startswith("|") or before == ""
        if line.startswith("#"):
            assert before == ""


def test_a_section_in_a_section_comes_after_the_plain_keys():
    names = [key.name for key in document_keys(RUN_CONFIGS["text_classification"])]
    assert names.index("data.label_feature") < names.index("data.files.path") < names.index("text.tokenizer")
