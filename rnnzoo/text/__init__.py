"""Strings ↔ ids in TensorFlow core ops: normalisation, tokenizers, vocabularies, pipelines."""

from rnnzoo.text.affixes import AffixEncoder, build_affix_encoder
from rnnzoo.text.ngrams import NgramEncoder, build_ngram_encoder
from rnnzoo.text.pipeline import TextPipeline, to_dense
from rnnzoo.text.pretrained_vectors import PretrainedVectors, load_pretrained_vectors
from rnnzoo.text.special_tokens import BOS_ID, EOS_ID, PAD_ID, SPECIAL_TOKENS, UNKNOWN_ID
from rnnzoo.text.tag_schemes import (
    TAG_SCHEMES,
    Span,
    TagProblem,
    allowed_transitions,
    convert_tags,
    detect_tag_scheme,
    find_spans,
    find_tag_problems,
    make_tags,
    resolve_tag_scheme,
)
from rnnzoo.text.tokenization import (
    CharacterTokenizer,
    Tokenizer,
    TreebankTokenizer,
    WordTokenizer,
    lower_case,
    make_tokenizer,
    make_valid_utf8,
)
from rnnzoo.text.vocabulary import Vocabulary, build_vocabulary, count_tokens
from rnnzoo.text.word_characters import WordCharacterEncoder, build_word_character_encoder
from rnnzoo.text.word_pipeline import WordPipeline
from rnnzoo.text.word_shapes import WORD_SHAPES, encode_word_shapes

__all__ = [
    "BOS_ID",
    "EOS_ID",
    "PAD_ID",
    "SPECIAL_TOKENS",
    "TAG_SCHEMES",
    "UNKNOWN_ID",
    "WORD_SHAPES",
    "AffixEncoder",
    "CharacterTokenizer",
    "NgramEncoder",
    "PretrainedVectors",
    "Span",
    "TagProblem",
    "TextPipeline",
    "Tokenizer",
    "TreebankTokenizer",
    "Vocabulary",
    "WordCharacterEncoder",
    "WordPipeline",
    "WordTokenizer",
    "allowed_transitions",
    "build_affix_encoder",
    "build_ngram_encoder",
    "build_vocabulary",
    "build_word_character_encoder",
    "convert_tags",
    "count_tokens",
    "detect_tag_scheme",
    "encode_word_shapes",
    "find_spans",
    "find_tag_problems",
    "load_pretrained_vectors",
    "lower_case",
    "make_tags",
    "make_tokenizer",
    "make_valid_utf8",
    "resolve_tag_scheme",
    "to_dense",
]
