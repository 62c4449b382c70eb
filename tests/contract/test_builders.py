"""What every model of every builder must do, whatever its cell, direction and pooling.

A new builder is a few more lines in `make_cases`; the tests read inputs and outputs off the model.
"""

import functools
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.builders import (
    CHARACTER_LAYERS,
    build_language_model,
    build_sequence_tagger,
    build_text_classifier,
    build_translator,
    check_masks,
    report_masks,
)
from rnnzoo.layers import CELLS, POOLINGS, ConditionalRandomField

VOCABULARY_SIZE = 12
LENGTHS = np.array([4, 0, 1, 3])
EMPTY_ROW = 1


class Case(NamedTuple):
    """One model of the battery."""

    name: str
    build: Callable[[], keras.Model]
    output_names: tuple[str, ...]
    # Exported and reloaded in another process too; both take seconds.
    is_representative: bool = False
    # One of many combinations: run with the slow tests.
    is_one_of_many: bool = False


def make_cases() -> Iterator[Case]:
    """Yields every builder × cell × direction × pooling, and one case for each other option."""

    def classifier(name, is_representative=False, **options):
        defaults = {"vocabulary_size": VOCABULARY_SIZE} if "feature_dim" not in options else {}
        build = functools.partial(build_text_classifier, 3, **defaults, units=3, embedding_dim=4, **options)
        return Case(f"text_classifier-{name}", build, ("logits",), is_representative)

    representative = {("simple_rnn", True, "mean_max"), ("gru", False, "last"), ("lstm", True, "attention")}
    for cell in CELLS:
        for bidirectional in (False, True):
            for pooling in POOLINGS:
                name = f"{cell}-{'bidirectional' if bidirectional else 'forward'}-{pooling}"
                is_representative = (cell, bidirectional, pooling) in representative
                case = classifier(name, is_representative, cell=cell, bidirectional=bidirectional, pooling=pooling)
                yield case._replace(is_one_of_many=cell != "simple_rnn" and not is_representative)
    yield classifier("two_layers", num_layers=2, dropout=0.2, recurrent_dropout=0.2, word_dropout=0.2)
    yield classifier("plain", num_layers=2, stack="plain")
    yield classifier("irnn", recurrent_initializer="identity", activation="relu", stack="plain", bidirectional=False)
    yield classifier("one_hot", input="one_hot", word_dropout=0.1)
    yield classifier("affixes", True, affix_vocabulary_size=VOCABULARY_SIZE, num_affixes=3, word_dropout=0.1)
    yield classifier("ngrams", ngram_vocabulary_size=VOCABULARY_SIZE, num_ngrams=2)
    yield classifier("features", True, feature_dim=2, num_layers=2)
    for cell in CELLS:
        yield classifier(f"features_{cell}", feature_dim=2, cell=cell, bidirectional=False, pooling="last")
    yield classifier("features_plain", feature_dim=2, stack="plain", pooling="attention")

    def tagger(name, is_representative=False, **options):
        defaults = {"vocabulary_size": VOCABULARY_SIZE} if "feature_dim" not in options else {}
        build = functools.partial(build_sequence_tagger, 3, **defaults, units=3, embedding_dim=4, **options)
        return Case(f"sequence_tagger-{name}", build, ("logits",), is_representative)

    for cell in CELLS:
        for bidirectional in (False, True):
            yield tagger(
                f"{cell}-{'bidirectional' if bidirectional else 'forward'}", cell=cell, bidirectional=bidirectional
            )
    characters = {"character_vocabulary_size": VOCABULARY_SIZE, "word_length": 4, "character_dim": 4}
    for layer in CHARACTER_LAYERS:
        yield tagger(layer, **characters, character_layer=layer, locked_dropout=0.2, word_dropout=0.2)
    others = {"affix_vocabulary_size": VOCABULARY_SIZE, "num_affixes": 3, "num_shapes": VOCABULARY_SIZE}
    yield tagger("everything", True, **characters, **others, head="crf", num_layers=2)
    yield tagger("plain_lstm", True, **characters, character_layer="recurrence", cell="lstm", stack="plain")
    yield tagger("one_hot", input="one_hot")
    yield tagger("features", True, feature_dim=2, head="crf")

    def language_model(name, is_representative=False, **options):
        options = {"units": 3, "embedding_dim": 4} | options
        build = functools.partial(build_language_model, VOCABULARY_SIZE, **options)
        return Case(f"language_model-{name}", build, ("logits", "state"), is_representative)

    for cell in CELLS:
        yield language_model(cell, cell == "lstm", cell=cell, num_layers=2)
        yield language_model(f"plain_{cell}", cell=cell, stack="plain")
    yield language_model("dropouts", dropout=0.2, locked_dropout=0.2, recurrent_dropout=0.2, word_dropout=0.2)
    yield language_model("irnn", recurrent_initializer="identity", activation="relu", stack="plain")
    yield language_model("one_hot", input="one_hot", word_dropout=0.1)
    yield language_model("tied", tie_embeddings=True, units=4)
    yield language_model("tied_and_projected", True, tie_embeddings=True, word_dropout=0.1, locked_dropout=0.2)
    yield language_model("of_a_class", True, num_classes=VOCABULARY_SIZE, num_layers=2)
    yield language_model("of_a_vector", condition_dim=2, tie_embeddings=True)

    def translator(name, is_representative=False, **options):
        options = {"units": 4, "embedding_dim": 3, "decoder_layers": 1} | options
        build = functools.partial(build_translator, VOCABULARY_SIZE, VOCABULARY_SIZE, **options)
        return Case(f"translator-{name}", build, ("logits",), is_representative)

    yield translator("simple_rnn-dot", True, decoder_layers=2, word_dropout=0.2, locked_dropout=0.2)
    yield translator("gru-general", cell="gru", attention="general", stack="plain")
    yield translator("lstm-additive-tied", cell="lstm", attention="additive", tie_embeddings=True)
    yield translator("context_vector", attention="none", tie_embeddings=True, share_embeddings=True)
    yield translator("input_feeding", True, input_feeding=True, recurrent_dropout=0.2, share_embeddings=True)
    yield translator("input_feeding-lstm", cell="lstm", input_feeding=True, attention="additive", encoder_layers=1)


CASES = list(make_cases())
every_case = pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name, marks=[pytest.mark.slow] * case.is_one_of_many) for case in CASES]
)
representative_case = pytest.mark.parametrize(
    "case", [case for case in CASES if case.is_representative], ids=lambda case: case.name
)


@functools.cache
def build(case: Case) -> keras.Model:
    """Builds a case's model once. No weight is zero, so that an empty sequence has something to show."""
    keras.utils.set_random_seed(1)
    model = case.build()
    random = np.random.default_rng(1)
    for weight in model.trainable_weights:
        weight.assign_add(random.normal(0.0, 0.1, weight.shape))
    return model


def is_sequence(tensor) -> bool:
    return len(tensor.shape) > 1 and tensor.shape[1] is None


def make_inputs(model: keras.Model) -> list[np.ndarray]:
    """Returns sequences of `LENGTHS`, padded on the right, for each input of a model."""
    random = np.random.default_rng(0)
    inputs = []
    for tensor in model.inputs:
        shape = [len(LENGTHS), *(LENGTHS.max() if size is None else size for size in tensor.shape[1:])]
        is_integer = keras.backend.is_int_dtype(tensor.dtype)
        values = random.integers(1, VOCABULARY_SIZE, shape) if is_integer else random.normal(size=shape)
        if is_sequence(tensor):
            values[np.arange(shape[1]) >= LENGTHS[:, None]] = 0
        inputs.append(values.astype(tensor.dtype))
    return inputs


def with_width(model: keras.Model, inputs: list[np.ndarray], width: int) -> list[np.ndarray]:
    """Cuts or pads the sequences to a width."""
    return [
        np.pad(value[:, :width], [(0, 0), (0, max(width - value.shape[1], 0)), *[(0, 0)] * (value.ndim - 2)])
        if is_sequence(tensor)
        else value
        for tensor, value in zip(model.inputs, inputs, strict=True)
    ]


def run(model: keras.Model, inputs: list[np.ndarray]) -> list[np.ndarray]:
    answers = model(keras.tree.pack_sequence_as(model.input, inputs), training=False)
    return [np.asarray(answer) for answer in keras.tree.flatten(answers)]


def assert_same(model: keras.Model, answers, expected, lengths=LENGTHS):
    """Compares answers, those of steps only where they are real."""
    for tensor, answer, reference in zip(model.outputs, answers, expected, strict=True):
        if is_sequence(tensor):
            width = min(answer.shape[1], reference.shape[1])
            real = np.arange(width) < lengths[:, None]
            answer, reference = answer[:, :width][real], reference[:, :width][real]
        np.testing.assert_allclose(answer, reference, atol=1e-5, rtol=0)


@every_case
def test_answers_depend_on_nothing_but_the_sequence(case):
    model = build(case)
    inputs = make_inputs(model)
    batch = run(model, inputs)
    assert all(np.isfinite(answer).all() for answer in batch)
    assert_same(model, run(model, with_width(model, inputs, LENGTHS.max() + 50)), batch)
    for row, length in enumerate(LENGTHS):
        alone = [value[row : row + 1] for value in inputs]
        answers = run(model, with_width(model, alone, max(length, 1)))
        assert_same(model, answers, [answer[row : row + 1] for answer in batch], LENGTHS[row : row + 1])
    order = np.roll(np.arange(len(LENGTHS)), 2)
    answers = run(model, [value[order] for value in inputs])
    assert_same(model, answers, [answer[order] for answer in batch], LENGTHS[order])
    # The answers to different sequences do differ.
    assert max(np.ptp(answer, axis=0).max() for answer in batch) > 1e-3


@every_case
def test_an_empty_sequence_has_an_answer_and_finite_gradients(case):
    model = build(case)
    inputs = [value[[EMPTY_ROW, 0, EMPTY_ROW]] for value in make_inputs(model)]
    with tf.GradientTape() as tape:
        answers = keras.tree.flatten(model(keras.tree.pack_sequence_as(model.input, inputs), training=True))
        loss = tf.add_n([tf.reduce_sum(answer**2) for answer in answers])
        for layer in model.layers:
            if isinstance(layer, ConditionalRandomField):
                loss -= tf.reduce_sum(layer.log_likelihood(answers[0], tf.zeros(answers[0].shape[:2], tf.int32)))
    gradients = tape.gradient(loss, model.trainable_weights)
    for weight, gradient in zip(model.trainable_weights, gradients, strict=True):
        assert gradient is not None, weight.path
        assert np.isfinite(tf.convert_to_tensor(gradient)).all(), weight.path
    for answer in run(model, inputs):
        np.testing.assert_allclose(answer[0], answer[2], atol=1e-6)


@every_case
def test_the_mask_reaches_what_needs_it(case):
    model = build(case)
    check_masks(model)
    report = {row.kind: row.mask for row in report_masks(model)}
    assert "drops" not in report.values()
    assert report["RecurrentStack"] in ("makes", "passes")
    if not any(is_sequence(tensor) for tensor in model.outputs):
        assert report["SequencePooling"] == "uses"


@every_case
def test_names_and_types(case):
    model = build(case)
    names = {"token_ids", "affix_ids", "ngram_ids", "character_ids", "shape_ids", "features"}
    names |= {"source_ids", "target_ids"}
    assert {tensor.name for tensor in model.inputs} <= names | {"initial_state", "condition"}
    assert tuple(model.output_names) == case.output_names
    assert all(tensor.dtype == "float32" for tensor in model.outputs)


@every_case
def test_saves_and_reloads_exactly(case, tmp_path):
    model = build(case)
    model.save(tmp_path / "model.keras")
    reloaded = keras.models.load_model(tmp_path / "model.keras")
    assert reloaded.to_json() == model.to_json()
    inputs = make_inputs(model)
    for answer, expected in zip(run(reloaded, inputs), run(model, inputs), strict=True):
        np.testing.assert_array_equal(answer, expected)


IN_FRESH_PROCESS = """
import sys
import keras, numpy as np
import rnnzoo.builders
for folder in sys.argv[1:]:
    model = keras.models.load_model(f"{folder}/model.keras")
    inputs = [value for _, value in sorted(np.load(f"{folder}/inputs.npz").items())]
    answers = keras.tree.flatten(model(keras.tree.pack_sequence_as(model.input, inputs), training=False))
    np.savez(f"{folder}/answers.npz", *answers)
"""


def test_reloads_exactly_in_a_fresh_process(tmp_path):
    cases = [case for case in CASES if case.is_representative]
    for case in cases:
        folder = tmp_path / case.name
        folder.mkdir()
        build(case).save(folder / "model.keras")
        np.savez(folder / "inputs.npz", *make_inputs(build(case)))
    subprocess.run([sys.executable, "-c", IN_FRESH_PROCESS, *(tmp_path / case.name for case in cases)], check=True)
    for case in cases:
        answers = [value for _, value in sorted(np.load(tmp_path / case.name / "answers.npz").items())]
        expected = run(build(case), make_inputs(build(case)))
        for answer, reference in zip(answers, expected, strict=True):
            np.testing.assert_array_equal(answer, reference)


@representative_case
def test_an_export_answers_as_the_model_does_in_a_session(case, tmp_path):
    model = build(case)
    specs = [tf.TensorSpec(tensor.shape, tensor.dtype, tensor.name) for tensor in model.inputs]

    class Serving(tf.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        @tf.function(input_signature=specs)
        def answer(self, *inputs):
            answers = self.model(keras.tree.pack_sequence_as(model.input, inputs), training=False)
            return dict(zip(model.output_names, keras.tree.flatten(answers), strict=True))

    module = Serving()
    module.answer.get_concrete_function()
    archive = keras.export.ExportArchive()
    archive.track(module)
    archive.add_endpoint("serving_default", module.answer)
    archive.write_out(tmp_path / "export", verbose=False)
    inputs = make_inputs(model)
    session = tf.compat.v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], str(tmp_path / "export"))
    signature = loaded.signature_def["serving_default"]
    outputs = [signature.outputs[name].name for name in model.output_names]
    for width in (LENGTHS.max(), LENGTHS.max() + 50):
        values = with_width(model, inputs, width)
        feed = {signature.inputs[spec.name].name: value for spec, value in zip(specs, values, strict=True)}
        assert_same(model, session.run(outputs, feed), run(model, inputs))
    session.close()
