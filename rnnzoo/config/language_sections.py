"""The sections of the configs of language models."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from rnnzoo.config.schema import (
    Count,
    EvaluateSection,
    Length,
    PositiveInt,
    Rate,
    RecurrentSection,
    Section,
    TextExportSection,
    TrainSection,
    VocabularySize,
    Width,
)

MOST_TOKENS = 100_000


class LanguageTextSection(Section):
    """How strings become ids, and ids strings."""

    unit: Literal["characters", "bytes", "words"] = Field(
        "characters",
        description="what is predicted next: Unicode characters (NFC), bytes, or words and punctuation marks",
    )
    lowercase: bool = Field(False, description="lower-case the text (Unicode)")
    vocabulary_size: VocabularySize = Field(
        20_000, description="largest vocabulary, the four special tokens included; not for bytes"
    )
    min_count: PositiveInt = Field(2, description="a unit seen less often in train becomes `<unk>`")
    max_length: Annotated[int, Field(ge=1, le=MOST_TOKENS)] = Field(
        10_000,
        description=(
            "most units of a text that an export reads: of a longer prompt its end, of a longer text to score its "
            "beginning"
        ),
    )


class LanguageModelSection(RecurrentSection):
    """The model of a language model."""

    input: Literal["embedding", "one_hot"] = Field("embedding", description="how ids enter the network")
    embedding_dim: Width = Field(128, description="width of the embedding")
    tie_embeddings: bool = Field(False, description="use the embedding for the output too (Press and Wolf 2017)")
    locked_dropout: Rate = Field(
        0.0, description="dropout of whole features, the same at all steps of a window, where `dropout` is as well"
    )
    word_dropout: Rate = Field(0.0, description="share of training tokens replaced by `<unk>` in the input")

    @model_validator(mode="after")
    def _tied_embeddings_are_there(self):
        if self.tie_embeddings and self.input != "embedding":
            raise ValueError('tie_embeddings needs input = "embedding"')
        return self


class LanguageTrainSection(TrainSection):
    """The training loop of a language model."""

    window_length: Length = Field(
        128,
        description=(
            "steps that a gradient goes back (truncated back-propagation through time); the state is carried on from "
            "window to window"
        ),
    )


class DecodeSection(Section):
    """How text is sampled where a request does not say."""

    max_tokens: PositiveInt = Field(200, description="units to generate")
    max_tokens_limit: Annotated[int, Field(ge=1, le=MOST_TOKENS)] = Field(
        2000, description="most units that a request can ask for"
    )
    temperature: Annotated[float, Field(ge=0.0, le=100.0)] = Field(
        0.8, description="logits are divided by it; 0: always the most probable unit"
    )
    top_k: Count = Field(0, description="draw among this many most probable units; 0: all")
    top_p: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        1.0,
        description="draw among the most probable units that have this probability together (Holtzman et al. 2020)",
    )
    stop: str = Field("", description="generation ends before this string; empty: none")
    seed: Annotated[int, Field(ge=0, lt=2**31)] = Field(1, description="seed of the draws")

    @model_validator(mode="after")
    def _default_is_allowed(self):
        if self.max_tokens > self.max_tokens_limit:
            raise ValueError(f"max_tokens is {self.max_tokens}, over max_tokens_limit = {self.max_tokens_limit}")
        return self


class LanguageEvaluateSection(EvaluateSection):
    """What is reported of a language model."""

    baseline: bool = Field(True, description="score a Witten-Bell n-gram model beside the model, on the same text")
    ngram_order: Annotated[int, Field(ge=1, le=9)] = Field(5, description="n of that model")
    num_samples: Count = Field(
        1000, description="texts to sample for the report on new ones, of models of documents; 0: none"
    )


class LanguageExportSection(TextExportSection):
    """The SavedModel of a language model."""

    examples: list[str] = Field(
        [], description="prompts that are shown after training and stored as reference requests"
    )
