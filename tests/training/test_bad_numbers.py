"""A loss, a gradient or a weight that is no finite number stops a run, and leaves what shows why."""

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.config.loading import dump_config
from rnnzoo.training.run import train_run
from rnnzoo.training.run_folder import RunFolder
from tests.training.toy_task import ToyTask, load_toy_config, use_toy_task

EXPLODING = ["train.optimizer=sgd", "train.learning_rate=1e30", "train.gradient_clip_norm=0.0", "train.warmup_steps=0"]


class BrokenGradient(ToyTask):
    """Its loss is finite, but not the slope of a square root at 0."""

    def compute_loss(self, model, batch, state, training):
        loss, weight, state = super().compute_loss(model, batch, state, training)
        return loss + tf.sqrt(tf.reduce_sum(model(batch["token_ids"])) * 0.0), weight, state


class BrokenScore(ToyTask):
    def selection_score(self, metrics):
        return (float("nan"),)


@pytest.fixture(autouse=True)
def toy_task(monkeypatch):
    use_toy_task(monkeypatch)
    monkeypatch.setattr("rnnzoo.training.reporting.plot_curves", lambda history, path: path.write_bytes(b""))


@pytest.mark.parametrize("jit_compile", ["false", "true"])
def test_an_exploding_loss_stops_with_step_norm_and_batch(tmp_path, jit_compile):
    config = load_toy_config(*EXPLODING, f"train.jit_compile={jit_compile}")
    folder = RunFolder.create(config, tmp_path)
    with pytest.raises(UserError, match=r"the loss is (nan|inf) at step \d+ \(epoch 1, batch \d+; ") as raised:
        train_run(config, folder=folder)
    message = str(raised.value)
    assert message.startswith(f"{folder.path / 'bad_number.json'}: train.gradient_clip_norm")
    assert "norm of the gradient" in message and "train.learning_rate" in message
    report = folder.read_json("bad_number.json")
    assert report["epoch"] == 1 and report["step"] == report["batch"] > 1
    assert report["loss"] in ("nan", "inf") and "gradient_norm" in report
    with np.load(folder.path / "bad_batch.npz") as batch:
        rows = batch["example_index"]
        assert batch["token_ids"].shape == (8, batch["token_ids"].shape[1])
    assert report["texts"] == [f"text {row}" for row in rows if row >= 0]
    assert not (folder.path / "metrics.json").exists()


@pytest.mark.parametrize("jit_compile", ["false", "true"])
def test_a_gradient_that_is_not_finite_stops_although_the_loss_is(tmp_path, monkeypatch, jit_compile):
    monkeypatch.setattr("rnnzoo.training.run.make_task", BrokenGradient)
    config = load_toy_config(f"train.jit_compile={jit_compile}")
    with pytest.raises(UserError, match=r"the norm of the gradient is (nan|inf) at step 1 \(epoch 1, batch 1; loss \d"):
        train_run(config, folder=RunFolder.create(config, tmp_path))


def test_a_score_that_is_no_number_stops(tmp_path, monkeypatch):
    monkeypatch.setattr("rnnzoo.training.run.make_task", BrokenScore)
    config = load_toy_config()
    folder = RunFolder.create(config, tmp_path)
    with pytest.raises(UserError, match="the validation score is nan after epoch 1"):
        train_run(config, folder=folder)
    assert not list(folder.path.glob("checkpoints/*"))


def test_the_last_good_checkpoint_is_kept_and_a_changed_config_goes_on_from_it(tmp_path):
    two_epochs = load_toy_config("train.epochs=2")
    folder = RunFolder.create(two_epochs, tmp_path)
    train_run(two_epochs, folder=folder)
    (folder.path / "metrics.json").unlink()
    good = folder.path / "checkpoints" / "epoch-0002.npz"
    before = good.read_bytes()

    exploding = load_toy_config("train.learning_rate=1e38", "train.gradient_clip_norm=0.0")
    with pytest.raises(UserError, match=r"not finite after epoch 3|at step \d+ \(epoch 3"):
        train_run(exploding, folder=folder, resume=True)
    assert good.read_bytes() == before
    assert [path.name for path in folder.path.glob("checkpoints/epoch-*")] == [good.name]

    with pytest.raises(UserError, match="the run was stopped, and would be again: the") as raised:
        train_run(exploding, folder=folder, resume=True)
    assert str(folder.path / "config.toml") in str(raised.value)

    (folder.path / "config.toml").write_text(dump_config(load_toy_config()))
    train_run(folder.load_config(), folder=folder, resume=True)
    said = (folder.path / "log.txt").read_text()
    assert "goes on with another train.learning_rate, train.gradient_clip_norm" in said
    assert (folder.path / "metrics.json").exists() and not (folder.path / "bad_number.json").exists()
    assert not (folder.path / "bad_batch.npz").exists()
