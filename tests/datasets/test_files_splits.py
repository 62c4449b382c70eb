"""How files become splits: given, or cut by a hash of the text."""

import hashlib

import pytest

from rnnzoo.config import UserError
from tests.datasets.own_files import make_data, survey, write

LABELS = ("up", "down", "level")


def as_tsv(rows):
    return "".join(f"{text}\t{label}\n" for text, label in [("text", "label"), *rows])


def make_rows(number):
    return [(f"text {place}", LABELS[place % 3]) for place in range(number)]


def test_the_cut_is_by_a_hash_of_the_text_and_about_as_large_as_asked_for(tmp_path):
    path = write(tmp_path / "a.tsv", as_tsv(make_rows(3000)))
    rows, report = survey({"path": path, "test_fraction": 0.2})
    assert sorted(rows["train"] + rows["test"]) == sorted(make_rows(3000))
    assert 500 < len(rows["test"]) < 700
    for split, found in rows.items():
        for text, _ in found:
            digest = hashlib.blake2b(text.encode(), digest_size=8, person=b"rnnzoo test").digest()
            assert (int.from_bytes(digest, "big") < 0.2 * 2**64) == (split == "test")
    assert report.notes() == []


def test_the_cut_does_not_depend_on_order_format_or_what_else_is_there(tmp_path):
    few = survey({"path": write(tmp_path / "a.tsv", as_tsv(make_rows(300)))})[0]
    more = survey({"path": write(tmp_path / "b.csv", as_tsv(make_rows(600)[::-1]).replace("\t", ","))})[0]
    assert set(few["train"]) < set(more["train"]) and set(few["test"]) < set(more["test"])


def test_texts_that_differ_in_case_or_spacing_stay_on_one_side(tmp_path):
    variants = ("{}", "{} ", "  {}", "{}\u00a0", "Straße {}", "STRASSE  {}")
    rows = [(variant.format(f"{place} Word"), LABELS[place % 3]) for place in range(200) for variant in variants[:4]]
    rows += [
        (variant.format(f"{place} WORD".lower()), LABELS[place % 3]) for place in range(200) for variant in variants
    ]
    cut, _ = survey({"path": write(tmp_path / "a.tsv", as_tsv(rows)), "test_fraction": 0.5})
    sides = [{" ".join(text.casefold().split()) for text, _ in cut[split]} for split in ("train", "test")]
    assert not sides[0] & sides[1]
    assert len(sides[0]) + len(sides[1]) == 400 and min(map(len, sides)) > 120


def test_the_test_split_and_the_held_back_part_of_train_are_cut_independently(tmp_path):
    from rnnzoo.datasets import split_holdout

    rows, _ = survey({"path": write(tmp_path / "a.tsv", as_tsv(make_rows(3000)))})
    _, held_back = split_holdout([text.encode() for text, _ in rows["train"]], 0.1, "texts")
    assert 0.07 < held_back.mean() < 0.13


def test_labels_that_would_be_in_test_alone_stay_in_train(tmp_path):
    rows = make_rows(300)
    test = survey({"path": write(tmp_path / "a.tsv", as_tsv(rows))})[0]["test"]
    (first, _), (second, _), (third, _) = test[:3]
    # The first text also has a frequent label, and comes twice; the third label has a row in train too.
    rows += [(first, "rare"), (first.upper(), "rare"), (second, "rarer"), (third, "known"), ("text 0", "known")]
    rows += [("text 0", "known")]
    cut, report = survey({"path": write(tmp_path / "b.tsv", as_tsv(rows))})
    assert {label for _, label in cut["test"]} <= {label for _, label in cut["train"]}
    assert {first, first.upper(), second} <= {text for text, _ in cut["train"]}
    assert not {first, first.upper(), second} & {text for text, _ in cut["test"]}
    assert (third, "known") in cut["test"]
    assert report.moved_labels == ["rare", "rarer"] and report.num_moved == 5
    assert any("5 rows" in note and "'rare', 'rarer'" in note for note in report.notes())


def test_too_few_rows_to_cut_are_told(tmp_path):
    path = write(tmp_path / "a.tsv", as_tsv(make_rows(3)))
    with pytest.raises(UserError, match=r"data\.files\.test_fraction: too few rows to cut off a test split: 3"):
        survey({"path": path, "test_fraction": 0.01})
    with pytest.raises(UserError, match=r"data\.files\.test_fraction: too few rows to cut off a test split: 3"):
        survey({"path": path, "test_fraction": 0.9999})


def test_given_splits_are_taken_as_they_are(tmp_path):
    train, validation, test = make_rows(9), make_rows(4)[1:], make_rows(3)
    files = {
        "train": write(tmp_path / "train.tsv", as_tsv(train)),
        "validation": write(
            tmp_path / "dev.jsonl", "".join(f'{{"text": "{t}", "label": "{c}"}}\n' for t, c in validation)
        ),
        "test": write(tmp_path / "test.csv", "label,text\n" + "".join(f"{label},{text}\n" for text, label in test)),
    }
    assert survey(files)[0] == {"train": train, "validation": validation, "test": test}
    assert make_data(files).validation_split == "validation"
    del files["validation"]
    assert survey(files)[0] == {"train": train, "test": test}


def test_given_splits_of_lines(tmp_path):
    files = {}
    for split, rows in (("train", make_rows(9)), ("test", make_rows(3))):
        files[split] = write(tmp_path / f"{split}.txt", "".join(f"{text}\n" for text, _ in rows))
        files[f"{split}_labels"] = write(tmp_path / f"{split}.labels", "".join(f"{label}\n" for _, label in rows))
    assert survey(files)[0] == {"train": make_rows(9), "test": make_rows(3)}


def write_folders(folder, rows):
    for number, (text, label) in enumerate(rows):
        write(folder / label / f"{number:03}.txt", text)
    return str(folder)


def test_folders_of_splits_within_one_folder(tmp_path):
    for split, number in (("train", 9), ("validation", 4), ("test", 3)):
        write_folders(tmp_path / "data" / split, make_rows(number))
    write(tmp_path / "data" / "README", "what this is")
    write_folders(tmp_path / "data" / "unused", make_rows(1))
    rows, report = survey({"path": str(tmp_path / "data")})
    assert {split: sorted(found) for split, found in rows.items()} == {
        "train": sorted(make_rows(9)),
        "validation": sorted(make_rows(4)),
        "test": sorted(make_rows(3)),
    }
    strays = [(defect.file, defect.reason) for defect in report.strays.first]
    assert strays == [(f"{tmp_path}/data/{name}", "not the folder of a split") for name in ("README", "unused")]


def test_folders_given_for_each_split(tmp_path):
    files = {split: write_folders(tmp_path / split, make_rows(number)) for split, number in (("train", 9), ("test", 3))}
    rows, _ = survey(files)
    assert sorted(rows["train"]) == sorted(make_rows(9)) and sorted(rows["test"]) == sorted(make_rows(3))


def test_a_class_may_be_called_train(tmp_path):
    rows = [(text, {"up": "train", "down": "bus", "level": "test"}[label]) for text, label in make_rows(90)]
    cut, _ = survey({"path": write_folders(tmp_path / "data", rows)})
    assert sorted(cut["train"] + cut["test"]) == sorted(rows)


def test_a_label_that_train_never_has_is_told_with_its_line(tmp_path):
    files = {
        "train": write(tmp_path / "train.tsv", as_tsv(make_rows(9))),
        "test": write(
            tmp_path / "test.tsv", as_tsv([*make_rows(3), ("a", "sideways"), ("b", "sideways"), ("c", "Up")])
        ),
    }
    with pytest.raises(UserError, match=r"data\.label_feature: labels that `train` never has") as caught:
        survey(files)
    assert "'sideways' (" in str(caught.value) and "test.tsv, line 5)" in str(caught.value)
    assert "'Up' (" in str(caught.value) and "line 7)" in str(caught.value)


@pytest.mark.parametrize("cut", [True, False])
def test_one_class_only_is_told(tmp_path, cut):
    path = write(tmp_path / "a.tsv", as_tsv([(f"text {place}", "up") for place in range(90)]))
    with pytest.raises(UserError, match=r"data\.label_feature: every row has the same label") as caught:
        survey({"path": path} if cut else {"train": path, "test": path})
    assert "'up'" in str(caught.value)


@pytest.mark.parametrize("split", ["train", "test"])
def test_an_empty_split_is_told(tmp_path, split):
    files = {
        name: write(tmp_path / f"{name}.tsv", as_tsv([] if name == split else make_rows(9)))
        for name in ("train", "test")
    }
    with pytest.raises(UserError, match=rf"{split}\.tsv: no rows"):
        survey(files)


def test_broken_rows_of_all_splits_count_together(tmp_path):
    bad = [("", "up"), ("x", "")]
    files = {split: write(tmp_path / f"{split}.tsv", as_tsv([*make_rows(9), *bad])) for split in ("train", "test")}
    _, report = survey({**files, "max_errors": 4})
    assert report.broken.describe() == "2 × empty `text`, 2 × empty `label`"
    with pytest.raises(UserError, match=r"test\.tsv, line 12"):
        survey({**files, "max_errors": 3})
