"""Examples that every kind of task can read, and configs that read them."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from rnnzoo.config import parse_config
from rnnzoo.datasets import open_dataset
from rnnzoo.tasks.registry import make_task

NAME = "made"
TAGS = ["O", "B-X", "I-X"]
FEATURES = tfds.features.FeaturesDict(
    {
        "text": tfds.features.Text(),
        "reply": tfds.features.Text(),
        "label": tfds.features.ClassLabel(names=["bad", "good", "odd"]),
        "tokens": tfds.features.Sequence(tfds.features.Text()),
        "tags": tfds.features.Sequence(tfds.features.ClassLabel(names=TAGS)),
        "frames": tfds.features.Tensor(shape=(None, 2), dtype=np.float32),
    }
)
# Of each kind of task the keys of [data], and the feature with what is to be said.
KINDS = {
    "text_classification": ({}, "label"),
    "sequence_tagging": ({"tags_feature": "tags"}, "tags"),
    "feature_classification": ({"features_feature": "frames"}, "label"),
    "feature_tagging": ({"features_feature": "frames", "tags_feature": "tags"}, "tags"),
    "language_modeling": ({"documents": True}, None),
    "translation": ({"source_feature": "text", "target_feature": "reply"}, None),
}
# Those on sequences of numbers share what they do with the data with those on words.
QUICK_KINDS = [pytest.param(kind, marks=[pytest.mark.slow] * kind.startswith("feature")) for kind in KINDS]


def make_example(number: int) -> dict:
    num_words = 2 + number % 5
    words = [f"w{(number * 7 + place) % 50}" for place in range(num_words)]
    return {
        "text": f"{number} " + " ".join(words),
        "reply": " ".join(reversed(words)),
        "label": number % 3,
        "tokens": words,
        "tags": [1, 2, 0, 0, 1, 0][:num_words],
        "frames": [[float(number % 9), float(place)] for place in range(num_words)],
    }


def make_config(kind: str, text: dict | None = None, **data):
    values = {"name": "made/set", "task": kind, "data": {"dataset": NAME, **KINDS[kind][0], **data}}
    if not kind.startswith("feature"):
        values["text"] = {"min_count": 1, **(text or {})}
    if kind == "translation":
        values["text"] |= {"unit": "words"}
    values["model"] = {"units": 4} | ({} if kind.startswith("feature") else {"embedding_dim": 4})
    values["train"] = {"epochs": 1, "batch_size": 8}
    return parse_config(values)


def read_all(config, data_dir):
    """Reads the data of a config as a run does: the task, its splits to train and validate on, and to test."""
    dataset, task = open_dataset(NAME, data_dir, offline=True), make_task(config)
    task.learn_vocabularies(dataset)
    train, validation = task.load_training_splits(dataset)
    return task, train, validation, task.load_split(dataset, "test")
