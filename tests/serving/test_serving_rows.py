"""Rows of inputs by name: put together to batches, and read from lines and files."""

import json

import numpy as np
import pytest

from rnnzoo.config import UserError
from rnnzoo.serving import Predictor, Signature, TensorInfo, predict_file, predict_lines


class Summer(Predictor):
    """Sums the steps of sequences, and joins their tokens; keeps what it was asked."""

    def __init__(self):
        self.batches = []

    def signatures(self):
        length = TensorInfo("int32", (None,))
        return {
            "serving_default": Signature(
                {"features": TensorInfo("float32", (None, None, 2)), "length": length},
                {"sums": TensorInfo("float32", (None, 2)), "steps": length},
            ),
            "join": Signature(
                {"tokens": TensorInfo("string", (None, None)), "length": length},
                {"joined": TensorInfo("string", (None,))},
            ),
        }

    def _run(self, signature, inputs):
        self.batches.append(inputs)
        if signature == "join":
            joined = [b" ".join(tokens[:n]) for tokens, n in zip(inputs["tokens"], inputs["length"], strict=True)]
            return {"joined": np.array(joined, object)}
        return {"sums": inputs["features"].sum(axis=1), "steps": inputs["length"]}


@pytest.fixture
def summer():
    return Summer()


ROWS = [
    {"features": [[1, 2], [3, 4], [5, 6]]},
    {"features": []},
    {"features": np.ones((1, 2)), "length": 1},
    {"features": [[0.5, 0.5], [9.0, 9.0]], "length": 1},
]


def test_rows_are_padded_and_counted_and_answered_in_order(summer):
    answers = summer.predict(ROWS)
    assert answers == [
        {"sums": [9.0, 12.0], "steps": 3},
        {"sums": [0.0, 0.0], "steps": 0},
        {"sums": [1.0, 1.0], "steps": 1},
        {"sums": [9.5, 9.5], "steps": 1},
    ]
    (batch,) = summer.batches
    assert batch["features"].shape == (4, 3, 2) and batch["features"].dtype == np.float32
    assert summer.predict(ROWS, batch_size=1) == answers


def test_rows_of_like_length_are_put_together(summer):
    summer.predict([{"features": [[0, 0]] * length} for length in (9, 1, 8, 2)], batch_size=2)
    assert [batch["features"].shape[1] for batch in summer.batches] == [2, 9]


def test_sequences_of_strings_are_padded_too(summer):
    answers = summer.predict([{"tokens": ["a", "é"]}, {"tokens": []}, {"tokens": ["b"]}], "join")
    assert [answer["joined"] for answer in answers] == ["a é", "", "b"]


def test_no_rows_have_no_answers(summer):
    assert summer.predict([]) == []


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"featurs": [[1, 2]]}, "nearest:  features"),
        ({"length": 3}, "features: an input is missing"),
        ({"features": [[1, 2, 3]]}, "features: has the wrong shape"),
        ({"features": [1, 2]}, "features: has the wrong shape"),
        ({"features": 1.5}, "features: has the wrong shape"),
        ({"features": [[1, 2], [3]]}, "features: cannot be a float32 tensor"),
        ({"features": [["a", "b"]]}, "features: cannot be a float32 tensor"),
        ({"features": [[1, 2]], "length": 1.5}, "length: cannot be a int32 tensor"),
        ("a text", "takes no texts"),
        (3, "takes no texts"),
    ],
)
def test_rows_that_do_not_fit_are_told(summer, row, told):
    with pytest.raises(UserError) as caught:
        summer.predict([ROWS[0], row])
    assert told in str(caught.value)


def test_one_row_is_no_list_of_rows(summer):
    with pytest.raises(UserError, match="a list of texts or rows"):
        summer.predict(ROWS[0])


def test_texts_and_rows_may_be_mixed_where_texts_are_taken(predictor):
    by_text, by_name = predictor.predict(["ab", {"text": "ab", "threshold": 0.5}], "tag", threshold=0.5)
    assert by_text == by_name


def test_lines_are_objects_where_no_text_is_taken(summer):
    lines = ['{"features": [[1, 2]], "id": 7}\n', '{"features": []}\n']
    assert [answer["sums"] for answer in predict_lines(summer, lines)] == [[1.0, 2.0], [0.0, 0.0]]
    with pytest.raises(UserError, match="line 2 is not JSON"):
        list(predict_lines(summer, [lines[0], "hello\n"]))
    with pytest.raises(UserError, match="line 1 does not fit: features: has the wrong shape"):
        list(predict_lines(summer, ['{"features": [[1]]}']))


def test_files_of_rows(summer, tmp_path):
    source, target = tmp_path / "rows.jsonl", tmp_path / "answers.jsonl"
    good = ['{"features": [[1, 2], [3, 4]]}', "", '{"features": [[5, 6]], "length": 1}']
    bad = ["[1]", '{"text": "no"}', '{"features": [[1, 2, 3]]}', "nonsense"]
    source.write_text("\n".join(good) + "\n")
    assert predict_file(summer, source, target).answered == 2
    assert [json.loads(line)["sums"] for line in target.read_text().splitlines()] == [[4.0, 6.0], [5.0, 6.0]]
    source.write_text("\n".join(good + bad) + "\n")
    with pytest.raises(UserError, match="line 4 is not a JSON object"):
        predict_file(summer, source, target)
    counts = predict_file(summer, source, target, skip_bad_lines=True)
    assert (counts.answered, counts.skipped) == (2, 4)
    assert [number for number, _ in counts.bad_lines] == [4, 5, 6, 7]


def test_a_text_file_is_for_models_of_texts(summer, tmp_path):
    (tmp_path / "texts.txt").write_text("a text\n")
    with pytest.raises(UserError, match="takes no texts"):
        predict_file(summer, tmp_path / "texts.txt", tmp_path / "answers.jsonl")
