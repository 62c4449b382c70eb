"""The ids that every vocabulary begins with."""

from rnnzoo.text import BOS_ID, EOS_ID, PAD_ID, SPECIAL_TOKENS, UNKNOWN_ID


def test_ids_and_names_belong_together():
    assert (PAD_ID, UNKNOWN_ID, BOS_ID, EOS_ID) == (0, 1, 2, 3)
    assert SPECIAL_TOKENS == ("<pad>", "<unk>", "<bos>", "<eos>")
