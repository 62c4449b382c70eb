"""From a TOML file and overrides to a config, and back."""

import subprocess
import sys
import time

import pytest

from rnnzoo.config import UserError, dump_config, load_config
from rnnzoo.config.locations import row_names

TEXT = """
name = "sentiment/toy"
task = "text_classification"
[data]
dataset = "toy"
"""


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "run.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


@pytest.mark.parametrize("row", row_names())
def test_committed_configs_load_under_their_own_name_and_survive_a_round_trip(row, write):
    config = load_config(row)
    assert config.name == row
    assert load_config(write(dump_config(config))) == config


def test_the_dump_writes_out_every_key_exactly(write):
    odd = ['export.examples=["\\"\\u2028\\n\\u0000é", ""]', "train.learning_rate=3e-7", "data.labels=['a', 'b']"]
    config = load_config(write(TEXT), odd)
    dumped = dump_config(config)
    assert "early_stopping_patience" in dumped
    assert load_config(write(dumped)) == config
    assert config.export.examples[0] == '"\u2028\n\0é'


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("model.units=16", "units", 16),
        (" model . units = 16 ", "units", 16),
        ("model.cell=lstm", "cell", "lstm"),
        ('model.cell="lstm"', "cell", "lstm"),
        ("model.bidirectional=false", "bidirectional", False),
        ("model.dropout=0", "dropout", 0.0),
    ],
)
def test_overrides_are_toml_or_bare_words(write, override, key, value):
    assert getattr(load_config(write(TEXT), [override]).model, key) == value


def test_overrides_of_words_keep_slashes_equal_signs_and_hashes(write):
    config = load_config(write(TEXT), ["data.dataset=glue/sst2:2.0.0", "export.data_note=a=b # c", "seed=3", "seed=4"])
    assert config.data.dataset == "glue/sst2:2.0.0"
    assert config.export.data_note == "a=b # c"
    assert config.seed == 4


@pytest.mark.parametrize("override", ["model.units", "=3", "model.=3", ".units=3", "name.first=3", ""])
def test_malformed_overrides_are_refused(write, override):
    with pytest.raises(UserError, match="--set") as caught:
        load_config(write(TEXT), [override])
    assert repr(override) in str(caught.value)


@pytest.mark.parametrize("override", ["model.unit=3", "model.units=nan", "model.units=" + "9" * 5000, "modl.units=3"])
def test_bad_values_of_overrides_are_refused(write, override):
    with pytest.raises(UserError):
        load_config(write(TEXT), [override])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("name = ", "not valid TOML"),
        ("x = 1\nx = 2", "not valid TOML"),
        ("x = " + "9" * 5000, "not valid TOML"),
        ("x = " + "[" * 5000, "not valid TOML"),
        ("\0", "not valid TOML"),
        (TEXT.encode("utf-16"), "not UTF-8 text"),
        (b'name = "caf\xe9"', "not UTF-8 text: .* at byte 11"),
        ("", "task: missing key"),
    ],
)
def test_broken_files_are_told_by_name(write, content, problem):
    path = write(content)
    with pytest.raises(UserError, match=problem) as caught:
        load_config(path)
    assert str(caught.value).startswith(path)


def test_missing_files_and_folders_are_told(tmp_path):
    with pytest.raises(UserError, match="no such row") as caught:
        load_config("sentiment/minni")
    assert "nearest:  sentiment/mini" in str(caught.value)
    with pytest.raises(UserError, match="no such row"):
        load_config(str(tmp_path / "absent.toml"))
    with pytest.raises(UserError, match=r"a folder without a config\.toml"):
        load_config(str(tmp_path))
    with pytest.raises(UserError, match="cannot be read"):
        load_config("x" * 5000)


def test_a_run_folder_stands_for_its_config(tmp_path, write):
    (tmp_path / "config.toml").write_text(TEXT)
    assert load_config(str(tmp_path)) == load_config(write(TEXT))


CHECK_WITHOUT_TENSORFLOW = """
import sys
from pathlib import Path
from rnnzoo.cli.checked_config import load_checked_config
from rnnzoo.config import UserError
data_dir = Path(sys.argv[1])
for override in sys.argv[2:]:
    try:
        load_checked_config("sentiment/sst2", [override], data_dir, offline=True)
    except UserError as error:
        print(str(error).splitlines()[0])
    else:
        print("accepted", override)
assert "tensorflow" not in sys.modules and "keras" not in sys.modules
"""


def test_mistakes_about_the_data_are_told_without_tensorflow(test_data):
    cases = {
        "data.dataset=glue/sst3": "data.dataset: `glue` has no such config",
        "data.dataset=glu/sst2": "data.dataset: no such data set",
        "data.dataset=glue/mrpc": "data.dataset: the data set is not prepared",
        "data.train_split=trian[:90%]": "data.train_split: `glue/sst2` has no such split",
        "data.train_split=train[:190%]": "data.train_split: no slice",
        "data.train_split=train+": "data.train_split: not a split",
        "data.text_feature=text": "data.text_feature: `glue/sst2` has no such feature",
        "data.text_feature=idx": "data.text_feature: the feature `idx` of `glue/sst2` is not a text",
        "data.label_feature=idx": "data.label_feature: the feature `idx`",
        'data.labels=["negative", "neutral"]': "data.labels: `glue/sst2` has no such class",
        "data.train_split=train[:90%]": "accepted",
        "data.train_split=train[:50%]+train[60%:]": "accepted",
    }
    start = time.perf_counter()
    output = subprocess.run(
        [sys.executable, "-c", CHECK_WITHOUT_TENSORFLOW, str(test_data / "tfds"), *cases],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    ).stdout
    seconds = time.perf_counter() - start
    for line, expected in zip(output.splitlines(), cases.values(), strict=True):
        assert expected in line
        assert "sst2.toml" in line or expected == "accepted"
    # The demand is below one second for one of them; the machine may be busy.
    assert seconds < 5
