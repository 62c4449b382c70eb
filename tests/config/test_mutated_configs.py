"""Whatever is wrong with a config is told in one message that names the key; the rest builds and learns."""

import tomllib

import keras
import pytest
import tomli_w
from click.testing import CliRunner

from rnnzoo.builders import check_masks
from rnnzoo.cli.checked_config import load_checked_config
from rnnzoo.cli.main import cli
from rnnzoo.config import UserError, load_config
from rnnzoo.config.locations import row_names, zoo_configs_folder
from rnnzoo.datasets import open_data
from rnnzoo.tasks.registry import make_task
from rnnzoo.training.checkpoints import CheckpointFolder
from rnnzoo.training.loop import TrainingLoop
from tests.config.mutated_configs import mutate

NUM_MUTANTS, NUM_STEPS = 50, 2
MANY_MUTANTS, MANY_STEPS = 1000, 1000
# What is not changed is small, so that it is built in a moment.
SMALL = {
    "data": {"train_split": "train[:60]", "validation_split": "validation[:20]", "test_split": "test[:20]"},
    "model": {"units": 6},
}


class ReachedError(Exception):
    pass


class StopAtOnce(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        raise ReachedError


def write_mutant(file, row, seed):
    """Writes a mutant of a row's config; returns the keys that were changed."""
    values = tomllib.loads((zoo_configs_folder() / f"{row}.toml").read_text())
    if is_mini(row):
        for section, small in SMALL.items():
            values.setdefault(section, {}).update(small)
    mutant, changed = mutate(values, seed)
    file.write_text(tomli_w.dumps(mutant), encoding="utf-8")
    return changed


def is_mini(row):
    return row.partition("/")[2].startswith("mini")


def check_message(error, changed):
    """A mistake of the file itself is told by the key that was changed, or the section that it is in."""
    message = str(error)
    named = (key.rpartition(".")[2] in message or (error.key and key.startswith(f"{error.key}.")) for key in changed)
    assert any(named), (changed, message)


def take_a_step(config, data_dir, folder):
    keras.backend.clear_session()
    dataset = open_data(config.data, data_dir)
    task = make_task(config)
    task.learn_vocabularies(dataset)
    train, _ = task.load_training_splits(dataset)
    model = task.build_model()
    check_masks(model)
    batches = task.make_batches(train, shuffle=True)
    loop = TrainingLoop(task, model, config.train, batches, CheckpointFolder(folder, 1))
    loop.set_callbacks(StopAtOnce())
    with pytest.raises(ReachedError):
        loop.run(lambda model: {})


@pytest.mark.parametrize(
    ("num_mutants", "num_steps"),
    [(NUM_MUTANTS, NUM_STEPS), pytest.param(MANY_MUTANTS, MANY_STEPS, marks=pytest.mark.slow)],
)
def test_a_mutant_learns_or_is_refused_by_a_message_that_names_the_key(tmp_path, mini_data_dir, num_mutants, num_steps):
    rows = row_names()
    file = tmp_path / "mutant.toml"
    num_refused = num_stepped = 0
    for seed in range(num_mutants):
        row = rows[seed % len(rows)]
        changed = write_mutant(file, row, seed)
        try:
            load_config(str(file))
        except UserError as error:
            num_refused += 1
            check_message(error, changed)
            continue
        if not is_mini(row):
            continue
        try:
            config = load_checked_config(str(file), (), mini_data_dir, offline=True)
            if num_stepped < num_steps:
                num_stepped += 1
                take_a_step(config, mini_data_dir, tmp_path / "checkpoints")
        except UserError as error:
            # Of a file that is there, but not what it should be, the message names the file.
            assert (error.key or str(error.file)) in str(error), (row, seed, changed, str(error))
    assert num_refused > num_mutants // 5 and num_stepped > 1


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("model.units=1000000000", "model.units"),
        ("model.units=8192", "model"),  # 64 layers of them are no more than a slip
        ("train.batch_size=1000000000", "train.batch_size"),
        ("train.learning_rate=1e300", "train.learning_rate"),
        ("text.prefix_lengths=[1000000000]", "text.prefix_lengths.0"),
        ("data.dataset=" + "a" * 5000, "data.dataset"),
        ("train.learning_rate=nan", "train.learning_rate"),
    ],
)
def test_what_no_machine_could_hold_is_refused_before_tensorflow_is_asked(override, key):
    outcome = CliRunner().invoke(cli, ["build", "sentiment/mini", "--set", override, "--set", "model.num_layers=64"])
    assert outcome.exit_code == 2
    assert f"{key}: " in outcome.stderr and "Traceback" not in outcome.stderr


def test_a_file_name_that_is_too_long_is_told(tmp_path):
    file = tmp_path / "config.toml"
    values = {"name": "a/b", "task": "text_classification", "data": {"files": {"path": "a" * 3000}}}
    file.write_text(tomli_w.dumps(values))
    outcome = CliRunner().invoke(cli, ["build", str(file), "--data-dir", str(tmp_path)])
    assert outcome.exit_code == 2
    assert "data.files.path: no such file or folder" in outcome.stderr
