"""First settings: small enough to export, long enough for the texts, and by what the texts are like."""

from collections import Counter

import pytest

from rnnzoo.config.run_configs import TextClassificationConfig
from rnnzoo.datasets.text_statistics import TextStatistics
from rnnzoo.tasks.text_settings import choose_settings


def make_statistics(texts, labels=("a", "b")):
    statistics = TextStatistics()
    for place, text in enumerate(texts):
        statistics.add("train", text, labels[place % len(labels)])
    return statistics


@pytest.mark.parametrize("num_examples", [100, 1_500, 9_000, 40_000, 60_000])
@pytest.mark.parametrize("num_classes", [2, 1000])
def test_the_model_fits_into_an_export_however_many_words_there_are(num_examples, num_classes):
    from rnnzoo.builders import build_text_classifier

    statistics = make_statistics(["one two three four"] * num_examples, [f"c{n}" for n in range(num_classes)])
    statistics.word_counts += Counter({f"w{n}": 2 for n in range(30_000)})
    settings = choose_settings(statistics).sections
    config = TextClassificationConfig.model_validate(
        {"name": "a", "task": "text_classification", "data": {"dataset": "b"}, **settings}
    )
    num_words = min(config.text.vocabulary_size, 30_008)
    model = build_text_classifier(len(statistics.labels["train"]), num_words, **config.model.model_dump())
    assert 4 * model.count_params() < 1_000_000 * (config.export.max_megabytes - 1)


@pytest.mark.parametrize(
    ("texts", "tokenizer", "max_length"),
    [
        (["a text of words"] * 99 + ["a text of many " * 10], "words", 8),
        (["a text of words"] * 90 + ["a text of many " * 10] * 10, "words", 40),
        (["word " * 1000] * 100, "words", 384),
        ([f"Name{n}" for n in range(100)], "characters", 8),
        # The same few words again and again are words.
        (["yes", "no", "maybe"] * 40, "words", 8),
        (["これは日本語の文です。"] * 100, "characters", 16),
    ],
)
def test_unit_and_length(texts, tokenizer, max_length):
    text = choose_settings(make_statistics(texts)).sections["text"]
    assert (text["tokenizer"], text["max_length"]) == (tokenizer, max_length)


def test_of_few_texts_every_word_is_kept_and_the_unknown_one_is_learned():
    few = choose_settings(make_statistics([f"the text number {n}" for n in range(100)])).sections
    assert (few["text"]["min_count"], few["model"]["word_dropout"]) == (1, 0.1)
    # 13 batches an epoch: a warm-up of a hundred steps would take a fifth of the training.
    assert few["train"]["warmup_steps"] == 100 // few["train"]["batch_size"] * few["train"]["epochs"] // 10
    many = choose_settings(make_statistics([f"the text number {n}" for n in range(3000)])).sections
    assert "min_count" not in many["text"] and "word_dropout" not in many["model"]
    assert many["train"]["epochs"] < few["train"]["epochs"]
