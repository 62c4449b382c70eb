"""The sections of the configs of taggers."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from rnnzoo.config.data_sections import DataSection, TargetData
from rnnzoo.config.schema import (
    Length,
    Number,
    PieceLengths,
    PositiveInt,
    Rate,
    Section,
    TokenSection,
    TrainSection,
    VocabularySize,
    Width,
)


class TokenData(DataSection):
    """Data with a sequence of words in each example."""

    input_key: ClassVar[str] = "tokens_feature"

    tokens_feature: str = Field(
        "tokens", description="feature with the words of a sentence; nested ones by their path, `sentence/words`"
    )
    text_feature: str = Field(
        "",
        description=(
            "feature with the raw text of the sentence, by which is measured how nearly the export cuts a text into "
            "the same words; empty: none"
        ),
    )
    ignored_tags: list[str] = Field(
        [],
        description=(
            "words with these tags are left out of the sentences, in training and in scores: `_` for the multiword "
            "tokens of Universal Dependencies"
        ),
    )


class TagData(TargetData):
    """Data with a tag for each step of a sequence."""

    target_key: ClassVar[str] = "tags_feature"

    tags_feature: str = Field("tags", description="feature with the tags, one a step: a ClassLabel or a string")
    tag_scheme: Literal["auto", "none", "BIO", "IOB1", "BIOES", "BILOU"] = Field(
        "auto",
        description="how the tags mark spans, such as named entities; `none`: they mark none; `auto`: as it looks",
    )


class WordSection(TokenSection):
    """How words become ids, and raw texts words."""

    tokenizer: Literal["treebank", "words"] = Field(
        "treebank",
        description=(
            "how a raw text is cut into words: as English treebanks are; or into words and single punctuation marks"
        ),
    )
    lowercase: bool = Field(
        False, description="look up words and affixes in lower case; characters and shapes tell the case all the same"
    )
    max_length: Length = Field(
        512,
        description=(
            "longest sentence in words; what lies past it is cut in training, and reported, and has no tag in an "
            "answer, which counts as a mistake in scores"
        ),
    )
    characters: bool = Field(True, description="read the characters of each word, case and all")
    word_length: Annotated[int, Field(ge=2, le=1000)] = Field(
        16, description="characters that are read; of a longer word those at its beginning and its end"
    )
    character_vocabulary_size: VocabularySize = Field(
        500, description="largest vocabulary of characters, the four special tokens included"
    )
    character_min_count: PositiveInt = Field(
        3, description="a character seen less often in train becomes `<unk>`, which is learned from these"
    )
    pretrained_vectors: str = Field(
        "",
        description=(
            "text file of GloVe or word2vec, as it is or gzipped, whose vectors the embeddings of words begin with; "
            "their width is `model.embedding_dim`. Looked for where `[data.files]` are; empty: none"
        ),
    )
    shapes: bool = Field(True, description="tell the shape of each word: capitals, digits, punctuation")


class TaggerSection(Section):
    """What all taggers share."""

    bidirectional: bool = Field(True, description="read in both directions")
    locked_dropout: Rate = Field(
        0.0, description="dropout of whole features, the same at all steps of a sequence, where `dropout` is as well"
    )
    head: Literal["softmax", "crf"] = Field(
        "softmax",
        description=(
            "`softmax`: each tag for itself; `crf`: a conditional random field, for tags that fit each other and "
            "keep to their scheme"
        ),
    )
    tag_scheme: Literal["data", "BIO", "BIOES", "BILOU"] = Field(
        "data",
        description=(
            "scheme that the tags of the data are rewritten in for the model, whose answers, and scores, are then in "
            "BIO; `data`: as they are"
        ),
    )


class TaggerTrainSection(TrainSection):
    """The training loop of a tagger."""

    missed_span_cost: Annotated[float, Field(ge=0.0, le=100.0)] = Field(
        0.0,
        description=(
            "of tags that mark spans: added to the logit of `O` in training wherever the truth is another tag, so that "
            "more spans are found, at the price of some that are none (Mohit et al. 2012)"
        ),
    )


class WordFeatureSection(Section):
    """How words that were never seen are read."""

    character_layer: Literal["convolution", "recurrence"] = Field(
        "convolution", description="how the characters of a word become a vector; `recurrence`: of `cell` too"
    )
    character_dim: Width = Field(64, description="width of that vector; even for `recurrence`")
    character_kernel_sizes: Annotated[PieceLengths, Field(min_length=1)] = Field(
        [3], description="widths of the filters of `convolution` in characters; they share `character_dim`"
    )
    character_dropout: Rate = Field(0.0, description="share of training characters replaced by `<unk>`")
    rare_word_dropout: Number = Field(
        0.0,
        description=(
            "a word seen n times in train is replaced by `<unk>` with probability a / (a + n) in training, where a is "
            "this, or with `word_dropout` if that is greater (Kiperwasser and Goldberg 2016); 0: off"
        ),
    )
    shape_dim: Width = Field(16, description="width of the embedding of a word's shape")

    @model_validator(mode="after")
    def _widths_can_be_parted(self):
        if self.character_layer == "recurrence" and self.character_dim % 2:
            raise ValueError(f'an even character_dim for character_layer = "recurrence", not {self.character_dim}')
        if self.character_layer == "convolution" and self.character_dim < len(self.character_kernel_sizes):
            raise ValueError(f"a character_dim of at least {len(self.character_kernel_sizes)}, one a kernel size")
        return self
