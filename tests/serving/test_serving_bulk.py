import json

import pytest

from rnnzoo.config import UserError
from rnnzoo.serving import predict_file, predict_lines


def read_answers(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_text_file(predictor, tmp_path):
    texts = [f"text {'x' * (index % 7)} {index}" for index in range(50)] + ["", "é\x85\u2028inside", "last"]
    source, target = tmp_path / "texts.txt", tmp_path / "new" / "answers.jsonl"
    source.write_text("\r\n".join(texts), encoding="utf-8", newline="")
    seen = []
    counts = predict_file(predictor, source, target, 2, seen.append)
    lines = [json.loads(line) for line in target.read_text(encoding="utf-8").split("\n")[:-1]]
    assert [line["text"] for line in lines] == texts
    assert [line["label"] for line in lines] == [answer["label"] for answer in predictor.predict(texts)]
    assert counts.answered == len(texts) == seen[-1]
    assert seen == sorted(seen)
    assert [path.name for path in target.parent.iterdir()] == ["answers.jsonl"]


def test_jsonl_file_with_settings(predictor, tmp_path):
    source, target = tmp_path / "texts.jsonl", tmp_path / "answers.jsonl"
    source.write_text('{"text": "ab", "more": 1}\n\n{"text": "\\ud800"}\n', encoding="utf-8")
    predict_file(predictor, source, target, signature="tag", threshold=1.0)
    first, second = read_answers(target)
    assert (first["text"], first["tags"]) == ("ab", ["N", "N"])
    assert (second["text"], second["tokens"]) == ("\ufffd", ["\ufffd"])


def test_a_bad_line_stops_and_leaves_nothing(predictor, tmp_path):
    source, target = tmp_path / "texts.jsonl", tmp_path / "answers.jsonl"
    source.write_text('{"text": "ok"}\n{"txt": "no"}\n', encoding="utf-8")
    with pytest.raises(UserError, match="line 2 has no key `text`"):
        predict_file(predictor, source, target)
    assert [path.name for path in tmp_path.iterdir()] == ["texts.jsonl"]


def test_bad_lines_are_skipped_and_counted(predictor, tmp_path):
    source, target = tmp_path / "texts.jsonl", tmp_path / "answers.jsonl"
    source.write_bytes(b'{"text": "ok"}\n[1]\n{"text": 3}\nnonsense\n{"text": "\xff"}\n')
    counts = predict_file(predictor, source, target, skip_bad_lines=True)
    assert (counts.answered, counts.skipped) == (2, 3)
    assert [number for number, _ in counts.bad_lines] == [2, 3, 4]
    assert [answer["text"] for answer in read_answers(target)] == ["ok", "\ufffd"]


@pytest.mark.parametrize("name", ["missing.txt", "table.csv"])
def test_unusable_input_is_told(predictor, tmp_path, name):
    with pytest.raises(UserError):
        predict_file(predictor, tmp_path / name, tmp_path / "answers.jsonl")


def test_lines_are_answered_as_they_come(predictor):
    taken = []

    def endless():
        while True:
            taken.append(None)
            yield f"text {len(taken)}\n"

    answers = predict_lines(predictor, endless(), batch_size=4)
    assert [next(answers)["text"] for _ in range(3)] == ["text 1", "text 2", "text 3"]
    assert len(taken) <= 64
