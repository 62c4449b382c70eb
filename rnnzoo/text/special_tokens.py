"""The ids that every vocabulary begins with."""

PAD_ID, UNKNOWN_ID, BOS_ID, EOS_ID = range(4)
SPECIAL_TOKENS = ("<pad>", "<unk>", "<bos>", "<eos>")
