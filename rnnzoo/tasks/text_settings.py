"""First settings of a text classifier, by what its texts are like and how many there are."""

import re
from dataclasses import dataclass
from typing import Any

from rnnzoo.datasets.text_statistics import TextStatistics

# Thai, Lao, Burmese, Khmer, Japanese and Chinese are written without blanks between words.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0002ffff]")
_UNSPACED_SHARE = 0.3
# Texts of a word or two of which this share is seen once: names and the like.
_SHORT_TEXT_WORDS = 2
_SEEN_ONCE_SHARE = 0.2
_LARGEST_MAX_LENGTH = 384
_MOST_PARAMETERS = 900_000  # 3.6 MB; an export may have 5
_WORDS_BY_DEFAULT = 20_000


@dataclass(frozen=True)
class _Size:
    """Settings for up to so many examples."""

    most_examples: float
    batch_size: int
    epochs: int
    patience: int
    learning_rate: float
    units: int
    embedding_dim: int
    dropout: float


# Fewer examples: smaller models, more dropout, smaller batches, more epochs.
_SIZES = (
    _Size(500, 8, 40, 10, 0.002, 32, 32, 0.5),
    _Size(2_000, 16, 30, 8, 0.002, 48, 48, 0.4),
    _Size(10_000, 32, 20, 5, 0.002, 64, 64, 0.4),
    _Size(50_000, 64, 12, 3, 0.002, 128, 64, 0.3),
    _Size(float("inf"), 128, 5, 2, 0.001, 128, 64, 0.3),
)


@dataclass(frozen=True)
class Settings:
    """The sections of a config that depend on the texts.

    Attributes:
        sections: `text`, `model` and `train`.
        comments: What to say of keys, by dotted name.
        reason: Why the texts are cut into words or characters.
    """

    sections: dict[str, dict[str, Any]]
    comments: dict[str, str]
    reason: str


def choose_settings(statistics: TextStatistics) -> Settings:
    """Chooses settings that train in minutes and seldom go wrong; where to begin, not the best there are."""
    num_examples = statistics.labels["train"].total()
    num_classes = len(statistics.labels["train"])
    size = next(size for size in _SIZES if num_examples <= size.most_examples)
    tokenizer, reason = _choose_tokenizer(statistics)
    within, longest = statistics.length_within(tokenizer, 0.99), statistics.length_within(tokenizer, 1.0)
    length = min(longest if longest <= 1.5 * within else within, _LARGEST_MAX_LENGTH)
    text: dict[str, Any] = {
        "tokenizer": tokenizer,
        "lowercase": tokenizer == "words",
        "max_length": max(8, -(-length // 8) * 8),
    }
    model = {"units": size.units, "embedding_dim": size.embedding_dim, "dropout": size.dropout}
    comments = {
        "text.tokenizer": reason,
        "text.max_length": f"99 % of the texts of train have at most {within:,} {tokenizer}, the longest {longest:,}",
        "model": f"for {num_examples:,} examples to train on",
    }
    if tokenizer == "words":
        min_count = 2
        if num_examples <= _SIZES[0].most_examples:
            text["min_count"] = min_count = 1
            model["word_dropout"] = 0.1
            comments["model.word_dropout"] = "so that `<unk>` is learned, though train has no unknown word"
        num_words = sum(count >= min_count for count in statistics.word_counts.values())
        most_words = min(_WORDS_BY_DEFAULT, _count_words_that_fit(size, num_classes))
        if num_words > most_words:
            text["vocabulary_size"] = most_words
            comments["text.vocabulary_size"] = f"of {num_words:,} words; keeps the export small"
    steps = num_examples // size.batch_size * size.epochs
    train = {
        "epochs": size.epochs,
        "batch_size": size.batch_size,
        "learning_rate": size.learning_rate,
        **({"warmup_steps": steps // 10} if steps < 1000 else {}),
        "early_stopping_patience": size.patience,
    }
    return Settings({"text": text, "model": model, "train": train}, comments, reason)


def _choose_tokenizer(statistics: TextStatistics) -> tuple[str, str]:
    counts = statistics.word_counts
    num_words = max(1, counts.total())
    unspaced = sum(count for word, count in counts.items() if _UNSPACED.match(word))
    if unspaced > _UNSPACED_SHARE * num_words:
        return "characters", "the script puts no blanks between words"
    seen_once = sum(count == 1 for count in counts.values()) / num_words
    if statistics.length_within("words", 0.5) <= _SHORT_TEXT_WORDS and seen_once > _SEEN_ONCE_SHARE:
        return "characters", f"most texts are a word or two, and {seen_once:.0%} of the words occur only once"
    return "words", f"most texts have {statistics.length_within('words', 0.5):,} words or more"


def _count_words_that_fit(size: _Size, num_classes: int) -> int:
    """Returns how many embeddings leave room in the export for the recurrent layer and the logits."""
    units, dim = size.units, size.embedding_dim
    others = 2 * units * dim + 6 * units**2 + 4 * units * num_classes
    return max(1000, (_MOST_PARAMETERS - others) // dim // 100 * 100)
