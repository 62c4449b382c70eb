"""Which examples are held back."""

import numpy as np
import pytest

from rnnzoo.datasets import split_holdout


def make_phrases(seed, num_sentences=60):
    """Sentences with pieces of them, as in SST-2; some sentences are pieces of longer ones, some are short."""
    random = np.random.default_rng(seed)
    texts = []
    for _ in range(num_sentences):
        words = [f"w{number}" for number in random.integers(0, 12, random.integers(2, 12))]
        texts.append(" ".join(words))
        for _ in range(4):
            start, stop = sorted(random.integers(0, len(words) + 1, 2))
            if start < stop:
                texts.append(" ".join(words[start:stop]))
    return [text.encode() for text in random.permutation(texts)]


def is_piece(piece, text):
    return b" " + piece + b" " in b" " + text + b" "


@pytest.mark.parametrize("kind", ["texts", "sentences"])
def test_equal_texts_are_on_one_side_and_no_example_on_both(kind):
    texts = make_phrases(0) * 2
    train, held_back = split_holdout(texts, 0.3, kind)
    assert train.dtype == held_back.dtype == bool and train.shape == held_back.shape == (len(texts),)
    assert train.any() and held_back.any() and not (train & held_back).any()
    chosen = [{text for text, side in zip(texts, mask, strict=True) if side} for mask in (train, held_back)]
    assert not chosen[0] & chosen[1]


@pytest.mark.parametrize("kind", ["texts", "sentences"])
def test_the_order_and_the_number_of_copies_do_not_matter(kind):
    texts = make_phrases(1)
    by_text = {text: sides for text, *sides in zip(texts, *split_holdout(texts, 0.3, kind), strict=True)}
    other = [*reversed(texts), *texts[:20]]
    for text, *sides in zip(other, *split_holdout(iter(other), 0.3, kind), strict=True):
        assert sides == by_text[text]


def test_texts_uses_every_example_and_about_the_share():
    texts = [str(number).encode() for number in range(4000)]
    train, held_back = split_holdout(texts, 0.1, "texts")
    assert (train ^ held_back).all()
    assert 0.08 < held_back.mean() < 0.12


def test_more_is_held_back_of_the_same_texts_where_the_share_is_larger():
    texts = make_phrases(2)
    for kind in ("texts", "sentences"):
        small, large = (split_holdout(texts, share, kind)[1] for share in (0.1, 0.5))
        assert (large | ~small).all() and large.sum() > small.sum()


@pytest.mark.parametrize("seed", range(5))
def test_no_training_text_is_a_piece_of_a_held_back_sentence(seed):
    texts = make_phrases(seed)
    train, held_back = split_holdout(texts, 0.3, "sentences")
    held_back_texts = {text for text, side in zip(texts, held_back, strict=True) if side}
    assert len(held_back_texts) > 3
    for text, side in zip(texts, train, strict=True):
        # Exactly the pieces leave train, nothing else.
        assert side != any(is_piece(text, sentence) for sentence in held_back_texts)
    for sentence in held_back_texts:
        assert len(sentence.split()) >= 5
        assert not any(is_piece(sentence, text) for text in texts if text != sentence)


def test_case_and_blanks_do_not_hide_a_piece():
    whole, piece = b"The film was  not very good", b"NOT very"
    train, held_back = split_holdout([whole, piece, b"a b"], 0.999999, "sentences")
    assert held_back.tolist() == [True, False, False] and train.tolist() == [False, False, True]


def test_long_documents_are_no_trouble():
    texts = [" ".join(f"{document}-{place}" for place in range(2000)).encode() for document in range(20)]
    assert split_holdout(texts, 0.5, "sentences")[1].any()


def test_no_texts():
    assert [mask.tolist() for mask in split_holdout([], 0.1, "sentences")] == [[], []]
