import collections
import itertools
import os
import subprocess
import sys

import pytest

from rnnzoo.datasets.mini import lexicon, names
from rnnzoo.datasets.mini.description import CONFIGURATIONS, ENTITIES, UPOS
from rnnzoo.datasets.mini.sentences import generate_sentences

OPINION_WORDS = {"better": 1, "worse": -1}
for pair in lexicon.OPINION_PAIRS:
    OPINION_WORDS |= {pair.positive.text: 1, pair.negative.text: -1}
for pair in lexicon.ATTITUDES:
    for verb, sign in ((pair.positive, 1), (pair.negative, -1)):
        OPINION_WORDS |= {verb.base: sign, verb.third: sign, verb.past: sign}
STRONG = {"very", "really", "extremely", "absolutely", "greatly", "much", "far"}
MILD = {"rather", "fairly", "somewhat", "bit", "slightly"}


@pytest.fixture(scope="module")
def splits():
    return {split: list(generate_sentences(split)) for split in CONFIGURATIONS["sentences"].splits}


def read_rating(example):
    """Reads a sentence as a person would, from its surface, with nothing of the parse tree."""
    words = [word.lower() for word in example["tokens"]]
    tags = example["upos"]
    cut = find_apposition(words, tags)
    while cut:
        words, tags = words[: cut[0]] + words[cut[1] :], tags[: cut[0]] + tags[cut[1] :]
        cut = find_apposition(words, tags)
    for position in range(1, len(words)):
        if words[position - 1] == "," and words[position] in ("but", "and"):
            words, tags = words[position + 1 :], tags[position + 1 :]
            break
        if words[position - 1] == "," and words[position] == "although":
            words, tags = words[:position], tags[:position]
            break
    if tags[0] == "SCONJ":
        comma = words.index(",")
        words, tags = words[comma + 1 :], tags[comma + 1 :]
    thats = [i for i, (word, tag) in enumerate(zip(words, tags, strict=True)) if word == "that" and tag == "SCONJ"]
    outer, inner = (words[: thats[0]], words[thats[0] :]) if thats else ([], words)
    (sign,) = [OPINION_WORDS[word] for word in inner if word in OPINION_WORDS]
    strength = 3 if STRONG & set(inner) else 1 if MILD & set(inner) else 2
    value = sign * strength
    if "not" in inner:
        value = -3 * sign if ("at", "all") in itertools.pairwise(inner) else negate(value)
    return negate(value) if {"not", "nobody"} & set(outer) else value


def find_apposition(words, tags):
    for start, word in enumerate(words):
        if word != "," or words[start + 1] not in ("a", "an"):
            continue
        end = start + 2 + (tags[start + 2] == "ADJ")
        if tags[end] == "NOUN" and tags[end + 1] == "PUNCT":
            # The comma behind also ends the clause where a new subject or a conjunction follows.
            goes_on = tags[end + 2 : end + 3] and tags[end + 2] not in ("DET", "PRON", "PROPN", "CCONJ", "SCONJ")
            ends_phrase = words[end + 1] == "," and (goes_on or words[end + 3] == "bit")
            return start, end + (2 if ends_phrase else 1)
    return None


def negate(value):
    return -(1 if value > 0 else -1) * {3: 1, 2: 2, 1: 2}[abs(value)]


def test_sizes_and_balance(splits):
    for split, size in CONFIGURATIONS["sentences"].splits.items():
        assert len(splits[split]) == size
        assert set(collections.Counter(e["sentiment"] for e in splits[split]).values()) == {size // 2}
        assert set(collections.Counter(e["rating"] for e in splits[split]).values()) == {size // 5}


def test_no_text_occurs_twice(splits):
    texts = [example["text"] for examples in splits.values() for example in examples]
    assert len(set(texts)) == len(texts)
    assert len({text.lower() for text in texts}) == len(texts)


def test_a_reader_of_the_surface_finds_every_label(splits):
    for examples in splits.values():
        for example in examples:
            value = read_rating(example)
            assert example["sentiment"] == ("positive" if value > 0 else "negative"), example["text"]
            assert example["rating"] == {3: "5", 2: "4", 1: "3", -1: "3", -2: "2", -3: "1"}[value], example["text"]


def test_tokens_carry_one_tag_each(splits):
    for example in splits["test"]:
        assert len(example["tokens"]) == len(example["upos"]) == len(example["entities"])
        assert set(example["upos"]) <= set(UPOS)
        assert set(example["entities"]) <= set(ENTITIES)
        for before, tag in zip(["O", *example["entities"]], example["entities"], strict=False):
            assert not tag.startswith("I-") or before[2:] == tag[2:]
    assert {tag for example in splits["train"] for tag in example["upos"]} == set(UPOS)
    assert {tag for example in splits["train"] for tag in example["entities"]} == set(ENTITIES)


def test_text_is_written_naturally(splits):
    for example in splits["test"]:
        text = example["text"]
        assert text.replace(" ", "") == "".join(example["tokens"])
        assert text[0].isupper()
        assert text[-1] in ".!"
        assert " ," not in text and ", ," not in text and ",," not in text and ",." not in text


@pytest.mark.parametrize(("ngrams", "limit"), [((1, 1), 0.65), ((1, 2), 0.85)])
def test_counting_words_does_not_find_the_sentiment(splits, ngrams, limit):
    text_features = pytest.importorskip("sklearn.feature_extraction.text")
    linear = pytest.importorskip("sklearn.linear_model")
    vectorizer = text_features.CountVectorizer(ngram_range=ngrams)
    train = vectorizer.fit_transform([example["text"] for example in splits["train"]])
    test = vectorizer.transform([example["text"] for example in splits["test"]])
    model = linear.LogisticRegression(max_iter=500, C=0.3)
    model.fit(train, [example["sentiment"] for example in splits["train"]])
    assert model.score(test, [example["sentiment"] for example in splits["test"]]) <= limit


def measure_dictionary(splits, feature, default):
    counts = collections.defaultdict(collections.Counter)
    for example in splits["train"]:
        for token, tag in zip(example["tokens"], example[feature], strict=True):
            counts[token.lower()][tag] += 1
    hits = [
        (counts[token.lower()].most_common(1)[0][0] if token.lower() in counts else default) == tag
        for example in splits["test"]
        for token, tag in zip(example["tokens"], example[feature], strict=True)
    ]
    return sum(hits) / len(hits)


def test_a_dictionary_does_not_find_the_tags(splits):
    assert 0.90 < measure_dictionary(splits, "upos", "NOUN") < 0.965
    assert measure_dictionary(splits, "entities", "O") < 0.98


def test_names_are_told_by_context(splits):
    kinds = collections.defaultdict(set)
    for example in splits["train"]:
        for token, tag in zip(example["tokens"], example["entities"], strict=True):
            if token in names.SHARED:
                kinds[token].add(tag)
    assert all(kinds[name] >= {"B-PERSON", "B-PLACE", "B-ORGANISATION"} for name in names.SHARED)


def test_some_words_and_names_are_held_out_of_train(splits):
    train = {token for example in splits["train"] for token in example["tokens"]}
    held_out_nouns = {noun.singular for noun in lexicon.NOUNS if noun.held_out}
    assert not train & (held_out_nouns | set(names.HELD_OUT_SHARED))
    for split in ("validation", "test"):
        tokens = {token for example in splits[split] for token in example["tokens"]}
        assert tokens & held_out_nouns
        assert tokens & set(names.HELD_OUT_SHARED)


def test_opinion_words_of_the_test_split_occur_in_train(splits):
    train = {token for example in splits["train"] for token in example["tokens"]}
    tokens = {token for example in splits["test"] for token in example["tokens"]}
    assert tokens & set(OPINION_WORDS) <= train


@pytest.mark.slow
def test_examples_do_not_depend_on_the_process():
    code = (
        "import hashlib; from rnnzoo.datasets.mini.sentences import generate_sentences as s;"
        "from rnnzoo.datasets.mini.stories import generate_stories as t;"
        "print(hashlib.sha256(repr([*s('test'), *t('train')]).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
