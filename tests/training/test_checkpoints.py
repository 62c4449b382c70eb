import os

import keras
import numpy as np
import pytest

from rnnzoo.config import UserError
from rnnzoo.training.checkpoints import CheckpointFolder, load_variables, save_variables


@pytest.fixture
def variables():
    return [
        keras.Variable(np.arange(6.0).reshape(2, 3), name="kernel"),
        keras.Variable([1, 2], dtype="uint32", name="seed"),
    ]


def flip_a_bit(content):
    place = content.index(b"NUMPY") + 128  # the header of an array is 128 bytes long
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def damage(path, how=flip_a_bit):
    path.write_bytes(how(path.read_bytes()))


def fill(folder, variables, best):
    """Writes a checkpoint an epoch; `best` says for each which epoch was the best so far."""
    for epoch, best_epoch in enumerate(best, 1):
        variables[0].assign(np.full((2, 3), float(epoch)))
        if best_epoch == epoch:
            folder.save_best(epoch, variables)
        folder.save(epoch, variables, {"best_epoch": best_epoch})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_round_trip(tmp_path, variables):
    save_variables(tmp_path / "a.npz", variables, {"epoch": 3, "score": [0.1 + 0.2]})
    for variable in variables:
        variable.assign(variable * 0)
    assert load_variables(tmp_path / "a.npz", variables) == {"epoch": 3, "score": [0.1 + 0.2]}
    np.testing.assert_array_equal(variables[0], np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(variables[1], [1, 2])


def test_the_newest_is_restored_and_old_ones_go(tmp_path, variables):
    folder = CheckpointFolder(tmp_path, keep=2)
    assert folder.restore_latest(variables) is None
    fill(folder, variables, [1, 2, 2, 4])
    assert sorted(folder.epochs()) == [3, 4]
    assert folder.restore_latest(variables) == {"best_epoch": 4}
    assert float(variables[0][0, 0]) == 4.0


def test_the_best_weights_stay_as_long_as_a_checkpoint_speaks_of_them(tmp_path, variables):
    folder = CheckpointFolder(tmp_path, keep=2)
    fill(folder, variables, [1, 1, 3])
    assert names(tmp_path) == ["best-0001.npz", "best-0003.npz", "epoch-0002.npz", "epoch-0003.npz"]
    fill(folder, variables, [1, 1, 3, 3])
    assert names(tmp_path) == ["best-0003.npz", "epoch-0003.npz", "epoch-0004.npz"]
    folder.load_best(3, variables)
    assert float(variables[0][0, 0]) == 3.0


@pytest.mark.parametrize("how", [flip_a_bit, lambda content: content[: len(content) // 2], lambda content: b""])
def test_a_damaged_file_is_named_and_changes_nothing(tmp_path, variables, how):
    path = tmp_path / "a.npz"
    save_variables(path, variables, {})
    damage(path, how)
    before = variables[0].numpy()
    with pytest.raises(UserError, match=r"a\.npz: the checkpoint is damaged"):
        load_variables(path, variables)
    np.testing.assert_array_equal(variables[0], before)


def test_numbers_that_were_changed_with_their_zip_checksum_are_found(tmp_path, variables):
    """What the checks of zip would not find: a whole file, with another array in it."""
    path = tmp_path / "a.npz"
    save_variables(path, variables, {})
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    np.savez(path, **{**arrays, "0": arrays["0"] + 1})
    with pytest.raises(UserError, match="its checksum is another"):
        load_variables(path, variables)


def test_the_one_before_a_damaged_one_is_used(tmp_path, variables):
    said = []
    folder = CheckpointFolder(tmp_path, keep=3, say=said.append)
    fill(folder, variables, [1, 1, 1])
    damage(tmp_path / "epoch-0003.npz")
    assert folder.restore_latest(variables) == {"best_epoch": 1}
    assert float(variables[0][0, 0]) == 2.0
    (message,) = said
    assert "epoch-0003.npz: the checkpoint is damaged" in message and message.endswith("going on from epoch-0002.npz")


def test_a_checkpoint_whose_best_weights_are_damaged_is_not_used(tmp_path, variables):
    said = []
    folder = CheckpointFolder(tmp_path, keep=2, say=said.append)
    fill(folder, variables, [1, 1, 3])
    os.remove(tmp_path / "best-0003.npz")
    assert folder.restore_latest(variables) == {"best_epoch": 1}
    assert "best-0003.npz: the checkpoint is damaged (No such file or directory)" in said[0]
    with pytest.raises(UserError, match="the best weights: the checkpoint is damaged"):
        folder.load_best(3, variables)


def test_where_all_are_damaged_training_begins_anew(tmp_path, variables):
    said = []
    folder = CheckpointFolder(tmp_path, keep=2, say=said.append)
    fill(folder, variables, [1, 1])
    for path in folder.epochs().values():
        damage(path)
    assert folder.restore_latest(variables) is None
    assert len(said) == 2 and said[-1].endswith("training begins anew")


def test_refuses_another_model(tmp_path, variables):
    save_variables(tmp_path / "a.npz", variables, {})
    other = [keras.Variable(np.zeros((3, 3)), name="kernel"), variables[1]]
    for wrong in (other, variables[:1]):
        with pytest.raises(UserError, match="another model"):
            load_variables(tmp_path / "a.npz", wrong)


def test_goes_on_with_a_run_of_an_earlier_version(tmp_path, variables):
    """Which had no checksum, and one file for the best weights."""
    folder = CheckpointFolder(tmp_path, keep=2)
    fill(folder, variables, [1, 2])
    (tmp_path / "best-0002.npz").rename(tmp_path / "best.npz")
    for path in tmp_path.iterdir():
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files if name != "sha256"}
        np.savez(path, **arrays)
    assert folder.restore_latest(variables) == {"best_epoch": 2}
    folder.load_best(2, variables)
