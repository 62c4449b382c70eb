"""The Witten-Bell n-gram model, beside the formula written out and the figure of a public text."""

import numpy as np
import pytest

from rnnzoo.config.language_sections import LanguageTextSection
from rnnzoo.datasets import encode_text, iterate_pieces, open_dataset
from rnnzoo.evaluation import NgramLanguageModel
from rnnzoo.text import LanguagePipeline
from rnnzoo.text.special_tokens import BOS_ID, EOS_ID, UNKNOWN_ID

VOCABULARY_SIZE = 9


def draw_documents(seed, lengths):
    draw = np.random.default_rng(seed)
    parts = [[BOS_ID, *draw.choice([4, 4, 4, 5, 6, 7, UNKNOWN_ID], length), EOS_ID] for length in lengths]
    return np.concatenate(parts)


def probability(train, history, token):
    """The formula, word for word."""
    if history is None:
        return 1 / VOCABULARY_SIZE
    shorter = probability(train, history[1:] if history else None, token)
    n = len(history)
    after = [
        train[place + n]
        for place in range(len(train) - n)
        if train[place : place + n] == history and train[place + n] != BOS_ID
    ]
    if not after:
        return shorter
    types = len(set(after))
    return (after.count(token) + types * shorter) / (len(after) + types)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_are_those_of_the_formula(order):
    train, text = draw_documents(0, [60, 0, 1, 33]), draw_documents(1, [25, 0, 3])
    found = NgramLanguageModel(train, VOCABULARY_SIZE, order).log_probabilities(text)
    start = 0
    for place, token in enumerate(text):
        if token == BOS_ID:
            start = place
            assert found[place] == 0
            continue
        history = text[max(start, place - order + 1) : place].tolist()
        assert np.exp(found[place]) == pytest.approx(probability(train.tolist(), history, token))


def test_probabilities_of_what_may_come_next_add_up_to_one():
    train = draw_documents(0, [80])
    model = NgramLanguageModel(train, VOCABULARY_SIZE, order=4)
    for history in ([BOS_ID], [BOS_ID, 4, 4], [BOS_ID, 8, 5, 4], train[:30].tolist()):
        tokens = [token for token in range(VOCABULARY_SIZE) if token != BOS_ID]
        total = sum(np.exp(model.log_probabilities(np.array([*history, token]))[-1]) for token in tokens)
        # <bos> has the share that the uniform distribution gives it.
        assert 0.99 < total <= 1.0 + 1e-9 and np.isfinite(total)


def test_documents_shorter_than_n_and_empty_texts():
    model = NgramLanguageModel(np.array([BOS_ID, 4, EOS_ID, BOS_ID, EOS_ID]), VOCABULARY_SIZE, order=9)
    assert np.isfinite(model.log_probabilities(draw_documents(0, [20]))).all()
    assert model.log_probabilities(np.zeros(0, int)).shape == (0,)


def test_the_figure_of_tiny_shakespeare(test_data):
    dataset = open_dataset("tiny_shakespeare", test_data / "tfds", offline=True)
    pieces = {name: list(iterate_pieces(dataset.read(name, ["text"]), "text")) for name in dataset.description.splits}
    section = LanguageTextSection(min_count=1)
    pipeline = LanguagePipeline.learn(section, [text for text, _ in pieces["train"]])
    train, validation, both = (
        encode_text(of, pipeline, is_stream=True)
        for of in (pieces["train"], pieces["validation"], pieces["validation"] + pieces["test"])
    )
    assert (train.num_tokens, both.num_tokens) == (1_003_854, 111_540)
    model = NgramLanguageModel(train.with_boundaries(), pipeline.num_ids)
    assert -model.log_probabilities(validation.with_boundaries()).sum() / validation.num_tokens == pytest.approx(
        1.570, abs=5e-4
    )
    of_both = -model.log_probabilities(both.with_boundaries())
    assert of_both.sum() / both.num_tokens == pytest.approx(1.669, abs=5e-4)
    assert of_both[-55_770:].mean() == pytest.approx(1.767, abs=5e-4)
