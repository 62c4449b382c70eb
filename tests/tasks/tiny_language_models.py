"""Tiny untrained language models, for the tests of the task and of what it serves."""

import tempfile
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.config import dump_config, parse_config
from rnnzoo.serving import Predictor, Signature, TensorInfo
from rnnzoo.tasks.feature_pipeline import FeaturePipeline
from rnnzoo.tasks.language_conditions import ClassConditions, VectorConditions
from rnnzoo.tasks.registry import make_task
from rnnzoo.text import LanguagePipeline

TEXTS = ["to be, or not to be:", "that is the question", "whether it's nobler in the mind to suffer", "é 日 b"]
CLASSES = ("one", "two", "three")
VARIANTS = {
    "stream": {"model": {"num_layers": 2}},
    "documents": {"data": {"documents": True}, "model": {"cell": "gru", "num_layers": 2, "stack": "plain"}},
    "one_hot": {"data": {"documents": True}, "model": {"input": "one_hot", "stack": "plain"}},
    "bytes": {"text": {"unit": "bytes"}, "model": {"cell": "lstm", "num_layers": 2}},
    "words": {"text": {"unit": "words"}, "data": {"documents": True}, "model": {"tie_embeddings": True}},
    "lowercase": {"text": {"lowercase": True}},
    "classes": {"data": {"documents": True, "condition_feature": "label"}, "model": {"cell": "lstm"}},
    "vectors": {"data": {"documents": True, "condition_feature": "vector"}},
}
SETTINGS = {"max_tokens": 12, "temperature": 1.0, "top_k": 0, "top_p": 1.0, "stop": "", "seed": 1}


class TinyLanguageModel(Predictor):
    """A task that knows `TEXTS`, a model none of whose weights is zero, and its signatures, asked in this process."""

    def __init__(self, variant, **sections):
        given = VARIANTS[variant]
        defaults = {
            "data": {"dataset": "tiny"},
            "text": {"min_count": 1, "max_length": 60},
            "model": {"units": 6, "embedding_dim": 5, "dropout": 0.0},
            "train": {"window_length": 8, "batch_size": 3},
            "decode": {"max_tokens": 10, "max_tokens_limit": 30},
        }
        values = {name: {**defaults[name], **given.get(name, {}), **sections.get(name, {})} for name in defaults}
        self.config = parse_config({"name": "lm/tiny", "task": "language_modeling", **values})
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder
        extra = self.folder / "assets.extra"
        extra.mkdir()
        (extra / "config.toml").write_text(dump_config(self.config))
        LanguagePipeline.learn(self.config.text, [text.encode() for text in TEXTS]).save(extra)
        condition = self.config.data.condition_feature
        if condition:
            pipeline = FeaturePipeline(np.array([1.0, 2.0], np.float32), np.array([0.5, 4.0], np.float32), 1)
            (ClassConditions(CLASSES) if condition == "label" else VectorConditions(pipeline)).save(extra)
        self.condition_values = {"label": [*CLASSES, ""], "vector": [[0, 0], [1, -9], [2, 3]]}.get(condition, [])
        self.condition_input = {"label": "label", "vector": "features"}.get(condition)
        self.task = make_task(self.config)
        self.task.load_vocabularies(extra)
        keras.utils.set_random_seed(1)
        self.model = self.task.build_model()
        random = np.random.default_rng(1)
        for weight in self.model.trainable_weights:
            weight.assign_add(random.normal(0.0, 0.3, weight.shape))
        self.module, self.functions = self.task.make_serving_module(self.model)

    def signatures(self):
        return {
            name: Signature(
                {spec.name: TensorInfo(spec.dtype.name, tuple(spec.shape)) for spec in function.input_signature},
                {key: TensorInfo("float32", ()) for key in ()},
            )
            for name, function in self.functions.items()
        }

    def _run(self, signature, inputs):
        specs = self.functions[signature].input_signature
        answer = self.functions[signature](*[tf.constant(inputs[spec.name], spec.dtype) for spec in specs])
        return {name: value.numpy() for name, value in answer.items()}

    def ask(self, signature, num_rows, rows_from=0, **inputs):
        """Asks for a batch; what is the same for all rows may be given once, and a condition is filled in."""
        if self.condition_input:
            values = self.condition_values
            rows = [values[(rows_from + row) % len(values)] for row in range(num_rows)]
            shape = (num_rows,) if self.condition_input == "label" else (num_rows, 2)
            inputs[self.condition_input] = np.array(rows, object if len(shape) == 1 else np.float32).reshape(shape)
        columns = {
            name: value if isinstance(value, list | np.ndarray) else [value] * num_rows
            for name, value in inputs.items()
        }
        return self.call(signature, **columns)

    def generate(self, prompts, rows_from=0, **settings):
        return self.ask("generate", len(prompts), rows_from, prompt=prompts, **{**SETTINGS, **settings})[
            "text"
        ].tolist()


class TinyDataset:
    """Splits of examples in memory, of which a task sees what it sees of a TFDS set."""

    def __init__(self, splits, **features):
        self._splits = splits
        self.description = SimpleNamespace(features=features)

    def fingerprint(self):
        """Returns what tells the examples from others."""
        return repr(self._splits)

    def read(self, split, features):
        examples = [example for part in split.split("+") for example in self._splits[part]]
        columns = {name: [example[name] for example in examples] for name in features}
        return tf.data.Dataset.from_tensor_slices(columns)


def make_feature(class_names=(), vector_dim=None):
    """Describes a feature that texts are generated from."""
    return SimpleNamespace(class_names=class_names, vector_dim=vector_dim)
