from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from rnnzoo.builders import (
    TranslatorStep,
    build_language_model,
    build_sequence_tagger,
    build_text_classifier,
    build_translator,
    check_masks,
)
from rnnzoo.config import UserError, load_config
from rnnzoo.config.schema import ExportSection
from rnnzoo.export.float16_storage import store_tables_as_float16, store_weights_as_float16
from rnnzoo.export.run_export import export_run
from rnnzoo.serving import load
from rnnzoo.training.precision import find_tables, round_for_export
from rnnzoo.training.run import load_run, train_run
from rnnzoo.training.run_folder import RunFolder
from rnnzoo.training.scoring import score_export, score_run

SIZE = 9
CHARACTERS = {"character_vocabulary_size": SIZE, "word_length": 4, "character_dim": 4}
SMALL = {"units": 3, "embedding_dim": 4}
MODELS = {
    "classifier with affixes": (
        lambda: build_text_classifier(3, SIZE, affix_vocabulary_size=SIZE, num_affixes=2, **SMALL),
        {"embedding", "affix_embedding"},
    ),
    "tagger with everything": (
        lambda: build_sequence_tagger(
            3,
            SIZE,
            affix_vocabulary_size=SIZE,
            num_affixes=2,
            num_shapes=SIZE,
            head="crf",
            word_dropout=0.1,
            **CHARACTERS,
            **SMALL,
        ),
        {"embedding", "affix_embedding", "shape_embedding"},
    ),
    "classifier of features": (lambda: build_text_classifier(3, feature_dim=2, units=3), set()),
    "one-hot classifier": (lambda: build_text_classifier(3, SIZE, input="one_hot", units=3), set()),
}


def make_inputs(model):
    random = np.random.default_rng(2)
    inputs = {}
    for tensor in model.inputs:
        shape = [2, *(5 if size is None else size for size in tensor.shape[1:])]
        is_integer = keras.backend.is_int_dtype(tensor.dtype)
        inputs[tensor.name] = random.integers(0, SIZE, shape) if is_integer else random.normal(size=shape)
    return inputs if isinstance(model.input, dict) else inputs[model.input.name]


@pytest.mark.parametrize("name", MODELS)
def test_tables_are_float16_and_answers_those_of_the_rounded_model(name):
    build, table_layers = MODELS[name]
    keras.utils.set_random_seed(3)
    model = build()
    exact = model.get_weights()
    round_for_export(model, ExportSection(float16_tables=True))
    stored = store_tables_as_float16(model)
    in_float16 = {weight.path.split("/")[0] for weight in stored.weights if weight.dtype == "float16"}
    assert in_float16 == table_layers
    assert [(weight.path, weight.shape) for weight in stored.weights] == [
        (weight.path, weight.shape) for weight in model.weights
    ]
    assert all(weight.dtype == "float32" for weight in model.weights)
    for before, after, weight in zip(exact, stored.get_weights(), stored.weights, strict=True):
        np.testing.assert_array_equal(before.astype(weight.dtype), after)
    inputs = make_inputs(model)
    np.testing.assert_allclose(stored(inputs), model(inputs), atol=1e-6, rtol=0)
    assert stored(inputs).dtype == "float32"
    check_masks(stored)


def test_a_table_that_was_not_rounded_is_refused():
    keras.utils.set_random_seed(3)
    model = build_text_classifier(3, SIZE, **SMALL)
    with pytest.raises(UserError, match=r"embedding/embeddings.*was not rounded"):
        store_tables_as_float16(model)
    round_for_export(model, ExportSection(float16_tables=True))
    assert store_tables_as_float16(model).count_params() == model.count_params()


@pytest.mark.parametrize(
    "make",
    [
        lambda: build_text_classifier(3, SIZE, bidirectional=True, pooling="attention", **SMALL),
        lambda: build_sequence_tagger(3, SIZE, cell="lstm", **CHARACTERS, **SMALL),
        lambda: build_language_model(SIZE, cell="gru", tie_embeddings=True, **SMALL),
        lambda: build_translator(SIZE, SIZE, units=4, embedding_dim=4, share_embeddings=True, tie_embeddings=True),
        lambda: build_translator(SIZE, SIZE, units=4, embedding_dim=3, attention="additive", input_feeding=True),
    ],
)
def test_all_weights_are_float16_and_answers_those_of_the_rounded_model(make):
    keras.utils.set_random_seed(3)
    model, task = make(), SimpleNamespace(build_model=make)
    with pytest.raises(UserError, match="was not rounded"):
        store_weights_as_float16(task, model)
    round_for_export(model, ExportSection(float16_weights=True))
    stored = store_weights_as_float16(task, model)
    in_float32 = {weight.path.split("/")[0] for weight in stored.weights if weight.dtype != "float16"}
    assert in_float32 <= {"logits"}
    inputs = make_inputs(model)
    for after, before in zip(keras.tree.flatten(stored(inputs)), keras.tree.flatten(model(inputs)), strict=True):
        np.testing.assert_allclose(after, before, atol=1e-6, rtol=0)
        assert after.dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_steps_read_float16_weights():
    def make():
        return build_translator(SIZE, SIZE, units=4, embedding_dim=4, share_embeddings=True, tie_embeddings=True)

    keras.utils.set_random_seed(3)
    model = make()
    round_for_export(model, ExportSection(float16_weights=True))
    source_ids = np.array([[4, 5, 3], [6, 3, 0]])
    answers = []
    for each in (model, store_weights_as_float16(SimpleNamespace(build_model=make), model)):
        step = TranslatorStep(each)
        prepared = step.prepare(step.encode(source_ids))
        answers.append(prepared(tf.constant([4, 5]), prepared.start()[1])[0])
    np.testing.assert_allclose(*answers, atol=1e-6, rtol=0)


TINY = [
    'data.train_split="train[:150]"',
    'data.validation_split="validation[:40]"',
    'data.test_split="test[:40]"',
    "text.suffix_lengths=[2]",
    "model.units=4",
    "model.embedding_dim=2000",
    "train.epochs=1",
    "evaluate.baseline=false",
    "export.max_megabytes=2.0",
]


def train(tmp_path, data_dir, float16_tables):
    config = load_config("sentiment/mini", [*TINY, f"export.float16_tables={str(float16_tables).lower()}"])
    folder = RunFolder.create(config, tmp_path / "runs")
    return folder, train_run(config, folder=folder, data_dir=data_dir)


@pytest.fixture(scope="module")
def exported(tmp_path_factory, mini_data_dir):
    tmp_path = tmp_path_factory.mktemp("float16")
    folder, result = train(tmp_path, mini_data_dir, True)
    path = export_run(folder, tmp_path / "exports").path
    return SimpleNamespace(folder=folder, result=result, path=path, data_dir=mini_data_dir)


@pytest.mark.slow
def test_run_metrics_and_export_have_the_same_scores(exported):
    split, recorded = exported.result["test"]["split"], exported.result["test"]
    _, of_run = score_run(exported.folder, split, data_dir=exported.data_dir)
    assets = RunFolder(exported.path / "assets.extra")
    _, of_export = score_export(assets, load(str(exported.path)).predict, split, data_dir=exported.data_dir)
    for metrics in (of_run.metrics, of_export.metrics):
        for name, value in metrics.items():
            assert recorded[name] == pytest.approx(value, abs=1e-5), name
    assert "stored as float16" in (exported.path / "assets.extra/card.md").read_text()


@pytest.mark.slow
def test_each_table_is_stored_once_as_float16_without_loss(exported):
    _, model = load_run(exported.folder)
    reader = tf.train.load_checkpoint(str(exported.path / "variables/variables"))
    names = [name for name, dtype in reader.get_variable_to_dtype_map().items() if dtype == tf.float16]
    stored = sorted((reader.get_tensor(name) for name in names), key=np.size)
    tables = sorted((np.asarray(layer.embeddings) for layer in find_tables(model)), key=np.size)
    assert len(tables) == 2
    for half, table in zip(stored, tables, strict=True):
        np.testing.assert_array_equal(half, table)
    (data,) = Path(exported.path / "variables").glob("*.data*")
    num_tables = sum(table.size for table in tables)
    assert data.stat().st_size < 1.01 * (2 * num_tables + 4 * (model.count_params() - num_tables))


@pytest.mark.slow
def test_only_what_was_looked_up_is_cast(exported):
    saved_model = saved_model_pb2.SavedModel.FromString((exported.path / "saved_model.pb").read_bytes())
    graph = saved_model.meta_graphs[0].graph_def
    num_read = 0
    for function in graph.library.function:
        nodes = {node.name: node for node in function.node_def}
        tables = {
            node.name
            for node in nodes.values()
            if node.op == "ReadVariableOp" and node.attr["dtype"].type == tf.float16
        }
        readers = [node for node in nodes.values() if tables & {name.split(":")[0] for name in node.input}]
        assert {node.op for node in readers} <= {"GatherV2", "ResourceGather", "Identity", "NoOp"}
        num_read += len(tables)
    assert num_read >= 2


@pytest.mark.slow
def test_the_warning_of_a_large_export_counts_what_is_stored(exported, tmp_path):
    assert "the weights alone take" not in (exported.folder.path / "log.txt").read_text()
    folder, _ = train(tmp_path, exported.data_dir, False)
    assert "the weights alone take" in (folder.path / "log.txt").read_text()
