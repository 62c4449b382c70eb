"""What the miniature language's data set holds, told without TensorFlow."""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Feature:
    """One feature of a configuration.

    `kind` is text, label, texts or labels; the last two hold one value a token. Labels have class names.
    """

    kind: str
    names: tuple[str, ...] | None = None


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
            "sentiment": Feature("label", SENTIMENTS),
            "rating": Feature("label", RATINGS),
            "tokens": Feature("texts"),
            "upos": Feature("labels", UPOS),
            "entities": Feature("labels", ENTITIES),
            "translation": Feature("text"),
        },
        {"train": 8000, "validation": 1000, "test": 1000},
    ),
    "stories": Configuration(
        "Stories of a few sentences about somebody's day, each with a summary of one sentence.",
        {"document": Feature("text"), "summary": Feature("text")},
        {"train": 4000, "validation": 500, "test": 500},
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
                feature_name: list(feature.names) if feature.names is not None else None
                for feature_name, feature in configuration.features.items()
            },
            "splits": dict(configuration.splits),
        }
        for name, configuration in CONFIGURATIONS.items()
    }
