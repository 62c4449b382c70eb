"""Several processes and replicas: what each one gets, and that together they do what one does."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from rnnzoo.config import UserError
from rnnzoo.datasets import Batches, Column
from rnnzoo.training.cluster import Cluster, read_cluster
from rnnzoo.training.deadline import killed_after
from rnnzoo.training.meeting import LostWorkerError, meet
from rnnzoo.training.workers import take_rows

SCRIPT = Path(__file__).with_name("train_in_replicas.py")
TIMEOUT_SECONDS = 900
TWO = ["127.0.0.1:4001", "127.0.0.1:4002"]


def tf_config(cluster, job="worker", index=0):
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": job, "index": index}})}


def test_no_cluster_where_none_is_told():
    for text in ("", "  ", "{}", json.dumps({"cluster": {"worker": TWO[:1]}, "task": {"type": "worker", "index": 0}})):
        assert read_cluster({"TF_CONFIG": text}) is None
    assert read_cluster({}) is None


def test_the_first_of_all_is_the_chief():
    workers = [read_cluster(tf_config({"worker": TWO}, index=index)) for index in range(2)]
    assert [worker.is_chief for worker in workers] == [True, False]
    with_chief = {"worker": TWO, "chief": ["127.0.0.1:4000"]}
    ranks = [read_cluster(tf_config(with_chief, *place)).rank for place in (("chief", 0), ("worker", 0), ("worker", 1))]
    assert ranks == [0, 1, 2]
    assert read_cluster(tf_config(with_chief)).addresses[0] == "127.0.0.1:4000"
    assert read_cluster(tf_config({"worker": TWO}, index="1")).rank == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "TF_CONFIG: not valid JSON"),
        ("[1]", "TF_CONFIG: wrong type"),
        ('{"cluster": {"worker": []}}', "TF_CONFIG.cluster: names no processes"),
        ('{"cluster": {"worker": "a:1"}}', "TF_CONFIG.cluster.worker: wrong type"),
        ('{"cluster": {"worker": ["a:1", "b"]}}', "TF_CONFIG.cluster.worker: not an address"),
        ('{"cluster": {"worker": ["a:1", "b:99999"]}}', "TF_CONFIG.cluster.worker: not an address"),
        ('{"cluster": {"worker": ["a:1", "a:1"]}}', "TF_CONFIG.cluster: an address is named twice"),
        ('{"cluster": {"chief": ["a:1", "b:1"]}}', "TF_CONFIG.cluster.chief: more than one chief"),
        ('{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}}', "TF_CONFIG.cluster: no such job"),
        ('{"cluster": {"worker": ["a:1", "b:1"]}}', "TF_CONFIG.task: names no process"),
        (
            '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "evaluator", "index": 0}}',
            "TF_CONFIG.task.type: no such job",
        ),
        (
            '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "chief", "index": 0}}',
            "TF_CONFIG.task.type: no such job in the cluster",
        ),
        (
            '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}',
            "TF_CONFIG.task.index: no such process",
        ),
        (
            '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": true}}',
            "TF_CONFIG.task.index: no such process",
        ),
    ],
)
def test_a_malformed_tf_config_is_named(text, words):
    with pytest.raises(UserError) as error:
        read_cluster({"TF_CONFIG": text})
    assert str(error.value).startswith(words)


@pytest.mark.parametrize("num_replicas", [1, 2, 3, 7])
def test_shares_have_every_row_once(num_replicas):
    """Also where a batch has fewer rows than there are replicas."""
    columns = {
        "token_ids": Column(np.arange(1, 46, dtype=np.int32), np.cumsum([0, *range(10)])),
        "label": Column(np.arange(10, dtype=np.int32)),
    }
    batches = Batches(columns, "token_ids", [3, 9], 4, seed=1)
    whole, seen = [], []
    for batch in batches.epoch(1):
        shares = [take_rows(batch, replica, num_replicas) for replica in range(num_replicas)]
        for name, array in batch.items():
            union = np.concatenate([share[name] for share in shares])
            assert sorted(map(str, union)) == sorted(map(str, array))
        for share in shares:
            assert {len(rows) for rows in share.values()} == {len(share["label"])}
        # Filler is spread too: nobody has more than one example more than another.
        sizes = [int((share["example_index"] >= 0).sum()) for share in shares]
        assert max(sizes) - min(sizes) <= 1
        seen += [index for share in shares for index in share["example_index"] if index >= 0]
        whole += [index for index in batch["example_index"] if index >= 0]
    assert sorted(seen) == sorted(whole) == list(range(10))


def free_addresses(number):
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    addresses = tuple(f"127.0.0.1:{listener.getsockname()[1]}" for listener in listeners)
    for listener in listeners:
        listener.close()
    return addresses


def meet_all(clusters, seconds=10.0):
    """Lets threads meet; returns what each got or raised, and the complaints of each by rank."""
    results, complaints = {}, {cluster.rank: [] for cluster in clusters}

    def run(cluster):
        try:
            results[cluster.rank] = meet(cluster, seconds, complaints[cluster.rank].append)
        except UserError as error:
            results[cluster.rank] = error

    threads = [threading.Thread(target=run, args=(cluster,)) for cluster in clusters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results, complaints


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def make_clusters(number):
    addresses = free_addresses(number)
    return [Cluster({"worker": addresses}, "worker", rank) for rank in range(number)]


def test_workers_meet_and_part():
    meetings, complaints = meet_all(make_clusters(3))
    threads = [threading.Thread(target=meetings[rank].finish) for rank in (1, 2)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    assert all(thread.is_alive() for thread in threads)  # until the chief is done
    chief = threading.Thread(target=meetings[0].finish)
    chief.start()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    for rank in (1, 2):
        meetings[rank].leave()
    chief.join(10)
    assert not chief.is_alive()
    assert complaints == {0: [], 1: [], 2: []}


@pytest.mark.parametrize("lost", [0, 2])
def test_all_hear_of_the_one_that_has_gone(lost):
    meetings, complaints = meet_all(make_clusters(3))
    meetings[lost].leave()
    others = {0, 1, 2} - {lost}
    wait_until(lambda: all(complaints[rank] for rank in others))
    assert complaints[lost] == []
    for rank in others:
        ((error,)) = complaints[rank]
        assert str(error).startswith(f"worker {lost} (")
        assert error.exit_code not in (0, UserError.exit_code)


def test_the_chief_goes_first_where_all_have_found_a_mistake():
    meetings, complaints = meet_all(make_clusters(2))
    thread = threading.Thread(target=meetings[1].leave, args=(60.0,))
    thread.start()
    time.sleep(0.2)
    assert complaints == {0: [], 1: []}
    meetings[0].leave()
    thread.join(10)
    assert not thread.is_alive()
    assert complaints == {0: [], 1: []}


def test_who_has_not_come_is_named():
    clusters = make_clusters(3)
    results, _ = meet_all(clusters[:2], seconds=1.5)
    for rank in (0, 1):
        assert isinstance(results[rank], LostWorkerError)
    assert "worker 2" in str(results[0]) and "worker 1" not in str(results[0])
    assert "has not come within 1.5 seconds" in str(results[0])
    results, _ = meet_all(clusters[1:2], seconds=0.2)
    assert "worker 0 (the chief, " in str(results[1])


def test_workers_of_another_cluster_are_refused():
    clusters = make_clusters(2)
    stranger = Cluster({"worker": (clusters[0].addresses[0], "127.0.0.1:1")}, "worker", 1)
    results, _ = meet_all([clusters[0], stranger], seconds=1.0)
    assert isinstance(results[0], LostWorkerError)
    assert "another cluster" in str(results[1])


def test_an_address_that_is_taken_is_named():
    with socket.create_server(("", 0)) as listener:
        addresses = (f"127.0.0.1:{listener.getsockname()[1]}", "127.0.0.1:1")
        with pytest.raises(UserError, match="cannot listen"):
            meet(Cluster({"worker": addresses}, "worker", 0), 0.2)


def test_a_process_that_hangs_is_killed_with_a_message():
    code = (
        "import time; from rnnzoo.training.deadline import killed_after\n"
        "with killed_after(30, 'not this'): pass\n"
        "with killed_after(0.2, 'too late'): time.sleep(60)"
    )
    run = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (-9, "too late")
    with killed_after(60, ""):
        pass


def environment(**variables):
    path = os.pathsep.join([str(SCRIPT.parents[2]), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": "", **variables}


def run_script(mode, data_dir, output, cases="", **variables):
    command = [sys.executable, str(SCRIPT), mode, str(data_dir), str(output), cases]
    return subprocess.Popen(
        command, env=environment(**variables), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(process):
    output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 0, output


def assert_close(one, other):
    with np.load(one) as arrays, np.load(other) as others:
        assert arrays.files == others.files
        for name in arrays.files:
            np.testing.assert_allclose(arrays[name], others[name], atol=1e-5, rtol=0, err_msg=name)


def test_two_replicas_do_what_one_does(mini_data_dir, tmp_path):
    finish(run_script("replicas", mini_data_dir, tmp_path))
    assert_close(tmp_path / "alone.npz", tmp_path / "replicas.npz")


@pytest.mark.slow
@pytest.mark.parametrize("cases", ["", "averaged weights", "muon", "tagger", "translator", "xla"])
def test_two_workers_do_what_one_process_does(mini_data_dir, tmp_path, cases):
    finish(run_script("replicas", mini_data_dir, tmp_path, cases))
    addresses = free_addresses(2)
    places = [tf_config({"worker": addresses}, index=index) for index in range(2)]
    for process in [run_script("workers", mini_data_dir, tmp_path, cases, **place) for place in places]:
        finish(process)
    for name in ("replicas", "worker0"):
        assert_close(tmp_path / "alone.npz", tmp_path / f"{name}.npz")
    if not cases:  # in the others the chief alone has the averaged weights
        assert_close(tmp_path / "alone.npz", tmp_path / "worker1.npz")
