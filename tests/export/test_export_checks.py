"""Broken exports, each caught by the check that is there for it."""

import json
import shutil

import pytest
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.export import check_export, check_exports
from rnnzoo.export.checks import audit_check, c_api_check, session_check
from rnnzoo.export.exporter import _write_saved_model
from rnnzoo.export.reference import compute_reference, write_reference
from tests.export.tiny_export import TEXT, TINY_REQUESTS, tiny_signatures


def audit(directory):
    return audit_check.find_problems(directory, {})["failures"]


def copy_extra(result, target):
    shutil.copytree(result.path / "assets.extra", target / "assets.extra")
    return target


def change_reference(directory, change):
    path = directory / "assets.extra" / "reference.json"
    reference = json.loads(path.read_text(encoding="utf-8"))
    change(reference)
    path.write_text(json.dumps(reference), encoding="utf-8")


def write_unchecked(function, module, target):
    """Writes an export of one signature, whatever the checks would say."""
    signatures = {"serving_default": function}
    _write_saved_model(module, signatures, target)
    (target / "assets.extra").mkdir()
    answered = compute_reference(signatures, {"serving_default": [{"text": ["ab", "c"]}]})
    write_reference(target, answered, served_name="broken", num_parameters=module.model.count_params(), max_bytes=None)
    return target


def test_a_good_export_passes_again_elsewhere(tiny_result, tmp_path):
    moved = shutil.copytree(tiny_result.path, tmp_path / "moved")
    report = check_export(moved, checks=["c_api"])
    assert report.passed, report.failures
    assert set(report.seconds) == {"c_api"}
    assert session_check.check(moved)["failures"] == []
    assert audit(moved) == []


@pytest.mark.slow
def test_a_wrong_stored_answer_is_caught(tiny_result, tmp_path):
    copy = shutil.copytree(tiny_result.path, tmp_path / "copy")

    def change(reference):
        answer = reference["signatures"]["tag"][0]["outputs"]
        answer["scores"]["values"][0][0] += 1e-3
        answer["tags"]["values"][0][0] = "X"

    change_reference(copy, change)
    report = check_export(copy, checks=["session", "c_api"])
    told = [failure for failure in report.failures if "tag, request 0: output" in failure]
    ran = 1 if any("not run" in note for note in report.notes) else 2
    assert len([failure for failure in told if "output scores: differs in 1 places" in failure]) == ran
    assert len([failure for failure in told if "output tags: differs in 1 places" in failure]) == ran


def test_plain_saved_model_save_is_caught(tiny_result, tiny_module, tmp_path):
    signatures = tiny_signatures(tiny_module)
    tf.saved_model.save(tiny_module, str(tmp_path / "plain"), signatures=signatures)
    copy_extra(tiny_result, tmp_path / "plain")
    assert any("request 0" in failure for failure in session_check.check(tmp_path / "plain")["failures"])
    assert any("second handle" in failure for failure in audit(tmp_path / "plain"))


def test_tracking_the_keras_model_is_caught(tiny_result, tiny_module, tmp_path):
    import keras

    archive = keras.export.ExportArchive()
    archive.track(tiny_module)
    archive.track(tiny_module.model)
    for name, function in tiny_signatures(tiny_module).items():
        archive.add_endpoint(name, function)
    archive.write_out(str(tmp_path / "twice"), verbose=False)
    failures = audit(copy_extra(tiny_result, tmp_path / "twice"))
    assert any("numbers are stored for a model of 204 parameters" in failure for failure in failures)
    assert any("the same weights are stored 2 times" in failure for failure in failures)


def test_xla_inside_a_signature_is_caught(tiny_module, tmp_path):
    @tf.function(jit_compile=True)
    def compiled(probabilities):
        return probabilities * 0.5

    @tf.function(input_signature=TEXT)
    def serve(text):
        return {"half": compiled(tiny_module.classify(text)["probabilities"])}

    failures = audit(write_unchecked(serve, tiny_module, tmp_path / "xla"))
    assert any("jit_compile=True" in failure for failure in failures)


def test_python_printing_and_scalars_are_caught(tiny_module, tmp_path):
    @tf.function(input_signature=TEXT)
    def serve(text):
        score = tiny_module.classify(text)["score"]
        tf.print(score)
        score = tf.ensure_shape(tf.py_function(lambda value: value, [score], tf.float32), [None])
        return {"score": score, "mean": tf.reduce_mean(score), "half": tf.cast(score, tf.float16)}

    told = "\n".join(audit(write_unchecked(serve, tiny_module, tmp_path / "python")))
    assert "op EagerPyFunc needs Python" in told
    assert "op PrintV2 prints or debugs" in told
    assert "serving_default, output mean: is a scalar" in told
    assert "serving_default, output half: float16 cannot be sent by REST" in told


def test_answers_that_json_or_batching_cannot_carry_are_caught(tiny_module, tmp_path):
    @tf.function(input_signature=TEXT)
    def serve(text):
        score = tiny_module.classify(text)["score"]
        rows = tf.range(tf.shape(text)[0])
        return {
            "undefined": tf.where(rows == 1, score * float("nan"), score),
            "raw": tf.strings.substr(tf.strings.join(["\N{SNOWMAN}", text]), 0, 2),
            "shared": score[:1],
        }

    told = "\n".join(session_check.check(write_unchecked(serve, tiny_module, tmp_path / "batch"))["failures"])
    assert "output undefined: holds NaN" in told
    assert "output raw: holds bytes that are not UTF-8" in told
    assert "output shared: has shape [1] for a batch of 2" in told
    assert "tf_serving_warmup_requests is missing" in told


def test_a_row_that_changes_with_its_batch_is_caught(tiny_module, tmp_path):
    @tf.function(input_signature=TEXT)
    def serve(text):
        score = tiny_module.classify(text)["score"]
        return {"relative": score / tf.reduce_sum(score)}

    failures = session_check.check(write_unchecked(serve, tiny_module, tmp_path / "relative"))["failures"]
    assert any("output relative, row 1 alone against the same row in its batch" in failure for failure in failures)


def test_a_warm_up_record_that_fails_is_caught(tiny_result, tmp_path):
    from rnnzoo.export.warmup import write_warm_up

    copy = shutil.copytree(tiny_result.path, tmp_path / "copy")
    inputs = load_inputs(tiny_result)
    write_warm_up(copy / "assets.extra", "wrong_name", {"serving_default": [inputs], "no_such": [inputs]})
    told = "\n".join(session_check.check(copy)["failures"])
    assert "warm-up record 0 is for the model 'wrong_name', not 'toy_tiny'" in told
    assert "warm-up record 1 (no_such) fails" in told
    assert "no warm-up record for tag" in told


def load_inputs(result):
    from rnnzoo.export.checks.reference_format import load_reference

    return load_reference(result.path)["signatures"]["serving_default"][0]["inputs"]


def test_warm_up_holds_every_signature(tiny_result):
    from rnnzoo.export.checks.wire_format import read_fields

    path = tiny_result.path / "assets.extra" / "tf_serving_warmup_requests"
    records = [record.numpy() for record in tf.data.TFRecordDataset(str(path))]
    signatures = []
    for record in records:
        request = dict(read_fields(dict(read_fields(record))[6]))[1]
        model_spec = dict(read_fields(dict(read_fields(request))[1]))
        assert model_spec[1] == b"toy_tiny"
        signatures.append(model_spec[3].decode())
    assert signatures == ["serving_default"] * 2 + ["tag"] * len(TINY_REQUESTS["tag"])


def test_warm_up_is_read_by_the_servers_own_package(tiny_result):
    logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    path = tiny_result.path / "assets.extra" / "tf_serving_warmup_requests"
    first = next(iter(tf.data.TFRecordDataset(str(path)))).numpy()
    request = logs.PredictionLog.FromString(first).predict_log.request
    assert (request.model_spec.name, request.model_spec.signature_name) == ("toy_tiny", "serving_default")
    assert tf.make_ndarray(request.inputs["text"])[0] == b"a good film"


def test_without_the_c_library_its_check_is_skipped_with_a_message(tiny_result, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = c_api_check.check(tiny_result.path)
    assert result["failures"] == []
    assert result["notes"] == ["not run through the C API: the tensorflow package is not installed"]


def test_several_exports_are_checked_one_by_one(tiny_result, tmp_path):
    damaged = tmp_path / "damaged"
    shutil.copytree(tiny_result.path, damaged)
    (damaged / "saved_model.pb").write_bytes(b"no graph")
    reports = check_exports([damaged, tiny_result.path], checks=["session"])
    assert [report.passed for report in reports] == [False, True]
    assert "cannot load it" in reports[0].failures[0]


def test_what_is_no_export_is_told(tmp_path):
    with pytest.raises(UserError, match="not an export"):
        check_export(tmp_path)
