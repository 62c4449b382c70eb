"""The config of runs that turn one text into another."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from rnnzoo.config.base_config import RunConfig
from rnnzoo.config.data_sections import DataSection, TargetData
from rnnzoo.config.schema import (
    CellSection,
    Count,
    EvaluateSection,
    NumLayers,
    PositiveInt,
    Rate,
    Section,
    TextExportSection,
    TrainSection,
    VocabularySize,
    Width,
)

_MOST_UNITS = 10_000


class PairData(TargetData, DataSection):
    """Data with two texts in each example."""

    input_key: ClassVar[str] = "source_feature"
    target_key: ClassVar[str] = "target_feature"

    source_feature: str = Field(
        "source", description="feature with the text to read; nested ones by their path, `translation/de`"
    )
    target_feature: str = Field("target", description="feature with the text to write")
    max_length_ratio: Annotated[float, Field(ge=0.0)] = Field(
        0.0,
        description=(
            "training pairs of which one side has more than so many times the units of the other, and 10 more, are "
            "left out, and reported; 0: none"
        ),
    )


class PairTextSection(Section):
    """How strings become ids, and ids strings."""

    unit: Literal["subwords", "words", "characters"] = Field(
        "subwords", description="unit of the texts: pieces of words that train has, words and marks, or characters"
    )
    lowercase: bool = Field(False, description="lower-case both texts (Unicode); what is written is then lower case")
    joint_vocabulary: bool = Field(False, description="one vocabulary for both sides")
    vocabulary_size: VocabularySize = Field(
        8_000, description="largest vocabulary of each side, or of both together, the four special tokens included"
    )
    min_count: PositiveInt = Field(
        2, description="a word or character, or what pieces are made of, seen less often in train becomes `<unk>`"
    )
    max_length: Annotated[int, Field(ge=1, le=_MOST_UNITS)] = Field(
        100,
        description=(
            "longest text in units: longer training pairs are left out, of what is to be translated the rest is cut; "
            "both are reported"
        ),
    )


class TranslatorSection(CellSection):
    """The encoder and the decoder."""

    units: Annotated[Width, Field(ge=2, multiple_of=2)] = Field(
        256, description="width of the decoder and of the encoder, of which each direction has half"
    )
    encoder_layers: NumLayers = Field(2, description="bidirectional recurrent layers that read")
    decoder_layers: NumLayers = Field(2, description="recurrent layers that write")
    embedding_dim: Width = Field(256, description="width of the embeddings")
    attention: Literal["dot", "general", "additive", "none"] = Field(
        "general",
        description=(
            "how the decoder looks at the source: score h·m, h·W·m or v·tanh(W [h; m]); `none`: all it knows is one "
            "context vector"
        ),
    )
    input_feeding: bool = Field(
        False, description="what the attention found is read at the next step too; training then runs step by step"
    )
    share_embeddings: bool = Field(False, description="one embedding for source and target, of a joint vocabulary")
    tie_embeddings: bool = Field(False, description="use the target's embedding for the output (Press and Wolf 2017)")
    locked_dropout: Rate = Field(
        0.0, description="dropout of whole features, the same at all steps of a text, on embeddings and the output"
    )
    word_dropout: Rate = Field(0.0, description="share of training tokens replaced by `<unk>` in the input")

    @property
    def num_recurrent_layers(self) -> int:
        return self.encoder_layers + self.decoder_layers

    @model_validator(mode="after")
    def _feeding_needs_attention(self):
        if self.input_feeding and self.attention == "none":
            raise ValueError('input_feeding needs an attention, not attention = "none"')
        return self


class SearchSection(Section):
    """How a text is searched for."""

    beam_width: Annotated[int, Field(ge=1, le=64)] = Field(5, description="beginnings that are kept; 1: greedy")
    length_penalty: Annotated[float, Field(ge=0.0, le=10.0)] = Field(
        1.0,
        description="log probabilities are divided by ((5 + length) / 6) to this power (Wu et al. 2016); 0: not at all",
    )
    max_length_ratio: Annotated[float, Field(ge=0.0, le=1000.0)] = Field(
        2.0, description="an output has at most so many units for each of the source, …"
    )
    max_length_extra: Count = Field(10, description="… and so many more, …")
    max_tokens_limit: Annotated[int, Field(ge=1, le=_MOST_UNITS)] = Field(
        200, description="… but never more than this many"
    )


class TranslationEvaluateSection(EvaluateSection):
    """What is reported of a translator."""

    metric: Literal["bleu", "chrf", "exact_match", "character_error_rate", "perplexity"] = Field(
        "bleu", description="the metric that the best epoch is chosen by and that is named first"
    )
    baseline: bool = Field(
        True,
        description=(
            "score beside the model what is given for the most similar source in train; by character error rate: "
            "what counts of aligned characters say"
        ),
    )
    num_decoded: PositiveInt = Field(
        1000, description="validation examples that are decoded, greedily, after each epoch, those that come first"
    )


class TranslationConfig(RunConfig):
    """A run of `translation`: from one text to another."""

    task: Literal["translation"] = Field(description="the kind of system")
    data: PairData
    text: PairTextSection = PairTextSection()
    model: TranslatorSection = TranslatorSection()
    train: TrainSection = TrainSection()
    decode: SearchSection = SearchSection()
    evaluate: TranslationEvaluateSection = TranslationEvaluateSection()
    export: TextExportSection = TextExportSection()

    @model_validator(mode="after")
    def _shared_embeddings_need_one_vocabulary(self):
        if self.model.share_embeddings and not self.text.joint_vocabulary:
            raise ValueError("model.share_embeddings needs text.joint_vocabulary = true")
        return self
