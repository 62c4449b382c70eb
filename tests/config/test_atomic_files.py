import errno
import os

import pytest

from rnnzoo.config import UserError
from rnnzoo.config.atomic_files import (
    explain_disk_error,
    put_in_place,
    remove_leftovers,
    replace_atomically,
    write_atomically,
    write_beside,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def fail(number):
    def raise_error(*_):
        raise OSError(number, os.strerror(number))

    return raise_error


def test_text_and_bytes_replace_what_was_there(tmp_path):
    path = tmp_path / "new" / "file"
    write_atomically(path, b"\xff")
    assert path.read_bytes() == b"\xff"
    write_atomically(path, "é")
    assert path.read_bytes() == b"\xc3\xa9"
    assert names(path.parent) == ["file"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("call", ["os.fsync", "os.replace", "pathlib.Path.write_bytes"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, number, call):
    path = tmp_path / "file"
    write_atomically(path, b"old")
    monkeypatch.setattr(call, fail(number))
    with pytest.raises(UserError, match=os.strerror(number)) as raised:
        write_atomically(path, b"new", key="--output")
    assert str(raised.value).startswith(f"{path}: --output: cannot be written")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "folder"
    with pytest.raises(ZeroDivisionError), replace_atomically(path) as partial:
        partial.mkdir()
        (partial / "half").write_text("")
        assert not path.exists()
        raise ZeroDivisionError
    assert names(tmp_path) == []
    with replace_atomically(path) as partial:
        (partial / "inner").mkdir(parents=True)
        (partial / "inner" / "file").write_text("whole")
    assert (path / "inner" / "file").read_text() == "whole"
    assert names(tmp_path) == ["folder"]


def test_a_folder_with_something_in_it_is_never_replaced(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "kept").write_text("")
    with pytest.raises(UserError, match="cannot be written"), replace_atomically(tmp_path / "folder") as partial:
        partial.mkdir()
    assert names(tmp_path / "folder") == ["kept"]


def test_what_is_written_goes_to_the_disk_before_it_is_renamed(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *arguments, name=name, real=real: (calls.append(name), real(*arguments)))
    with write_beside(tmp_path / "folder") as partial:
        partial.mkdir()
        (partial / "file").write_text("")
        put_in_place(partial, tmp_path / "folder")
    assert calls == ["fsync", "fsync", "replace", "fsync"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"Not a directory|File exists"):
        write_atomically(tmp_path / "file" / "inner", b"")


def test_leftovers_are_removed_when_they_are_old_enough(tmp_path):
    context = write_beside(tmp_path / "inner" / "folder")
    partial = context.__enter__()
    partial.mkdir()
    (partial / "half").write_text("")
    remove_leftovers(tmp_path, older_than_seconds=60)
    assert partial.exists()
    os.utime(partial, (0, 0))
    remove_leftovers(tmp_path, older_than_seconds=60)
    assert names(tmp_path / "inner") == []


def test_errors_of_other_kinds_are_not_explained_away():
    assert explain_disk_error(ValueError("No space left on device")) is None
    assert explain_disk_error(FileNotFoundError(errno.ENOENT, "No such file or directory", "a")) is None
    # As HDF5 does, without a number.
    assert "make room" in str(explain_disk_error(OSError("Can't write: No space left on device"), "model.keras"))
