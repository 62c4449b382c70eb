"""Files of words with their tags, answered by a predictor that knows no TensorFlow."""

import json

import numpy as np
import pytest

from rnnzoo.config.errors import UserError
from rnnzoo.serving import Predictor, Signature, TensorInfo, predict_file

TOKENS = TensorInfo("string", (None, None))
LENGTH = TensorInfo("int32", (None,))
OUTPUTS = {"tags": TOKENS, "length": LENGTH}


class Shouting(Predictor):
    """Tags a word by itself in capitals, four words of a sentence at most."""

    def signatures(self):
        return {
            "serving_default": Signature({"text": TensorInfo("string", (None,))}, {"tokens": TOKENS, **OUTPUTS}),
            "tag_tokens": Signature({"tokens": TOKENS, "length": LENGTH}, OUTPUTS),
        }

    def _run(self, signature, inputs):
        if signature == "tag_tokens":
            length = np.minimum(inputs["length"], 4)
            return {"tags": self._shout(inputs["tokens"]), "length": length}
        rows = [text.split() for text in inputs["text"]]
        tokens = np.full((len(rows), max(map(len, rows))), b"", object)
        for place, row in enumerate(rows):
            tokens[place, : len(row)] = row
        return {"tokens": tokens, "tags": self._shout(tokens), "length": np.array([len(row) for row in rows])}

    def _shout(self, tokens):
        return np.array([[token.upper() for token in row] for row in tokens], object).reshape(tokens.shape)


class NoTagger(Shouting):
    def signatures(self):
        return {"serving_default": Signature({"text": TensorInfo("string", (None,))}, {"label": LENGTH})}


def answer(tmp_path, name, content, output="out.conll", predictor=None):
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    counts = predict_file(predictor or Shouting(), tmp_path / name, tmp_path / output, batch_size=2)
    return counts.answered, (tmp_path / output).read_text(encoding="utf-8")


def test_each_word_gets_one_more_column(tmp_path):
    content = "a\tX\nb\tY\n\n\n# \tO\n"
    assert answer(tmp_path, "in.conll", content) == (2, "a\tX\tA\nb\tY\tB\n\n# \tO\t#\n\n")


def test_columns_may_be_parted_by_blanks_and_lines_end_as_on_windows(tmp_path):
    assert answer(tmp_path, "in.conll", "a X O\r\nb Y O\r\n\r\nc\r\n") == (2, "a X O A\nb Y O B\n\nc\tC\n\n")


def test_words_past_the_greatest_length_are_marked(tmp_path):
    assert answer(tmp_path, "in.conll", "a\nb\nc\nd\ne\n")[1] == "a\tA\nb\tB\nc\tC\nd\tD\ne\t_\n\n"


def test_conllu_has_lines_that_are_no_words(tmp_path):
    lines = ["# text = don't", "1-2\tdon't\t_", "1\tdo\t_", "2\tn't\t_", "2.1\tnull\t_", ""]
    expected = ["# text = don't", "1-2\tdon't\t_", "1\tdo\t_\tDO", "2\tn't\t_\tN'T", "2.1\tnull\t_", "", ""]
    assert answer(tmp_path, "in.conllu", "\n".join(lines)) == (1, "\n".join(expected))


def test_sentences_stay_in_order_whatever_their_length(tmp_path):
    sentences = [["w" + str(place)] * (1 + 7 * place % 4) for place in range(100)]
    content = "\n".join("".join(f"{word}\n" for word in words) for words in sentences)
    num_answered, written = answer(tmp_path, "in.conll", content)
    assert num_answered == 100
    assert written == "".join("".join(f"{word}\t{word.upper()}\n" for word in words) + "\n" for words in sentences)


def test_words_to_json_and_texts_to_conll(tmp_path):
    _, written = answer(tmp_path, "in.conll", "a X\nb Y\n\nc Z", "out.jsonl")
    assert [json.loads(line) for line in written.splitlines()] == [
        {"tokens": ["a", "b"], "tags": ["A", "B"], "length": 2},
        {"tokens": ["c"], "tags": ["C"], "length": 1},
    ]
    assert answer(tmp_path, "in.txt", "a b\nc\n") == (2, "a\tA\nb\tB\n\nc\tC\n\n")


def test_broken_bytes_and_a_byte_order_mark(tmp_path):
    assert answer(tmp_path, "in.conll", b"\xef\xbb\xbfa\nb\xff\n")[1] == "a\tA\nb�\tB�\n\n"


@pytest.mark.parametrize("content", ["1\ta\n2\n", "1\ta\n2\t\t_\n"])
def test_a_line_of_conllu_without_a_word_is_told(tmp_path, content):
    with pytest.raises(UserError, match=r"in\.conllu: line 2 has no word"):
        answer(tmp_path, "in.conllu", content)
    assert not (tmp_path / "out.conll").exists()


def test_a_line_of_conll_without_a_word_is_told(tmp_path):
    with pytest.raises(UserError, match=r"in\.conll: line 2 has no word"):
        answer(tmp_path, "in.conll", "a\tO\n\tO\n")


@pytest.mark.parametrize(("name", "output"), [("in.conll", "out.jsonl"), ("in.txt", "out.conll")])
def test_a_model_without_tags_is_told(tmp_path, name, output):
    with pytest.raises(UserError):
        answer(tmp_path, name, "a\n", output, NoTagger())
    assert not (tmp_path / output).exists()
