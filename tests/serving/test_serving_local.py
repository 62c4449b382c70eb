import subprocess
import sys

import numpy as np
import pytest

from rnnzoo.config import UserError
from rnnzoo.serving import LocalPredictor, TensorInfo, load

TEXTS = ["a much longer text than the others", "", "é 😀", "bad", "middle sized"]


def test_signatures_tell_names_dtypes_and_shapes(predictor):
    signature = predictor.signatures()["tag"]
    assert signature.inputs == {"text": TensorInfo("string", (None,)), "threshold": TensorInfo("float32", (None,))}
    assert signature.outputs["length"].dtype == "int32"
    assert set(predictor.signatures()) == {"serving_default", "tag"}


def test_call_returns_arrays_with_str(predictor):
    answer = predictor.call("tag", text=["ab", "é"], threshold=[0.0, 1.0])
    assert answer["tokens"].tolist() == [["a", "b"], ["é", ""]]
    assert answer["tags"].tolist() == [["P", "P"], ["N", ""]]
    assert answer["scores"].dtype == np.float32


def test_call_replaces_what_is_no_valid_text(predictor):
    answer = predictor.call("tag", text=[b"\xff", "\ud800"], threshold=[0.5, 0.5])
    assert answer["tokens"][0, 0] == "\ufffd"
    assert answer["tokens"][1, 0] == "\ufffd"


def test_predict_gives_plain_values_in_order(predictor):
    answers = predictor.predict(TEXTS, batch_size=2)
    assert len(answers) == len(TEXTS)
    for text, answer in zip(TEXTS, answers, strict=True):
        (alone,) = predictor.predict([text])
        assert answer["label"] == alone["label"]
        assert set(answer) == {"label", "score", "probabilities"}
        assert answer["probabilities"].keys() == {"negative", "positive"}
        assert answer["probabilities"] == pytest.approx(alone["probabilities"], abs=1e-5)
        assert answer["score"] == max(answer["probabilities"].values())
        assert type(answer["score"]) is float


def test_predict_cuts_sequences_to_their_length(predictor):
    answers = predictor.predict(TEXTS, "tag", threshold=0.5)
    assert ["".join(answer["tokens"]) for answer in answers] == TEXTS
    assert all(len(a["tags"]) == len(a["scores"]) == a["length"] == len(t) for t, a in zip(TEXTS, answers, strict=True))


def test_predict_takes_a_setting_for_each_text(predictor):
    answers = predictor.predict(["aaaa", "b"], "tag", threshold=[1.0, 0.0])
    assert [set(answer["tags"]) for answer in answers] == [{"N"}, {"P"}]
    with pytest.raises(UserError, match="1 values for 2 texts"):
        predictor.predict(["a", "b"], "tag", threshold=[1.0])


def test_predict_of_nothing_is_nothing(predictor):
    assert predictor.predict([]) == []


@pytest.mark.parametrize(
    ("signature", "inputs", "told"),
    [
        ("serving_defalt", {"text": ["a"]}, "nearest:  serving_default"),
        ("serving_default", {"txt": ["a"]}, "nearest:  text"),
        ("tag", {"text": ["a"]}, "threshold: an input is missing"),
        ("tag", {"text": ["a"], "threshold": ["b"]}, "threshold: cannot be a float32 tensor"),
        ("tag", {"text": ["a", "b"], "threshold": [0.5]}, "unlike numbers of rows"),
        ("tag", {"text": [["a"]], "threshold": [0.5]}, "text: has the wrong shape"),
        ("serving_default", {"text": [3]}, "3 is not a string"),
    ],
)
def test_mistakes_are_told(predictor, signature, inputs, told):
    with pytest.raises(UserError) as caught:
        predictor.call(signature, **inputs)
    assert told in str(caught.value)


def test_a_single_string_is_no_list_of_texts(predictor):
    with pytest.raises(UserError, match="list of texts"):
        predictor.predict("abc")


def test_load_finds_a_row_by_name(tiny_root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "saved_models").symlink_to(tiny_root)
    assert isinstance(load("toy/tiny"), LocalPredictor)
    with pytest.raises(UserError, match="nearest:  toy/tiny"):
        load("toy/tny")


def test_load_of_a_broken_export_is_told(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"nonsense")
    with pytest.raises(UserError, match="cannot load"):
        load(tmp_path)


def test_importing_does_not_import_tensorflow():
    program = "import sys, rnnzoo.serving; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
