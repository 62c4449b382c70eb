"""Files whose run was killed go on without a lost or doubled line."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rnnzoo.config import UserError
from rnnzoo.serving import Predictor, Signature, TensorInfo, is_resumable, predict_file

TEXT = TensorInfo("string", (None,))
TOKENS = TensorInfo("string", (None, None))
LENGTH = TensorInfo("int32", (None,))


class Shouting(Predictor):
    """Answers in capitals; dies at a given batch."""

    def __init__(self, dies_at=None, dies=None):
        self.num_batches = 0
        self._dies_at = dies_at
        self._dies = dies

    def signatures(self):
        return {
            "serving_default": Signature({"text": TEXT}, {"loud": TEXT, "tags": TOKENS}),
            "tag_tokens": Signature({"tokens": TOKENS, "length": LENGTH}, {"tags": TOKENS, "length": LENGTH}),
        }

    def _run(self, signature, inputs):
        self.num_batches += 1
        if self.num_batches == self._dies_at:
            self._dies()
        if signature == "tag_tokens":
            tags = np.array([[token.upper() for token in row] for row in inputs["tokens"]], object)
            return {"tags": tags.reshape(inputs["tokens"].shape), "length": inputs["length"]}
        return {"loud": np.array([text.upper() for text in inputs["text"]], object)}


class Louder(Shouting):
    """Another model."""


def interrupt():
    raise KeyboardInterrupt


def write_source(folder, kind):
    lines = [f"line {place} {'x' * (place * 7 % 11)}" for place in range(200)]
    if kind == "jsonl":
        lines = [json.dumps({"text": line}) if place % 9 else "no JSON" for place, line in enumerate(lines)]
    elif kind == "conll":
        lines = [line if place % 2 else "" for place, line in enumerate(lines)]
    path = folder / f"in.{kind}"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.mark.parametrize("dies_at", [2, 17, 30, 45])
@pytest.mark.parametrize(("kind", "output"), [("txt", "out.jsonl"), ("jsonl", "out.jsonl"), ("conll", "out.conll")])
def test_what_was_interrupted_ends_as_if_it_was_not(tmp_path, kind, output, dies_at):
    source = write_source(tmp_path, kind)
    settings = {"skip_bad_lines": kind == "jsonl"}
    whole = predict_file(Shouting(), source, tmp_path / f"whole_{output}", 2, **settings)
    target = tmp_path / output
    with pytest.raises(KeyboardInterrupt):
        predict_file(Shouting(dies_at, interrupt), source, target, 2, **settings)
    assert not target.exists()
    assert is_resumable(target) == (dies_at > 16)
    predictor = Shouting()
    counts = predict_file(predictor, source, target, 2, resume=True, **settings)
    assert target.read_text() == (tmp_path / f"whole_{output}").read_text()
    assert (counts.answered, counts.skipped, counts.bad_lines) == (whole.answered, whole.skipped, whole.bad_lines)
    assert predictor.num_batches == -(-whole.answered // 2) - (dies_at - 1) // 16 * 16
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([source.name, output, f"whole_{output}"])


def test_without_resuming_all_begins_anew(tmp_path):
    source, target = write_source(tmp_path, "txt"), tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        predict_file(Shouting(20, interrupt), source, target, 2)
    predictor = Shouting()
    assert predict_file(predictor, source, target, 2).answered == 200
    assert (predictor.num_batches, is_resumable(target)) == (100, False)


@pytest.mark.parametrize("changed", ["model", "input", "setting"])
def test_what_comes_from_something_else_is_not_gone_on_from(tmp_path, changed):
    source, target = write_source(tmp_path, "txt"), tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        predict_file(Shouting(20, interrupt), source, target, 2)
    if changed == "input":
        source.write_text(source.read_text() + "more\n")
    predictor = Louder() if changed == "model" else Shouting()
    with pytest.raises(UserError, match="comes from another"):
        predict_file(predictor, source, target, 2, resume=True, skip_bad_lines=changed == "setting")
    assert is_resumable(target)


def test_a_torn_line_after_the_last_step_is_cut_off(tmp_path):
    source, target = write_source(tmp_path, "txt"), tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        predict_file(Shouting(20, interrupt), source, target, 2)
    with (tmp_path / ".out.jsonl.partial").open("a") as partial:
        partial.write('{"text": "torn')
    predict_file(Shouting(), source, target, 2, resume=True)
    texts = [json.loads(line)["text"] for line in target.read_text().splitlines()]
    assert texts == source.read_text().splitlines()


def test_after_a_kill(tmp_path):
    source, target = write_source(tmp_path, "txt"), tmp_path / "out.jsonl"
    program = (
        "import os, sys; from tests.serving.test_serving_resume import Shouting, predict_file\n"
        "predict_file(Shouting(40, lambda: os.kill(os.getpid(), 9)), sys.argv[1], sys.argv[2], 2)\n"
    )
    result = subprocess.run([sys.executable, "-c", program, source, target], check=False, env=os.environ)
    assert result.returncode == -9
    assert is_resumable(target)
    predict_file(Shouting(), source, target, 2, resume=True)
    assert [json.loads(line)["text"] for line in target.read_text().splitlines()] == source.read_text().splitlines()


def test_two_runs_do_not_write_one_file(tmp_path):
    source, target = write_source(tmp_path, "txt"), tmp_path / "out.jsonl"

    def second():
        predict_file(Shouting(), source, target, 2)

    with pytest.raises(UserError, match="another run is writing this file"):
        predict_file(Shouting(3, second), source, target, 2)


@pytest.mark.parametrize("num_lines", [50_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_the_file(tmp_path, num_lines):
    source = tmp_path / "in.txt"
    with source.open("w") as lines:
        lines.writelines(f"line {place} {'x' * (place % 50)}\n" for place in range(num_lines))
    megabytes = []

    def measure(_):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        megabytes.append(pages * resource.getpagesize() / 2**20)

    assert predict_file(Shouting(), source, tmp_path / "out.jsonl", on_progress=measure).answered == num_lines
    start = len(megabytes) // 5
    assert max(megabytes[start:]) < max(megabytes[:start]) + 8
