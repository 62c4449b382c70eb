"""Files of tagged words are not taken for tables of texts."""

import pytest

from rnnzoo.config import UserError
from rnnzoo.datasets.guessing import guess_layout
from tests.datasets.own_files import write

TAGGED = "Ann\tB-PER\nmet\tO\n\nus\tO\n\nhi\tO\n.\tO\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.conll", "Ann\tB-PER\n"),
        ("a.conllu.gz", "1\tAnn\t_\n"),
        ("a.tsv", TAGGED),
        ("a.txt", TAGGED.replace("\t", " ")),
        ("a.txt", TAGGED.replace("\t", " x ")),
    ],
)
def test_tagged_words_are_told_from_texts(tmp_path, name, content):
    with pytest.raises(UserError, match=r'tagged words, a word a line[\s\S]*task = "sequence_tagging"'):
        guess_layout(tmp_path / write(tmp_path / name, content))


def test_a_folder_of_tagged_words_is_told_too(tmp_path):
    for split in ("train", "dev", "test"):
        write(tmp_path / f"{split}.conll", TAGGED)
    with pytest.raises(UserError, match="tagged words"):
        guess_layout(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "good film\tup\n\nbad film\tdown\n\nso so\tup\n\nwell\tup\n",
        "text\tlabel\ngood\tup\nbad\tdown\n\n",
        "text,label\ngood,up\n\nbad,down\n\nbad,down\n",
    ],
)
def test_tables_with_blank_lines_are_tables(tmp_path, content):
    assert guess_layout(tmp_path / write(tmp_path / "a.data", content)).format in ("csv", "tsv")
