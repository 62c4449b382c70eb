"""What the miniature data set holds, told without TensorFlow."""

from collections.abc import Iterable
from dataclasses import dataclass

from rnnzoo.datasets.description import Feature

SENTIMENTS = ("negative", "positive")
RATINGS = ("1", "2", "3", "4", "5")
UPOS = (
    "ADJ",
    "ADP",
    "ADV",
    "AUX",
    "CCONJ",
    "DET",
    "NOUN",
    "NUM",
    "PART",
    "PRON",
    "PROPN",
    "PUNCT",
    "SCONJ",
    "VERB",
)
ENTITY_KINDS = ("PERSON", "PLACE", "ORGANISATION")
ENTITIES = ("O", *(f"{prefix}-{kind}" for kind in ENTITY_KINDS for prefix in "BI"))
# What the dot of a clip does, by the directions it takes one after the other.
EVENTS = {
    "stays": (),
    "rises": (1,),
    "falls": (-1,),
    "rises and falls": (1, -1),
    "falls and rises": (-1, 1),
    "rises, falls, rises": (1, -1, 1),
    "falls, rises, falls": (-1, 1, -1),
}
MOVEMENTS = {"still": 0, "rising": 1, "falling": -1}
NUM_PIXELS = 8
CAPTION_DIM = 24


def _labels(names: Iterable[str], sequence_depth: int = 0) -> Feature:
    return Feature("class_label", "int64", tuple(names), sequence_depth)


@dataclass(frozen=True)
class Configuration:
    """One configuration of the data set: what it is for, its features and the sizes of its splits."""

    description: str
    features: dict[str, Feature]
    splits: dict[str, int]


CONFIGURATIONS = {
    "sentences": Configuration(
        "Opinions in one sentence, with sentiment, rating, parts of speech, named entities and translation.",
        {
            "text": Feature("text"),
            "sentiment": _labels(SENTIMENTS),
            "rating": _labels(RATINGS),
            "tokens": Feature("text", sequence_depth=1),
            "upos": _labels(UPOS, sequence_depth=1),
            "entities": _labels(ENTITIES, sequence_depth=1),
            "translation": Feature("text"),
        },
        {"train": 8000, "validation": 1000, "test": 1000},
    ),
    "stories": Configuration(
        "Stories of a few sentences about somebody's day, each with a summary of one sentence.",
        {"document": Feature("text"), "summary": Feature("text")},
        {"train": 4000, "validation": 500, "test": 500},
    ),
    "clips": Configuration(
        "Clips of a dot that moves up and down a column of pixels, with what happens in the clip and in every frame.",
        {
            "frames": Feature("tensor", "float32", shape=(None, NUM_PIXELS)),
            "event": _labels(EVENTS),
            "frame_labels": _labels(MOVEMENTS, sequence_depth=1),
        },
        {"train": 4000, "validation": 500, "test": 500},
    ),
    "captions": Configuration(
        "Scenes of two things, each as a noisy vector and as a caption.",
        {"vector": Feature("tensor", "float32", shape=(CAPTION_DIM,)), "caption": Feature("text")},
        {"train": 8000, "validation": 500, "test": 500},
    ),
    "hello": Configuration(
        "The word hello, in each split: the example of four letters with which tutorials begin.",
        {"text": Feature("text")},
        {"train": 1, "validation": 1, "test": 1},
    ),
}


def describe() -> dict[str, dict]:
    """Returns what each configuration holds, so that configs can be checked before anything is loaded.

    Returns:
        dict, configuration name → `{"features": {name: list of class names or None}, "splits": {name: size}}`.

    >>> describe()["sentences"]["features"]["sentiment"]
    ['negative', 'positive']
    """
    return {
        name: {
            "features": {
                feature_name: list(feature.class_names) or None
                for feature_name, feature in configuration.features.items()
            },
            "splits": dict(configuration.splits),
        }
        for name, configuration in CONFIGURATIONS.items()
    }
