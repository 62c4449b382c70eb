"""Words as English treebanks have them."""

import time

import pytest
import tensorflow as tf

from rnnzoo.text import TreebankTokenizer, make_tokenizer
from tests.text.odd_strings import ODD_STRINGS

TOKENIZER = TreebankTokenizer(lowercase=False)


def cut(text):
    return b" ".join(TOKENIZER(tf.constant([text]))[0].numpy()).decode()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The soup wasn't good.", "The soup was n't good ."),
        ("Don’t, I’m sure it’s John's!", "Do n’t , I ’m sure it ’s John 's !"),
        ("dont, cannot, gonna, gotta", "do nt , can not , gon na , got ta"),
        ("I cant say im sure.", "I ca nt say i m sure ."),
        ("Im sure, ive seen", "I m sure , i ve seen"),
        ("Mr. Lee met Dr. J. Fox of Acme Inc. in the U.S.", "Mr. Lee met Dr. J. Fox of Acme Inc. in the U.S."),
        ("at 5pm, 10:30 a.m. or 3.5", "at 5 pm , 10:30 a.m. or 3.5"),
        ("It cost $1,000.50 on 04/25/01", "It cost $ 1,000.50 on 04/25/01"),
        ("call 713-853-3242", "call 713-853-3242"),
        ("a well-known e-mail", "a well - known e-mail"),
        ("see http://example.org/a_b?c=1.", "see http://example.org/a_b?c=1 ."),
        ("(www.example.org), ann.lee@example.org", "( www.example.org ) , ann.lee@example.org"),
        ("open report.pdf or my_file", "open report.pdf or my_file"),
        ("the end.Next one", "the end . Next one"),
        ("well... yes!!! -- no?!", "well ... yes !!! -- no ?!"),
        ("hi :) and ;-) <3", "hi :) and ;-) <3"),
        ("@ann likes #rnn", "@ann likes #rnn"),
        ("O'Neill's", "O'Neill 's"),
        ("", ""),
        ("日本語 é", "日本語 é"),
    ],
)
def test_cuts_as_treebanks_do(text, tokens):
    assert cut(text) == tokens


def test_the_miniature_language_is_cut_as_its_tokens_are(mini_data_dir):
    from rnnzoo.datasets import open_dataset

    examples = open_dataset("rnnzoo_mini/sentences", mini_data_dir).read("test", ["text", "tokens"])
    texts, tokens = zip(*((example["text"], example["tokens"].numpy().tolist()) for example in examples), strict=True)
    assert TOKENIZER(tf.stack(texts)).to_list() == list(tokens)


def test_universal_dependencies_are_cut_nearly_as_their_tokens_are(test_data):
    from rnnzoo.datasets import open_dataset
    from rnnzoo.evaluation import score_tokenization

    dataset = open_dataset("universal_dependencies/en_ewt", test_data / "tfds", offline=True)
    ignored = dataset.description.features["upos"].class_names.index("_")
    examples = list(dataset.read("dev[:500]", ["text", "tokens", "upos"]))
    gold = [example["tokens"].numpy()[example["upos"].numpy() != ignored].tolist() for example in examples]
    texts = tf.stack([example["text"] for example in examples])
    assert score_tokenization(gold, TOKENIZER(texts).to_list()).f1 > 0.985
    assert score_tokenization(gold, make_tokenizer("words", False)(texts).to_list()).f1 < 0.95


def test_tokens_of_odd_strings_are_valid_and_the_same_alone_and_in_a_batch():
    tokens = TOKENIZER(tf.constant(ODD_STRINGS)).to_list()
    for text, found in zip(ODD_STRINGS[:-2], tokens, strict=False):
        assert TOKENIZER(tf.constant([text])).to_list() == [found]
        assert all(token.decode() for token in found)


def test_ten_thousand_sentences_take_seconds_at_most():
    texts = tf.constant(["the quick film isn't bad, but I didn't like its ending (3.5/5)."] * 10_000)
    start = time.perf_counter()
    TOKENIZER(texts)
    assert time.perf_counter() - start < 20
