import keras
import numpy as np
import pytest

from rnnzoo.config import UserError
from rnnzoo.training.checkpoints import CheckpointFolder, load_variables, save_variables, write_atomically


@pytest.fixture
def variables():
    return [
        keras.Variable(np.arange(6.0).reshape(2, 3), name="kernel"),
        keras.Variable([1, 2], dtype="uint32", name="seed"),
    ]


def test_round_trip(tmp_path, variables):
    save_variables(tmp_path / "a.npz", variables, {"epoch": 3, "score": [0.1 + 0.2]})
    for variable in variables:
        variable.assign(variable * 0)
    assert load_variables(tmp_path / "a.npz", variables) == {"epoch": 3, "score": [0.1 + 0.2]}
    np.testing.assert_array_equal(variables[0], np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(variables[1], [1, 2])


def test_the_newest_is_restored_and_old_ones_go(tmp_path, variables):
    folder = CheckpointFolder(tmp_path / "checkpoints", keep=2)
    assert folder.restore_latest(variables) is None
    for epoch in range(1, 5):
        variables[0].assign(np.full((2, 3), float(epoch)))
        folder.save(epoch, variables, {"epoch": epoch})
    assert sorted(folder.epochs()) == [3, 4]
    assert folder.restore_latest(variables) == {"epoch": 4}
    assert float(variables[0][0, 0]) == 4.0


@pytest.mark.parametrize("damage", [lambda content: content[: len(content) // 2], lambda content: b""])
def test_a_damaged_file_is_named_and_changes_nothing(tmp_path, variables, damage):
    path = tmp_path / "a.npz"
    save_variables(path, variables, {})
    path.write_bytes(damage(path.read_bytes()))
    before = variables[0].numpy()
    with pytest.raises(UserError, match=r"a\.npz"):
        load_variables(path, variables)
    np.testing.assert_array_equal(variables[0], before)


def test_refuses_another_model(tmp_path, variables):
    save_variables(tmp_path / "a.npz", variables, {})
    other = [keras.Variable(np.zeros((3, 3)), name="kernel"), variables[1]]
    for wrong in (other, variables[:1]):
        with pytest.raises(UserError, match="another model"):
            load_variables(tmp_path / "a.npz", wrong)


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
