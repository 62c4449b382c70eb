"""The schema of a run: every key with its type, its default and what it means."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

# Beyond these bounds no machine has the memory, or a number does not fit its type: a slip of the hand, told at once.
_MOST = 10**9
_LARGEST_FLOAT32 = 3e38
_MOST_RECURRENT_WEIGHTS = 10**8

Rate = Annotated[float, Field(ge=0.0, lt=1.0)]
Number = Annotated[float, Field(ge=0.0, le=_LARGEST_FLOAT32)]
Count = Annotated[int, Field(ge=0, le=_MOST)]
PositiveInt = Annotated[int, Field(ge=1, le=_MOST)]
Width = Annotated[int, Field(ge=1, le=8192)]
NumLayers = Annotated[int, Field(ge=1, le=64)]
Length = Annotated[int, Field(ge=1, le=100_000)]
PieceLengths = Annotated[list[Annotated[int, Field(ge=1, le=100)]], Field(max_length=16)]
VocabularySize = Annotated[int, Field(ge=5, le=10**7)]


class Section(BaseModel):
    """One table of a config file; refuses keys it does not know and values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class TokenSection(Section):
    """How the tokens of texts become ids."""

    tokenizer: str = Field("words", description="how a text is cut into tokens")
    lowercase: bool = Field(True, description="lower-case the text (Unicode)")
    blanks: list[Annotated[str, Field(min_length=1)]] = Field(
        [], description="strings that count as a blank, such as `<br />` in texts from the web"
    )
    boundary_tokens: bool = Field(False, description="put `<bos>` and `<eos>` around the text")
    vocabulary_size: VocabularySize = Field(20_000, description="largest vocabulary, the four special tokens included")
    min_count: PositiveInt = Field(2, description="a token seen less often in train becomes `<unk>`")
    prefix_lengths: PieceLengths = Field(
        [], description="lengths of the prefixes of a word that get embeddings of their own, added to the word's"
    )
    suffix_lengths: PieceLengths = Field([], description="the same for suffixes")
    affix_vocabulary_size: VocabularySize = Field(
        10_000, description="most affixes to keep; those that only one word has are left out"
    )
    max_length: Length = Field(256, description="longest text in tokens; what lies past it is cut, and reported")


class TextSection(TokenSection):
    """How strings become ids."""

    tokenizer: Literal["words", "characters"] = Field(
        "words", description="unit of the text: words and punctuation marks, or Unicode characters"
    )
    ngram_lengths: Annotated[list[Annotated[int, Field(ge=2, le=5)]], Field(max_length=16)] = Field(
        [],
        description=(
            "lengths of the sequences of words that get embeddings of their own, added to that of their last word"
        ),
    )
    ngram_vocabulary_size: VocabularySize = Field(
        20_000, description="most such sequences to keep, those that occur in most texts"
    )


class FeaturesSection(Section):
    """How sequences of numbers become the input of the model: each dimension normalised over the steps of train."""

    max_length: Length = Field(1000, description="longest sequence in steps; what lies past it is cut, and reported")


class CellSection(Section):
    """The cells that all builders share, and what is between them."""

    cell: Literal["simple_rnn", "gru", "lstm"] = Field("simple_rnn", description="recurrent cell")
    units: Width = Field(128, description="width of a layer, for each direction")
    stack: Literal["residual", "plain"] = Field(
        "residual", description="`residual`: pre-norm blocks x + dropout(RNN(norm(x))); `plain`: layer on layer"
    )
    recurrent_initializer: Literal["orthogonal", "glorot_uniform", "identity"] = Field(
        "orthogonal", description="initial recurrent weights; `identity` with relu is the IRNN"
    )
    activation: Literal["tanh", "relu"] = Field("tanh", description="activation of the cell")
    dropout: Rate = Field(0.3, description="dropout on embeddings, between layers and before the output")
    recurrent_dropout: Rate = Field(0.0, description="dropout on the state from step to step, one mask a sequence")

    @property
    def num_recurrent_layers(self) -> int:
        """Layers that go over the steps, each direction for itself."""
        return getattr(self, "num_layers", 1) * (2 if getattr(self, "bidirectional", False) else 1)

    @model_validator(mode="after")
    def _weights_fit_into_memory(self):
        gates = {"simple_rnn": 1, "gru": 3, "lstm": 4}[self.cell]
        num_weights = self.num_recurrent_layers * gates * self.units**2
        if num_weights > _MOST_RECURRENT_WEIGHTS:
            raise ValueError(
                f"units, {self.units}, and layers that have {_MOST_RECURRENT_WEIGHTS:,} recurrent weights together at "
                f"most, not {num_weights:,}"
            )
        return self

    @model_validator(mode="after")
    def _identity_is_for_simple_rnn(self):
        if self.recurrent_initializer == "identity" and self.cell != "simple_rnn":
            raise ValueError(f'recurrent_initializer = "identity" is for cell = "simple_rnn", not for "{self.cell}"')
        return self


class RecurrentSection(CellSection):
    """A recurrent stack."""

    num_layers: NumLayers = Field(1, description="recurrent layers on top of each other")


class TokenInputSection(RecurrentSection):
    """A recurrent stack that reads token ids."""

    word_dropout: Rate = Field(0.0, description="share of training tokens replaced by `<unk>`, so that it is learned")
    input: Literal["embedding", "one_hot"] = Field("embedding", description="how ids enter the network")
    embedding_dim: Width = Field(128, description="width of the embedding")


class PoolingSection(Section):
    """How a whole sequence becomes one vector."""

    bidirectional: bool = Field(True, description="read in both directions")
    pooling: Literal["last", "mean", "max", "mean_max", "attention"] = Field(
        "mean_max", description="how the steps of a sequence become one vector"
    )


class TrainSection(Section):
    """The training loop."""

    epochs: PositiveInt = Field(10, description="most passes over train")
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = Field(64, description="rows of a batch")
    num_buckets: Annotated[int, Field(ge=1, le=1000)] = Field(
        4, description="different widths of batches; chosen to waste least on padding"
    )
    optimizer: Literal["adam", "adamw", "muon", "rmsprop", "sgd"] = Field(
        "adamw", description="optimizer, of Keras; `muon` is AdamW for embeddings, biases and logits"
    )
    learning_rate: Annotated[float, Field(gt=0.0, le=_LARGEST_FLOAT32)] = Field(
        1e-3, description="peak of the schedule"
    )
    schedule: Literal["constant", "linear", "cosine", "inverse_sqrt"] = Field(
        "cosine", description="learning rate over the steps, after the warm-up"
    )
    warmup_steps: Count = Field(100, description="steps of linear warm-up from zero")
    weight_decay: Number = Field(0.0, description="decoupled weight decay; 0: none")
    momentum: Rate = Field(0.0, description="momentum of `sgd` and `rmsprop`")
    gradient_clip_norm: Number = Field(1.0, description="the global norm of the gradient is clipped to this; 0: off")
    label_smoothing: Rate = Field(0.0, description="share of the target spread over all classes")
    ema_momentum: Rate = Field(
        0.0, description="momentum of the moving average of the weights that is evaluated and exported; 0: off"
    )
    early_stopping_patience: Count = Field(
        3, description="epochs without a better validation score before training stops; 0: never"
    )
    compute_dtype: Literal["float32", "bfloat16"] = Field(
        "float32",
        description=(
            "type that layers compute in while training; weights and scores are float32 in any case. "
            "`bfloat16` is faster on processors with instructions for it"
        ),
    )
    jit_compile: Literal["auto", True, False] = Field(
        "auto",
        description=(
            "compile the training step with XLA, once for each batch shape; `auto`: for simple_rnn, where enough "
            "steps have the same shape to pay for it"
        ),
    )
    keep_checkpoints: PositiveInt = Field(2, description="checkpoints to keep beside the best one")

    @model_validator(mode="after")
    def _momentum_is_used(self):
        if self.momentum and self.optimizer not in ("sgd", "rmsprop"):
            raise ValueError(f'momentum is for optimizer = "sgd" or "rmsprop", not for "{self.optimizer}"')
        return self


class EvaluateSection(Section):
    """What is reported at the end."""

    baseline: bool = Field(
        True, description="score a simple model that knows no order beside the model, on the same examples"
    )
    num_mistakes: Count = Field(20, description="how many of the worst mistakes are listed")


class ExportSection(Section):
    """The SavedModel."""

    max_megabytes: Annotated[float, Field(gt=0.0)] = Field(5.0, description="largest size of the export")
    float16_tables: bool = Field(
        False,
        description=(
            "store the tables of embeddings as float16: half as large; they are rounded before the model is scored. "
            "What is looked up is computed with in float32"
        ),
    )
    float16_weights: bool = Field(
        False,
        description=(
            "store all weights so, but those of a dense output layer, for models that are too large otherwise; they "
            "are cast at each call, which costs about a millisecond for two million"
        ),
    )
    data_note: str = Field("", description="source and licence of the data, for the card")


class TextExportSection(ExportSection):
    """The SavedModel of a model of texts."""

    examples: list[str] = Field([], description="texts that are shown after training and stored as reference requests")
