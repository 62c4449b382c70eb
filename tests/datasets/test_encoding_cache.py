"""What is kept of encodings: never half of one, never a damaged one, never that of something else."""

import os
import time

import numpy as np
import pytest

from rnnzoo.config import UserError
from rnnzoo.datasets import array_store, encoding_cache
from rnnzoo.datasets.array_store import ArrayStore, load_arrays
from rnnzoo.datasets.encoding_cache import cache_folder, fingerprint_data, keep_arrays, make_key

KEY = "0" * 64


@pytest.fixture(autouse=True)
def few_bytes_in_memory(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNZOO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(array_store, "MOST_BYTES_IN_MEMORY", 2000)


class Maker:
    """Makes arrays, and counts how often."""

    def __init__(self, size=500):
        self.size, self.times = size, 0

    def __call__(self, store):
        self.times += 1
        for start in range(0, self.size, 100):
            store.append("ids", np.arange(start, start + 100, dtype=np.int32))
            store.append("pairs", np.full((100, 2), start, np.float32))
        store.append("nothing", np.zeros(0, bool))
        return {"left_out": 3}


def check(made, size=500):
    arrays, details = made
    assert details == {"left_out": 3}
    assert arrays["ids"].tolist() == list(range(size)) and arrays["ids"].dtype == np.int32
    assert arrays["pairs"].shape == (size, 2) and arrays["pairs"][-1].tolist() == [size - 100] * 2
    assert arrays["nothing"].tolist() == [] and arrays["nothing"].dtype == bool


def entries():
    return sorted(os.listdir(cache_folder()))


def test_what_is_small_and_soon_made_leaves_no_trace():
    make = Maker(size=100)
    for _ in range(2):
        check(keep_arrays(make, lambda: KEY), 100)
    assert make.times == 2 and not cache_folder().exists()


def test_what_takes_long_is_kept_however_small(monkeypatch):
    monkeypatch.setattr(encoding_cache, "SECONDS_WITHOUT_CACHE", -1.0)
    make = Maker(size=100)
    for _ in range(2):
        check(keep_arrays(make, lambda: KEY), 100)
    assert make.times == 1 and entries() == [KEY]


def test_what_is_large_is_made_once_and_read_from_its_files():
    make = Maker()
    for _ in range(3):
        made = keep_arrays(make, lambda: KEY)
        check(made)
        assert isinstance(made[0]["ids"], np.memmap)
    assert make.times == 1 and entries() == [KEY]
    check(keep_arrays(make, lambda: "1" * 64))
    assert make.times == 2


def test_without_a_key_or_a_folder_that_can_be_written_the_files_are_gone_afterwards(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    made = [keep_arrays(Maker())]
    (tmp_path / "cache").write_text("a file where the folder should be")
    made.append(keep_arrays(Maker(), lambda: KEY))
    assert os.listdir(tmp_path / "temporary") == []
    for one in made:
        check(one)


@pytest.mark.parametrize("damage", ["gone", "short", "flipped", "long", "manifest gone", "manifest cut"])
def test_what_is_damaged_is_made_anew(damage):
    make = Maker()
    keep_arrays(make, lambda: KEY)
    folder = cache_folder() / KEY
    file = folder / ("arrays.json" if "manifest" in damage else "ids")
    content = file.read_bytes()
    if "gone" in damage:
        file.unlink()
    else:
        flipped = content[:100] + bytes([content[100] ^ 1]) + content[101:]
        cut = content[: len(content) // 2]
        file.write_bytes({"short": cut, "manifest cut": cut, "long": content + b"\0", "flipped": flipped}[damage])
    assert load_arrays(folder) is None
    check(keep_arrays(make, lambda: KEY))
    assert make.times == 2
    check(keep_arrays(make, lambda: KEY))
    assert make.times == 2


@pytest.mark.parametrize("failure", [KeyboardInterrupt, UserError, OSError])
def test_what_was_not_finished_is_never_used(failure):
    class Fails(Maker):
        def __call__(self, store):
            super().__call__(store)
            assert store.folder is not None
            raise failure("in the middle")

    with pytest.raises(failure):
        keep_arrays(Fails(), lambda: KEY)
    assert entries() == []
    make = Maker()
    check(keep_arrays(make, lambda: KEY))
    assert make.times == 1


def test_what_a_killed_process_left_is_no_entry_and_goes_after_a_day():
    store = ArrayStore(lambda: cache_folder() / f".partial-1-{KEY}")
    store_folder = cache_folder() / f".partial-1-{KEY}"
    store_folder.mkdir(parents=True)
    Maker()(store)
    store.close()
    make = Maker()
    check(keep_arrays(make, lambda: KEY))
    assert make.times == 1 and store_folder.exists()
    yesterday = time.time() - 2 * 24 * 3600
    os.utime(store_folder, (yesterday, yesterday))
    keep_arrays(make, lambda: "1" * 64)
    assert entries() == [KEY, "1" * 64]


def test_a_full_disk_is_one_message(monkeypatch):
    def write(self, part):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(array_store._GrowingArray, "_write", write)
    with pytest.raises(UserError, match="No space left on device"):
        keep_arrays(Maker(), lambda: KEY)
    assert entries() == []


def test_the_entries_that_were_not_used_for_longest_go_first(monkeypatch):
    keys = [str(number) * 64 for number in range(4)]
    (cache_folder() / "somebody's").mkdir(parents=True)
    for age, key in enumerate(keys[:3]):
        keep_arrays(Maker(), lambda key=key: key)
        os.utime(cache_folder() / key, (1000 + age, 1000 + age))
    size = sum(file.stat().st_size for file in (cache_folder() / keys[0]).iterdir())
    monkeypatch.setattr(encoding_cache, "MOST_BYTES_KEPT", 2 * size + size // 2)
    keep_arrays(Maker(), lambda: keys[0])  # used again: the newest now
    keep_arrays(Maker(), lambda: keys[3])
    assert entries() == [keys[0], keys[3], "somebody's"]


def test_parts_that_do_not_fit_together_are_a_mistake_of_ours(tmp_path):
    store = ArrayStore(lambda: tmp_path)
    store.append("ids", np.zeros(3, np.int32))
    with pytest.raises(ValueError):
        store.append("ids", np.zeros(3, np.int64))
    with pytest.raises(TypeError):
        store.append("texts", np.array([b"a"], object))


def test_a_key_is_of_everything(monkeypatch):
    keys = {make_key({"split": "train"}), make_key({"split": "test"}), make_key({"part": "train"})}
    assert make_key({"split": "train"}) in keys and len(keys) == 3
    monkeypatch.setattr(encoding_cache.rnnzoo, "__version__", "another")
    keys.add(make_key({"split": "train"}))
    monkeypatch.setattr(encoding_cache, "_fingerprint_code", lambda: "other code")
    keys.add(make_key({"split": "train"}))
    monkeypatch.setattr("tensorflow.__version__", "another")
    keys.add(make_key({"split": "train"}))
    assert len(keys) == 6


def test_data_are_told_apart_by_all_their_files_but_not_by_their_place(tmp_path):
    folders = [tmp_path / "here", tmp_path / "there"]
    for folder in folders:
        folder.mkdir()
        (folder / "features.json").write_text("{}")
        (folder / "set-train.tfrecord").write_bytes(b"abc")
        for file in folder.iterdir():
            os.utime(file, (1000, 1000))
    first = fingerprint_data(folders[0])
    assert fingerprint_data(folders[1]) == first
    shard, features = folders[1] / "set-train.tfrecord", folders[1] / "features.json"
    seen = [first]
    for change in (
        lambda: os.utime(shard, (2000, 2000)),
        lambda: shard.write_bytes(b"abcd"),
        lambda: features.write_text("[]"),
        lambda: (folders[1] / "set-test.tfrecord").write_bytes(b""),
        lambda: shard.rename(folders[1] / "set-new.tfrecord"),
    ):
        change()
        assert fingerprint_data(folders[1]) not in seen
        seen.append(fingerprint_data(folders[1]))
