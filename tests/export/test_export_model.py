import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.export import CheckReport, ExportCheckError
from rnnzoo.export.checks.reference_format import load_reference
from tests.export.tiny_export import ODD_TEXTS, TINY_REQUESTS, export_tiny, tiny_signatures


def test_passes_and_holds_everything(tiny_result):
    path = tiny_result.path
    assert tiny_result.report.passed
    assert (path.name, tiny_result.version) == ("1", 1)
    assert tiny_result.report.directory == path
    assert [child.name for child in path.parent.iterdir()] == ["1"]
    assert {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()} == {
        "assets.extra/card.md",
        "assets.extra/reference.json",
        "assets.extra/tf_serving_warmup_requests",
        "assets.extra/vocabulary/characters.txt",
        "saved_model.pb",
        "variables/variables.data-00000-of-00001",
        "variables/variables.index",
    }


def test_every_weight_is_stored_once(tiny_result, tiny_module):
    assert tiny_result.report.facts["num_stored"] == tiny_module.model.count_params()


def test_c_api_ran_or_was_skipped_with_a_message(tiny_result):
    (note,) = [note for note in tiny_result.report.notes if note.startswith("c_api")]
    assert "run through the C API" in note


def test_folders_can_be_read_by_a_server_of_another_user(tiny_result):
    assert tiny_result.path.stat().st_mode & 0o777 == tiny_result.path.parent.stat().st_mode & 0o777


def test_reference_holds_requests_and_answers(tiny_result, tiny_module):
    reference = load_reference(tiny_result.path)
    assert reference["served_name"] == "toy_tiny"
    request = reference["signatures"]["tag"][0]
    assert request["inputs"]["text"].tolist() == [t if isinstance(t, bytes) else t.encode() for t in ODD_TEXTS]
    inputs = {name: tf.constant(value) for name, value in request["inputs"].items()}
    for name, value in tiny_module.tag(**inputs).items():
        np.testing.assert_array_equal(request["outputs"][name], value.numpy())


def test_reference_is_strict_json(tiny_result):
    def refuse(constant):
        raise AssertionError(constant)

    json.loads((tiny_result.path / "assets.extra/reference.json").read_bytes(), parse_constant=refuse)


def test_next_version(tiny_result, tiny_module, monkeypatch):
    monkeypatch.setattr("rnnzoo.export.exporter.check_export", lambda directory, **_: CheckReport(directory))
    root = tiny_result.path.parents[2]
    (tiny_result.path.parent / "007").mkdir()
    try:
        with pytest.raises(UserError, match="this version is there already"):
            export_tiny(tiny_module, root, version=1)
        result = export_tiny(tiny_module, root)
        assert (result.version, result.path.name) == (8, "8")
        assert (result.path / "saved_model.pb").is_file()
    finally:
        (tiny_result.path.parent / "007").rmdir()
        shutil.rmtree(tiny_result.path.parent / "8", ignore_errors=True)


@pytest.mark.slow
def test_a_failed_check_leaves_nothing(tiny_module, tmp_path):
    root = tmp_path / "new" / "saved_models"
    card = f"trained in {tmp_path.parent.parent}/runs"
    with pytest.raises(ExportCheckError) as caught:
        export_tiny(tiny_module, root, extra_files={"card.md": card}, max_bytes=1000, num_parameters=203)
    text = str(caught.value)
    assert "assets.extra/card.md: holds" in text
    assert "the limit is 1,000" in text
    assert "204 numbers are stored for a model of 203 parameters" in text
    assert len(caught.value.failures) == 3
    assert list(tmp_path.iterdir()) == []


def test_an_error_leaves_nothing_new(tiny_module, tmp_path):
    (tmp_path / "toy").mkdir()
    with pytest.raises(TypeError):
        export_tiny(tiny_module, tmp_path, extra_files={"card.md": None})
    assert [path.name for path in tmp_path.rglob("*")] == ["toy"]


@pytest.mark.parametrize(
    "changes",
    [
        {"requests": {"serving_default": [{"text": ["a"]}]}},
        {"requests": {**TINY_REQUESTS, "other": [{"text": ["a"]}]}},
        {"extra_files": {"../card.md": ""}},
        {"extra_files": {"/card.md": ""}},
        {"extra_files": {"reference.json": ""}},
    ],
)
def test_wrong_arguments(tiny_module, tmp_path, changes):
    with pytest.raises(ValueError, match=r"reference requests|extra file"):
        export_tiny(tiny_module, tmp_path, **changes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({"txt": ["a"]}, "does not have the inputs"),
        ({"text": [3]}, "wants strings"),
        ({"text": [["a"]]}, "wants 1 dimensions"),
        ({"text": []}, "wrong shape"),
    ],
)
def test_a_request_must_fit_its_signature(tiny_module, tmp_path, request_, told):
    signatures = {"serving_default": tiny_signatures(tiny_module)["serving_default"]}
    with pytest.raises(UserError, match=told):
        export_tiny(tiny_module, tmp_path, signatures=signatures, requests={"serving_default": [request_]})


@pytest.mark.parametrize("row_name", ["../up", "/root", "a//b", "", "a/.hidden", "a b"])
def test_row_name_must_be_one(tiny_module, tmp_path, row_name):
    with pytest.raises(UserError, match="not a row name"):
        export_tiny(tiny_module, tmp_path, row_name=row_name)
