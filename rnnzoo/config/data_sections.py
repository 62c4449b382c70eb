"""Where the examples of a run come from: a TFDS set, or files of one's own."""

import io
from pathlib import PurePath
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from rnnzoo.config.schema import PositiveInt, Section


class FilesSection(Section):
    """Files of your own as data: either `path`, cut into train and test by a hash, or a file for each split.

    Their columns are the features that `[data]` names: of csv, tsv and jsonl by their own names, of folders and
    lines `text` and `label`. Taggers read CoNLL, a word a line and a blank line after each sentence, whose first
    column is `tokens` and whose last is `tags`, unless `columns` names them; and CoNLL-U, with `tokens`, `lemmas`,
    `upos`, `xpos`, `feats`, `head`, `deprel`, `deps` and `misc`, and `text` where comments have it. Language models
    read running text too: its column is `text`, and each file of a folder is a document. Parallel files are a folder
    with a file for each language and split, such as `de.train.txt` and `en.train.txt`, in which lines of the same
    number belong together: their columns are the languages, and their splits are those of the names.

    A relative path is looked for in the data folder (`--data-dir`), in the folder that holds it, and in the
    current folder. A name that ends in `.gz` is read as gzip.
    """

    path: str = Field(
        "",
        description=(
            "file, folder of class folders with .txt files, or folder of running text, that is cut into the splits "
            "`train` and `test`; a folder may also hold the folders `train` and `test` (and `validation`), which are "
            "then the splits"
        ),
    )
    train: str = Field("", description="file or folder of the split `train`, in place of `path`")
    validation: str = Field("", description="file or folder of the split `validation`; empty: none")
    test: str = Field("", description="file or folder of the split `test`; empty: none")
    format: Literal["auto", "csv", "tsv", "jsonl", "folders", "lines", "conll", "conllu", "text", "parallel"] = Field(
        "auto",
        description=(
            "`csv`: fields may be quoted; `tsv`: they are not; `jsonl`: an object a line; `folders`: a folder a class; "
            "`lines`: a text a line, and `labels`; `conll`: a word a line, its columns parted by tabs or blanks; "
            "`conllu`: CoNLL-U; `text`: running text, a file or all files below a folder; `parallel`: a folder with "
            "files named LANGUAGE.SPLIT.txt; `auto`: by the name's ending, by being a folder and what files of it are "
            "called, by `labels`, and `text` where there is nothing to read beside the text"
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
            "stay on one side; texts of a label, or with a tag, that would be in `test` alone stay in `train`. Of one "
            "file of running text it is the end"
        ),
    )
    max_errors: Annotated[int, Field(ge=0)] = Field(100, description="more broken rows than this stop the run")
    max_characters: PositiveInt = Field(1_000_000, description="a longer row, in characters, is a broken one")

    max_length_ratio: Annotated[float, Field(ge=0.0)] = Field(
        0.0,
        description=(
            "of pairs: rows of all splits whose longer text has over so many times the characters of the shorter are "
            "left out, and reported, as no errors; 0: none are"
        ),
    )

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

    @field_validator("max_length_ratio")
    @classmethod
    def _ratio_is_possible(cls, ratio: float) -> float:
        if 0.0 < ratio < 1.0:
            raise ValueError("0, or at least 1: how many times as long the longer text may be")
        return ratio

    @model_validator(mode="after")
    def _keys_fit_together(self):
        given = {name for name, field in type(self).model_fields.items() if getattr(self, name) != field.default}
        splits = {"train", "validation", "test"} & given
        labels = {name for name in given if name.endswith("labels")}
        if given and not self.is_given:
            keys = ", ".join(f"`{name}`" for name in sorted(given))
            raise ValueError(f"a file beside {keys}: `path`, or `train` and the other splits")
        if self.path and splits:
            raise ValueError("either `path`, which is cut into splits, or `train` with `validation` and `test`")
        if splits == {"train"}:
            raise ValueError("`train` with `test` or `validation` beside it; one file that is to be cut is a `path`")
        if self.format == "parallel" and not self.path:
            raise ValueError('one folder for format = "parallel": `path`; its files are named by split')
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
        max_length=200,
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
            wanted = "either `dataset`, the TFDS name of a data set, or a section [data.files] with files of your own"
            given = ", ".join(f"files.{key}" for key in self.files.named_files)
            raise ValueError(f"{wanted}, not both: dataset and {given}" if given else wanted)
        return self

    @model_validator(mode="after")
    def _splits_differ(self):
        if len({self.train_split, self.validation_split, self.test_split}) < 3:
            raise ValueError("train_split, validation_split and test_split must be three different splits")
        return self


class TargetData(Section):
    """What is to be learned, beside the data that it is learned from.

    Attributes:
        input_key: The key that names the feature which is read.
        target_key: The key that names the feature with the truth.
    """

    input_key: ClassVar[str]
    target_key: ClassVar[str]

    @model_validator(mode="after")
    def _features_differ(self):
        if getattr(self, self.input_key) == getattr(self, self.target_key):
            raise ValueError(f"{self.input_key} and {self.target_key} must be two different features")
        return self
