"""Tiny untrained translators, for the tests of the task and of what it serves."""

import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from rnnzoo.config import parse_config
from rnnzoo.serving import Predictor, Signature, TensorInfo
from rnnzoo.tasks.registry import make_task
from rnnzoo.tasks.translation_search import TranslationSearch
from rnnzoo.text import EOS_ID, PairPipeline, to_dense

PAIRS = [
    ("ein Hund läuft", "a dog runs"),
    ("zwei Hunde laufen, und ein Kind lacht", "two dogs run, and a child laughs"),
    ("Nein!", "No!"),
    ("ein Kind", "a child"),
    ("é 日 b", "b é 日"),
]
# `end` is what makes some outputs end early and others at the limit.
VARIANTS = {
    "subwords": {
        "text": {"joint_vocabulary": True},
        "model": {"share_embeddings": True, "tie_embeddings": True, "decoder_layers": 2},
        "end": 7.0,
    },
    "words": {
        "text": {"unit": "words", "lowercase": True},
        "model": {"cell": "gru", "attention": "additive", "stack": "plain"},
        "end": 0.0,
    },
    "characters": {
        "text": {"unit": "characters"},
        "model": {"cell": "lstm", "attention": "dot", "input_feeding": True},
        "end": -1.0,
    },
    "context_vector": {
        "text": {"unit": "characters"},
        "model": {"attention": "none"},
        "decode": {"beam_width": 1},
        "end": 4.0,
    },
}
LIMIT = 15


class TinyTranslator(Predictor):
    """A task that knows `PAIRS`, a model none of whose weights is zero, and its signatures, asked in this process."""

    def __init__(self, variant, **sections):
        given = VARIANTS[variant]
        defaults = {
            "data": {"dataset": "tiny"},
            "text": {"min_count": 1, "vocabulary_size": 60, "max_length": 9},
            "model": {"units": 6, "embedding_dim": 5, "encoder_layers": 1, "decoder_layers": 1, "dropout": 0.0},
            "train": {"batch_size": 3, "num_buckets": 2},
            "decode": {"beam_width": 3, "max_length_ratio": 1.5, "max_length_extra": 4, "max_tokens_limit": LIMIT},
            "evaluate": {},
        }
        values = {name: {**defaults[name], **given.get(name, {}), **sections.get(name, {})} for name in defaults}
        self.config = parse_config({"name": "translate/tiny", "task": "translation", **values})
        folder = Path(tempfile.mkdtemp())
        pairs = [(source.encode(), target.encode()) for source, target in PAIRS]
        PairPipeline.learn(self.config.text, pairs).save(folder)
        self.task = make_task(self.config)
        self.task.load_vocabularies(folder)
        keras.utils.set_random_seed(1)
        self.model = self.task.build_model()
        random = np.random.default_rng(1)
        for weight in self.model.trainable_weights:
            weight.assign_add(random.normal(0.0, 1.0, weight.shape))
        self.shift_end(given["end"])
        self._load()

    def _load(self):
        self.module, self.functions = self.task.make_serving_module(self.model)

    def shift_end(self, by):
        """Makes outputs longer or shorter: adds to the logit of `<eos>`."""
        if self.config.model.tie_embeddings:
            name = "embedding" if self.config.model.share_embeddings else "target_embedding"
            bias = self.model.get_layer(name).output_bias
        else:
            bias = self.model.get_layer("logits").bias
        bias.assign_add(np.where(np.arange(bias.shape[0]) == EOS_ID, by, 0.0))

    def read(self, texts):
        """Returns the ids of sources, padded."""
        return to_dense(self.module.pipeline.encode_source(tf.strings.strip(tf.constant(texts))))

    def search(self, texts, beam_width, num_best=1):
        """Returns the best ids that a search finds."""
        search = TranslationSearch(self.model, self.config.decode)
        return tf.function(lambda source_ids: search(source_ids, beam_width, num_best))(self.read(texts))

    def signatures(self):
        return {
            name: Signature(
                {spec.name: TensorInfo(spec.dtype.name, tuple(spec.shape)) for spec in function.input_signature}, {}
            )
            for name, function in self.functions.items()
        }

    def _run(self, signature, inputs):
        specs = self.functions[signature].input_signature
        answer = self.functions[signature](*[tf.constant(inputs[spec.name], spec.dtype) for spec in specs])
        return {name: value.numpy() for name, value in answer.items()}
