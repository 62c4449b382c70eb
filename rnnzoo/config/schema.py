"""The schema of a run: every key with its type, its default and what it means."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Rate = Annotated[float, Field(ge=0.0, lt=1.0)]
PositiveInt = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """One table of a config file; refuses keys it does not know and values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class DataSection(Section):
    """Which examples a run reads and how they are divided."""

    dataset: str = Field(
        min_length=1,
        description="TFDS name, with config and version where wanted: `glue/sst2`, `imdb_reviews`, `rnnzoo_mini`",
    )
    train_split: str = Field("train", min_length=1, description="split to train on; slices such as `train[:90%]` too")
    validation_split: str = Field(
        "", description="split for early stopping and for choosing; empty: `validation_fraction` of train is held back"
    )
    validation_fraction: Annotated[float, Field(gt=0.0, lt=1.0)] = Field(
        0.1, description="share of train that is held back where `validation_split` is empty"
    )
    holdout: Literal["texts", "sentences"] = Field(
        "texts",
        description=(
            "what is held back: `texts`, chosen by a hash so that equal texts stay on one side; or `sentences`, for "
            "sets that also hold pieces of their sentences: whole sentences are held back and their pieces leave train"
        ),
    )
    test_split: str = Field("test", min_length=1, description="the reported split; it is scored once, at the end")

    @model_validator(mode="after")
    def _splits_differ(self):
        if len({self.train_split, self.validation_split, self.test_split}) < 3:
            raise ValueError("train_split, validation_split and test_split must be three different splits")
        return self


class TextSection(Section):
    """How strings become ids."""

    tokenizer: Literal["words", "characters"] = Field(
        "words", description="unit of the text: words and punctuation marks, or Unicode characters"
    )
    lowercase: bool = Field(True, description="lower-case the text (Unicode)")
    boundary_tokens: bool = Field(False, description="put `<bos>` and `<eos>` around the text")
    vocabulary_size: Annotated[int, Field(ge=5)] = Field(
        20_000, description="largest vocabulary, the four special tokens included"
    )
    min_count: PositiveInt = Field(2, description="a token seen less often in train becomes `<unk>`")
    prefix_lengths: list[PositiveInt] = Field(
        [], description="lengths of the prefixes of a word that get embeddings of their own, added to the word's"
    )
    suffix_lengths: list[PositiveInt] = Field([], description="the same for suffixes")
    affix_vocabulary_size: Annotated[int, Field(ge=5)] = Field(
        10_000, description="most affixes to keep; those that only one word has are left out"
    )
    max_length: PositiveInt = Field(256, description="longest text in tokens; what lies past it is cut, and reported")


class RecurrentSection(Section):
    """The recurrent stack that all builders share."""

    cell: Literal["simple_rnn", "gru", "lstm"] = Field("simple_rnn", description="recurrent cell")
    units: PositiveInt = Field(128, description="width of a layer, for each direction")
    num_layers: PositiveInt = Field(1, description="recurrent layers on top of each other")
    stack: Literal["residual", "plain"] = Field(
        "residual", description="`residual`: pre-norm blocks x + dropout(RNN(norm(x))); `plain`: layer on layer"
    )
    recurrent_initializer: Literal["orthogonal", "glorot_uniform", "identity"] = Field(
        "orthogonal", description="initial recurrent weights; `identity` with relu is the IRNN"
    )
    activation: Literal["tanh", "relu"] = Field("tanh", description="activation of the cell")
    dropout: Rate = Field(0.3, description="dropout on embeddings, between layers and before the output")
    recurrent_dropout: Rate = Field(0.0, description="dropout on the state from step to step, one mask a sequence")
    word_dropout: Rate = Field(0.0, description="share of training tokens replaced by `<unk>`, so that it is learned")
    input: Literal["embedding", "one_hot"] = Field("embedding", description="how ids enter the network")
    embedding_dim: PositiveInt = Field(128, description="width of the embedding")

    @model_validator(mode="after")
    def _identity_is_for_simple_rnn(self):
        if self.recurrent_initializer == "identity" and self.cell != "simple_rnn":
            raise ValueError(f'recurrent_initializer = "identity" is for cell = "simple_rnn", not for "{self.cell}"')
        return self


class ClassifierSection(RecurrentSection):
    """The model of a text classifier."""

    bidirectional: bool = Field(True, description="read the text in both directions")
    pooling: Literal["last", "mean", "max", "mean_max", "attention"] = Field(
        "mean_max", description="how the steps of a text become one vector"
    )


class TrainSection(Section):
    """The training loop."""

    epochs: PositiveInt = Field(10, description="most passes over train")
    batch_size: PositiveInt = Field(64, description="rows of a batch")
    num_buckets: PositiveInt = Field(4, description="different widths of batches; chosen to waste least on padding")
    optimizer: Literal["adam", "adamw", "rmsprop", "sgd"] = Field("adamw", description="optimizer, of Keras")
    learning_rate: Annotated[float, Field(gt=0.0)] = Field(1e-3, description="peak of the schedule")
    schedule: Literal["constant", "linear", "cosine", "inverse_sqrt"] = Field(
        "cosine", description="learning rate over the steps, after the warm-up"
    )
    warmup_steps: Annotated[int, Field(ge=0)] = Field(100, description="steps of linear warm-up from zero")
    weight_decay: Annotated[float, Field(ge=0.0)] = Field(0.0, description="decoupled weight decay; 0: none")
    momentum: Rate = Field(0.0, description="momentum of `sgd` and `rmsprop`")
    gradient_clip_norm: Annotated[float, Field(ge=0.0)] = Field(
        1.0, description="the global norm of the gradient is clipped to this; 0: off"
    )
    label_smoothing: Rate = Field(0.0, description="share of the target spread over all classes")
    ema_momentum: Rate = Field(
        0.0, description="momentum of the moving average of the weights that is evaluated and exported; 0: off"
    )
    early_stopping_patience: Annotated[int, Field(ge=0)] = Field(
        3, description="epochs without a better validation score before training stops; 0: never"
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

    baseline: bool = Field(True, description="score a bag of words beside the model, on the same examples")
    num_mistakes: Annotated[int, Field(ge=0)] = Field(20, description="how many of the worst mistakes are listed")


class ExportSection(Section):
    """The SavedModel."""

    examples: list[str] = Field([], description="texts that are shown after training and stored as reference requests")
    max_megabytes: Annotated[float, Field(gt=0.0)] = Field(5.0, description="largest size of the export")
    data_note: str = Field("", description="source and licence of the data, for the card")


class RunConfig(Section):
    """What every run has, whatever its task."""

    name: str = Field(min_length=1, description="row name, `<task>/<dataset>`; names the export")
    task: str = Field(description="the kind of system")
    seed: Annotated[int, Field(ge=0, lt=2**31)] = Field(1, description="the one seed of the run")

    @field_validator("name")
    @classmethod
    def _name_is_a_path(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*(/[A-Za-z][A-Za-z0-9_]*)*", name):
            raise ValueError("words of letters, digits and `_`, joined by `/`, each starting with a letter")
        return name


class TextClassificationData(DataSection):
    """The data of a text classifier."""

    text_feature: str = Field("text", description="feature with the text")
    label_feature: str = Field("label", description="feature with the class: a ClassLabel or a string")
    labels: list[str] = Field([], description="class names in order; empty: those of the data set")

    @field_validator("labels")
    @classmethod
    def _labels_differ(cls, labels: list[str]) -> list[str]:
        if labels and (len(set(labels)) < len(labels) or len(labels) < 2 or "" in labels):
            raise ValueError("at least two names, all different, none empty")
        return labels

    @model_validator(mode="after")
    def _features_differ(self):
        if self.text_feature == self.label_feature:
            raise ValueError("text_feature and label_feature must be two different features")
        return self


class TextClassificationConfig(RunConfig):
    """A run of `text_classification`."""

    task: Literal["text_classification"] = Field(description="the kind of system")
    data: TextClassificationData
    text: TextSection = TextSection()
    model: ClassifierSection = ClassifierSection()
    train: TrainSection = TrainSection()
    evaluate: EvaluateSection = EvaluateSection()
    export: ExportSection = ExportSection()

    @model_validator(mode="after")
    def _affixes_need_words(self):
        if self.text.prefix_lengths or self.text.suffix_lengths:
            if self.text.tokenizer != "words":
                raise ValueError("text.prefix_lengths and text.suffix_lengths need text.tokenizer = 'words'")
            if self.model.input != "embedding":
                raise ValueError("text.prefix_lengths and text.suffix_lengths need model.input = 'embedding'")
        return self


RUN_CONFIGS: dict[str, type[RunConfig]] = {
    "text_classification": TextClassificationConfig,
}
