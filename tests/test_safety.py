"""No file that is read can run code, and the package has none of what would let it."""

import ast
import functools
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rnnzoo.config import UserError

ROOT = Path(__file__).parents[1]
CODE = sorted([*(ROOT / "rnnzoo").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")])
# What runs, or makes into objects, whatever stands in a file.
BAD_MODULES = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml", "xmlrpc"}
BAD_CALLS = {"eval", "exec", "compile", "__import__", "execfile", "input"}
BAD_ATTRIBUTES = {
    *("Lambda", "enable_unsafe_deserialization", "py_function", "numpy_function", "load_op_library"),
    *("popen", "literal_eval", "extractall"),
}
# Bandit's rules that may be silenced where a comment says so: draws that keep no secret, and fixed commands without
# a shell.
SILENCED = {"S311", "S603"}


@functools.cache
def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def trees():
    return ((path, parse(path)) for path in CODE)


def keywords(call):
    return {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}


def test_ruffs_security_rules_hold():
    command = [sys.executable, "-m", "ruff", "check", "--select", "S", "rnnzoo", "benchmarks"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    everything = subprocess.run([*command, "--ignore-noqa", "--output-format=concise"], cwd=ROOT, capture_output=True)
    found = {line.split(": ")[1].split()[0] for line in everything.stdout.decode().splitlines() if ".py:" in line}
    assert found <= SILENCED, found - SILENCED


def test_nothing_is_imported_that_runs_what_it_reads():
    found = []
    for path, tree in trees():
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [(path.name, name) for name in names if name.partition(".")[0] in BAD_MODULES]
    assert not found


def test_nothing_is_called_that_runs_what_it_is_given():
    found = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in BAD_ATTRIBUTES:
                found.append((path.name, node.lineno, node.attr))
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id in BAD_CALLS:
                found.append((path.name, node.lineno, node.func.id))
            given = keywords(node)
            called = ast.unparse(node.func)
            if given.get("shell", "False") != "False" or given.get("safe_mode", "True") != "True":
                found.append((path.name, node.lineno, "shell or safe_mode"))
            if called == "os.system":
                found.append((path.name, node.lineno, called))
            if called in ("np.load", "numpy.load") and given.get("allow_pickle") != "False":
                found.append((path.name, node.lineno, "allow_pickle"))
            if called.endswith("load_model") and given.get("safe_mode") != "True":
                found.append((path.name, node.lineno, "safe_mode"))
    assert not found


def test_the_scan_finds_what_it_looks_for(tmp_path, monkeypatch):
    bad = tmp_path / "bad.py"
    bad.write_text("import pickle\nkeras.layers.Lambda(eval('1'))\nnp.load('x')\nrun(shell=True)\nload_model('x')\n")
    monkeypatch.setattr(sys.modules[__name__], "CODE", [bad])
    for scan in (
        test_nothing_is_imported_that_runs_what_it_reads,
        test_nothing_is_called_that_runs_what_it_is_given,
    ):
        with pytest.raises(AssertionError):
            scan()


class Evil:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


def test_a_pickle_in_a_checkpoint_is_refused(tmp_path):
    import keras

    from rnnzoo.training.checkpoints import load_variables

    trace = tmp_path / "was_here"
    arrays = np.array([Evil(trace)], dtype=object)
    path = tmp_path / "epoch-0001.npz"
    np.savez(path, **{"0": arrays, "state": np.frombuffer(b"{}", np.uint8)})
    with pytest.raises(UserError, match=r"allow_pickle|Object arrays"):
        load_variables(path, [keras.Variable(np.zeros(1, np.float32))])
    assert not trace.exists()
    # It is one that would have done it.
    pickle.loads(pickle.dumps(Evil(trace)))
    assert trace.exists()


def test_code_in_a_keras_file_is_refused(tmp_path):
    import keras

    from rnnzoo.training.model_file import load_model_file

    trace = tmp_path / "was_here"
    code = keras.layers.Lambda(lambda x, place: [__import__("os").mkdir(place), x][1], arguments={"place": str(trace)})
    model = keras.Sequential([keras.Input((1,)), code])
    trace.rmdir()  # the layer ran once when it was added
    path = tmp_path / "model.keras"
    model.save(path)
    with pytest.raises(UserError, match="Lambda") as refused:
        load_model_file(path)
    assert refused.value.file == path
    assert not trace.exists()
    # It is one that would have done it.
    keras.saving.load_model(path, safe_mode=False)
    assert trace.exists()


def test_a_damaged_keras_file_is_told_in_one_message(tmp_path):
    from rnnzoo.training.model_file import load_model_file

    path = tmp_path / "model.keras"
    for content in (b"", b"PK\x03\x04nothing"):
        path.write_bytes(content)
        with pytest.raises(UserError, match="Keras does not load the model"):
            load_model_file(path)


@pytest.mark.parametrize("op", ["write_file", "print", "dataset", "py_function"])
def test_an_export_that_reaches_out_fails_its_audit(tmp_path, op):
    import tensorflow as tf

    from rnnzoo.export.checks.audit_check import check_operations

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def answer(text):
        if op == "write_file":
            tf.io.write_file(str(tmp_path / "stolen"), text[0])
        elif op == "print":
            tf.print(text, output_stream=f"file://{tmp_path / 'stolen'}")
        elif op == "dataset":
            return next(iter(tf.data.TextLineDataset(text).take(1)))
        else:
            return tf.py_function(lambda given: given, [text], tf.string)
        return text

    problems, _ = check_operations(answer.get_concrete_function().graph.as_graph_def())
    assert problems


def test_a_config_cannot_name_code(tmp_path):
    from rnnzoo.config import load_config

    path = tmp_path / "row.toml"
    for task in ("os.system", "rnnzoo.cli.main:main", "__import__('os')"):
        path.write_text(f'name = "a/b"\ntask = "{task}"\n')
        with pytest.raises(UserError, match="task"):
            load_config(str(path))
