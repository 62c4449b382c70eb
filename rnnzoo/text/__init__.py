"""Strings ↔ ids in TensorFlow core ops: normalisation, tokenizers, vocabularies, pipelines."""

from rnnzoo.text.affixes import AffixEncoder, build_affix_encoder
from rnnzoo.text.pipeline import TextPipeline, to_dense
from rnnzoo.text.special_tokens import BOS_ID, EOS_ID, PAD_ID, SPECIAL_TOKENS, UNKNOWN_ID
from rnnzoo.text.tokenization import CharacterTokenizer, Tokenizer, WordTokenizer, make_tokenizer, make_valid_utf8
from rnnzoo.text.vocabulary import Vocabulary, build_vocabulary, count_tokens

__all__ = [
    "BOS_ID",
    "EOS_ID",
    "PAD_ID",
    "SPECIAL_TOKENS",
    "UNKNOWN_ID",
    "AffixEncoder",
    "CharacterTokenizer",
    "TextPipeline",
    "Tokenizer",
    "Vocabulary",
    "WordTokenizer",
    "build_affix_encoder",
    "build_vocabulary",
    "count_tokens",
    "make_tokenizer",
    "make_valid_utf8",
    "to_dense",
]
