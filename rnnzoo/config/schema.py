"""The schema of a run: every key with its type, its default and what it means."""

import io
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Rate = Annotated[float, Field(ge=0.0, lt=1.0)]
PositiveInt = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """One table of a config file; refuses keys it does not know and values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class FilesSection(Section):
    """Files of your own as data: either `path`, cut into train and test by a hash, or a file for each split.

    Their columns are the features that `[data]` names: of csv, tsv and jsonl by their own names, of folders and
    lines `text` and `label`. Taggers read CoNLL, a word a line and a blank line after each sentence, whose first
    column is `tokens` and whose last is `tags`, unless `columns` names them; and CoNLL-U, with `tokens`, `lemmas`,
    `upos`, `xpos`, `feats`, `head`, `deprel`, `deps` and `misc`, and `text` where comments have it.

    A relative path is looked for in the data folder (`--data-dir`), in the folder that holds it, and in the
    current folder. A name that ends in `.gz` is read as gzip.
    """

    path: str = Field(
        "",
        description=(
            "file, or folder of class folders with .txt files, that is cut into the splits `train` and `test`; a "
            "folder may also hold the folders `train` and `test` (and `validation`), which are then the splits"
        ),
    )
    train: str = Field("", description="file or folder of the split `train`, in place of `path`")
    validation: str = Field("", description="file or folder of the split `validation`; empty: none")
    test: str = Field("", description="file or folder of the split `test`; empty: none")
    format: Literal["auto", "csv", "tsv", "jsonl", "folders", "lines", "conll", "conllu"] = Field(
        "auto",
        description=(
            "`csv`: fields may be quoted; `tsv`: they are not; `jsonl`: an object a line; `folders`: a folder a class; "
            "`lines`: a text a line, and `labels`; `conll`: a word a line, its columns parted by tabs or blanks; "
            "`conllu`: CoNLL-U; `auto`: by the name's ending, by being a folder, by `labels`"
        ),
    )
    columns: list[str] = Field(
        [],
        description=(
            "names of the columns of a csv or tsv without a header line, or of all columns of CoNLL; empty: the first "
            "line has them, or those of CoNLL are `tokens`, …, `tags`"
        ),
    )
    delimiter: str = Field("", description="what parts the fields; empty: `,` in csv, a tab in tsv")
    labels: str = Field("", description="of `lines`: the file with one label a line, for `path`")
    train_labels: str = Field("", description="of `lines`: the same for `train`")
    validation_labels: str = Field("", description="of `lines`: the same for `validation`")
    test_labels: str = Field("", description="of `lines`: the same for `test`")
    encoding: str = Field("utf-8", description="encoding of the files, by Python's name; a BOM is accepted")
    test_fraction: Annotated[float, Field(gt=0.0, lt=1.0)] = Field(
        0.1,
        description=(
            "share of `path` that becomes `test`, by a hash of the text: texts that differ only in case or spacing "
            "stay on one side; texts of a label, or with a tag, that would be in `test` alone stay in `train`"
        ),
    )
    max_errors: Annotated[int, Field(ge=0)] = Field(100, description="more broken rows than this stop the run")
    max_characters: PositiveInt = Field(1_000_000, description="a longer row, in characters, is a broken one")

    @property
    def is_given(self) -> bool:
        """Whether the data is in files."""
        return bool(self.path or self.train)

    @property
    def named_files(self) -> dict[str, str]:
        """The files and folders that are named, by key."""
        splits = ("train", "validation", "test")
        keys = ("path", "labels", *splits, *(f"{split}_labels" for split in splits))
        return {key: name for key in keys if (name := getattr(self, key))}

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, encoding: str) -> str:
        try:
            io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        except (LookupError, ValueError):
            raise ValueError('a text encoding that Python knows, such as "utf-8", "utf-16" or "cp1252"') from None
        return encoding

    @field_validator("delimiter")
    @classmethod
    def _delimiter_parts(cls, delimiter: str) -> str:
        if len(delimiter) > 1 or delimiter in tuple('"\r\n\0'):
            raise ValueError("one character, neither a quote nor a line break")
        return delimiter

    @field_validator("columns")
    @classmethod
    def _columns_differ(cls, columns: list[str]) -> list[str]:
        if len(set(columns)) < len(columns) or "" in columns:
            raise ValueError("names that are all different, none empty")
        return columns

    @model_validator(mode="after")
    def _keys_fit_together(self):
        given = {name for name, field in type(self).model_fields.items() if getattr(self, name) != field.default}
        splits = {"train", "validation", "test"} & given
        labels = {name for name in given if name.endswith("labels")}
        if given and not self.is_given:
            raise ValueError("a file: `path`, or `train` and the other splits")
        if self.path and splits:
            raise ValueError("either `path`, which is cut into splits, or `train` with `validation` and `test`")
        if splits == {"train"}:
            raise ValueError("`train` with `test` or `validation` beside it; one file that is to be cut is a `path`")
        if self.format not in ("auto", "lines") and labels:
            raise ValueError(f'files of labels are for format = "lines", not for "{self.format}"')
        if self.format == "lines" or labels:
            wanted = {"labels"} if self.path else {f"{split}_labels" for split in splits}
            if labels != wanted:
                raise ValueError(f"a file of labels for each file of texts: {', '.join(sorted(wanted))}, and no other")
        if self.format not in ("auto", "csv", "tsv", "conll") and "columns" in given:
            raise ValueError(f'columns are for csv, tsv and conll, not for format = "{self.format}"')
        if self.format not in ("auto", "csv", "tsv") and "delimiter" in given:
            raise ValueError(f'delimiter is for csv and tsv, not for format = "{self.format}"')
        return self


class DataSection(Section):
    """Which examples a run reads and how they are divided."""

    dataset: str = Field(
        "",
        description=(
            "TFDS name, with config and version where wanted: `glue/sst2`, `imdb_reviews`, `rnnzoo_mini`; empty: the "
            "data is in `[data.files]`"
        ),
    )
    files: FilesSection = FilesSection()
    train_split: str = Field("train", min_length=1, description="split to train on; slices such as `train[:90%]` too")
    validation_split: str = Field(
        "",
        description=(
            "split for early stopping and for choosing; empty: `data.files.validation` where there is one, else "
            "`validation_fraction` of train is held back"
        ),
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

    @property
    def title(self) -> str:
        """What people call the data: the TFDS name or that of the file."""
        return self.dataset or PurePath(self.files.path or self.files.train).name

    @model_validator(mode="before")
    @classmethod
    def _use_the_validation_file(cls, values: Any) -> Any:
        files = values.get("files") if isinstance(values, dict) else None
        has_validation = isinstance(files, dict) and files.get("validation")
        if has_validation and not values.get("validation_split") and "validation" not in str(values.get("test_split")):
            return {**values, "validation_split": "validation"}
        return values

    @model_validator(mode="after")
    def _one_source(self):
        if bool(self.dataset) == self.files.is_given:
            raise ValueError(
                "either `dataset`, the TFDS name of a data set, or a section [data.files] with files of your own"
            )
        return self

    @model_validator(mode="after")
    def _splits_differ(self):
        if len({self.train_split, self.validation_split, self.test_split}) < 3:
            raise ValueError("train_split, validation_split and test_split must be three different splits")
        return self


class TokenSection(Section):
    """How the tokens of texts become ids."""

    tokenizer: str = Field("words", description="how a text is cut into tokens")
    lowercase: bool = Field(True, description="lower-case the text (Unicode)")
    blanks: list[Annotated[str, Field(min_length=1)]] = Field(
        [], description="strings that count as a blank, such as `<br />` in texts from the web"
    )
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


class TextSection(TokenSection):
    """How strings become ids."""

    tokenizer: Literal["words", "characters"] = Field(
        "words", description="unit of the text: words and punctuation marks, or Unicode characters"
    )
    ngram_lengths: list[Annotated[int, Field(ge=2, le=5)]] = Field(
        [],
        description=(
            "lengths of the sequences of words that get embeddings of their own, added to that of their last word"
        ),
    )
    ngram_vocabulary_size: Annotated[int, Field(ge=5)] = Field(
        20_000, description="most such sequences to keep, those that occur in most texts"
    )


class FeaturesSection(Section):
    """How sequences of numbers become the input of the model: each dimension normalised over the steps of train."""

    max_length: PositiveInt = Field(
        1000, description="longest sequence in steps; what lies past it is cut, and reported"
    )


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

    @model_validator(mode="after")
    def _identity_is_for_simple_rnn(self):
        if self.recurrent_initializer == "identity" and self.cell != "simple_rnn":
            raise ValueError(f'recurrent_initializer = "identity" is for cell = "simple_rnn", not for "{self.cell}"')
        return self


class TokenInputSection(RecurrentSection):
    """A recurrent stack that reads token ids."""

    word_dropout: Rate = Field(0.0, description="share of training tokens replaced by `<unk>`, so that it is learned")
    input: Literal["embedding", "one_hot"] = Field("embedding", description="how ids enter the network")
    embedding_dim: PositiveInt = Field(128, description="width of the embedding")


class PoolingSection(Section):
    """How a whole sequence becomes one vector."""

    bidirectional: bool = Field(True, description="read in both directions")
    pooling: Literal["last", "mean", "max", "mean_max", "attention"] = Field(
        "mean_max", description="how the steps of a sequence become one vector"
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
    num_mistakes: Annotated[int, Field(ge=0)] = Field(20, description="how many of the worst mistakes are listed")


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
    data_note: str = Field("", description="source and licence of the data, for the card")


class TextExportSection(ExportSection):
    """The SavedModel of a model of texts."""

    examples: list[str] = Field([], description="texts that are shown after training and stored as reference requests")
