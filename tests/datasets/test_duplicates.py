"""Equal texts within and across splits, against sets of folded texts."""

import random

from rnnzoo.datasets import duplicates
from rnnzoo.datasets.duplicates import find_duplicates, fold_text


def make_texts(seed, size):
    draw = random.Random(seed)
    return [draw.choice(["A  b{}", "a B{}", "{} é", "{}"]).format(draw.randrange(40)).encode() for _ in range(size)]


def test_they_are_those_that_sets_find(monkeypatch):
    monkeypatch.setattr(duplicates, "_COMPARED_AT_ONCE", 7)
    splits = {name: make_texts(seed, 60) for seed, name in enumerate(("train", "validation", "test"))}
    folded = {name: [fold_text(text.decode()) for text in texts] for name, texts in splits.items()}
    found = find_duplicates(splits)
    assert found.repeated == {name: len(texts) - len(set(texts)) for name, texts in folded.items()}
    assert [shared.splits for shared in found.shared] == [
        ("train", "validation"),
        ("train", "test"),
        ("validation", "test"),
    ]
    for shared in found.shared:
        first, second = (folded[name] for name in shared.splits)
        assert shared.num_texts == len(set(first) & set(second)) > 3
        assert shared.num_examples == sum(text in set(first) for text in second)
        in_order = list(dict.fromkeys(text for text in second if text in set(first)))
        assert [fold_text(text) for text in shared.examples] == in_order[:3]


def test_splits_may_be_empty_or_have_nothing_in_common():
    found = find_duplicates({"train": [], "test": [b"a", b"a"], "other": [b"b"]})
    assert found.repeated == {"train": 0, "test": 1, "other": 0}
    assert all(shared.num_texts == shared.num_examples == 0 and not shared.examples for shared in found.shared)


def test_what_is_read_anew_each_time_will_do():
    class Texts:
        times = 0

        def __iter__(self):
            Texts.times += 1
            return iter([b"one", b"two", b"two"])

    found = find_duplicates({"train": Texts(), "test": Texts()})
    assert found.shared[0].num_examples == 3 and found.shared[0].examples == ("one", "two")
    assert Texts.times == 3
