"""Strings ↔ ids in TensorFlow core ops: normalisation, tokenizers, vocabularies, pipelines; and schemes of tags."""

import importlib
from typing import Any

# A module is imported when one of its names is asked for: those of tag schemes need no TensorFlow.
_MODULES = {
    "affixes": ("AffixEncoder", "build_affix_encoder"),
    "byte_vocabulary": ("ByteVocabulary",),
    "chunks": ("cut_into_chunks", "join_chunks"),
    "language_pipeline": ("LanguagePipeline",),
    "ngrams": ("NgramEncoder", "build_ngram_encoder"),
    "pair_pipeline": ("PairPipeline",),
    "pieces": ("cut_into_pieces",),
    "pipeline": ("TextPipeline", "to_dense"),
    "pretrained_vectors": ("PretrainedVectors", "load_pretrained_vectors"),
    "special_tokens": ("BOS_ID", "EOS_ID", "PAD_ID", "SPECIAL_TOKENS", "UNKNOWN_ID"),
    "string_file": ("load_strings", "save_strings"),
    "subword_learning": ("cut_by_longest_match", "learn_pieces"),
    "subwords": ("SubwordTokenizer",),
    "tag_schemes": (
        "OUTSIDE",
        "TAG_SCHEMES",
        "Span",
        "TagProblem",
        "allowed_transitions",
        "convert_tags",
        "detect_tag_scheme",
        "find_spans",
        "find_tag_problems",
        "make_tags",
        "resolve_tag_scheme",
    ),
    "text_units": ("CharacterUnits", "TextUnits", "WordUnits"),
    "tokenization": (
        "CharacterTokenizer",
        "Tokenizer",
        "TreebankTokenizer",
        "WordTokenizer",
        "lower_case",
        "make_tokenizer",
        "make_valid_utf8",
    ),
    "vocabulary": ("Vocabulary", "build_vocabulary", "count_tokens"),
    "word_characters": ("WordCharacterEncoder", "build_word_character_encoder"),
    "word_pipeline": ("WordPipeline", "fold_words"),
    "word_shapes": ("WORD_SHAPES", "encode_word_shapes"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
