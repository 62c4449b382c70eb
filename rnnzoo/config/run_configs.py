"""The configs of runs, one a task, made of the sections of the schema."""

from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from rnnzoo.config.base_config import RunConfig
from rnnzoo.config.data_sections import DataSection, TargetData
from rnnzoo.config.language_sections import (
    DecodeSection,
    LanguageEvaluateSection,
    LanguageExportSection,
    LanguageModelSection,
    LanguageTextSection,
    LanguageTrainSection,
)
from rnnzoo.config.schema import (
    EvaluateSection,
    ExportSection,
    FeaturesSection,
    PoolingSection,
    Rate,
    RecurrentSection,
    TextExportSection,
    TextSection,
    TokenInputSection,
    TrainSection,
)
from rnnzoo.config.tagger_sections import (
    TagData,
    TaggerSection,
    TaggerTrainSection,
    TokenData,
    WordFeatureSection,
    WordSection,
)
from rnnzoo.config.translation_config import TranslationConfig


class TextData(DataSection):
    """Data with a text in each example."""

    input_key: ClassVar[str] = "text_feature"

    text_feature: str = Field("text", description="feature with the text; nested ones by their path, `answer/text`")


class FeatureData(DataSection):
    """Data with a sequence of numbers in each example."""

    input_key: ClassVar[str] = "features_feature"

    features_feature: str = Field(
        "features",
        description="feature with the sequence, (time, dim) or (time,); nested ones by their path, `sensor/frames`",
    )

    @model_validator(mode="after")
    def _texts_are_others(self):
        if self.files.is_given:
            raise ValueError("a TFDS set, which may be one of your own: files hold texts")
        if self.holdout != "texts":
            raise ValueError(f'holdout = "texts", for equal sequences to stay on one side, not "{self.holdout}"')
        return self


class LabelData(TargetData):
    """Data with a class for each example."""

    target_key: ClassVar[str] = "label_feature"

    label_feature: str = Field("label", description="feature with the class: a ClassLabel or a string")
    labels: list[str] = Field([], description="class names in order; empty: those of the data set")
    out_of_scope_split: str = Field(
        "", description="split of examples that belong to no class; how well the score tells them is reported"
    )

    @field_validator("labels")
    @classmethod
    def _labels_differ(cls, labels: list[str]) -> list[str]:
        if labels and (len(set(labels)) < len(labels) or len(labels) < 2 or "" in labels):
            raise ValueError("at least two names, all different, none empty")
        return labels


class ClassificationEvaluateSection(EvaluateSection):
    """What is reported of a classifier."""

    metric: Literal["accuracy", "macro_f1", "matthews_correlation"] = Field(
        "accuracy", description="the metric that the best epoch is chosen by and that is named first"
    )
    in_scope_rejection: Rate = Field(
        0.05,
        description=(
            "with `data.out_of_scope_split`: the share of the validation examples that the threshold of the score "
            "gives up"
        ),
    )


class TextClassificationData(LabelData, TextData):
    """The data of a text classifier."""


class TextClassifierSection(PoolingSection, TokenInputSection):
    """The model of a text classifier."""


class TextClassificationConfig(RunConfig):
    """A run of `text_classification`."""

    task: Literal["text_classification"] = Field(description="the kind of system")
    data: TextClassificationData
    text: TextSection = TextSection()
    model: TextClassifierSection = TextClassifierSection()
    train: TrainSection = TrainSection()
    evaluate: ClassificationEvaluateSection = ClassificationEvaluateSection()
    export: TextExportSection = TextExportSection()

    @model_validator(mode="after")
    def _parts_need_embedded_words(self):
        for key in ("prefix_lengths", "suffix_lengths", "ngram_lengths"):
            if not getattr(self.text, key):
                continue
            if self.text.tokenizer != "words":
                raise ValueError(f"text.{key} needs text.tokenizer = 'words'")
            if self.model.input != "embedding":
                raise ValueError(f"text.{key} needs model.input = 'embedding'")
        return self


class FeatureClassificationData(LabelData, FeatureData):
    """The data of a classifier of sequences of numbers."""


class FeatureClassifierSection(PoolingSection, RecurrentSection):
    """The model of a classifier of sequences of numbers."""


class FeatureClassificationConfig(RunConfig):
    """A run of `feature_classification`."""

    task: Literal["feature_classification"] = Field(description="the kind of system")
    data: FeatureClassificationData
    features: FeaturesSection = FeaturesSection()
    model: FeatureClassifierSection = FeatureClassifierSection()
    train: TrainSection = TrainSection()
    evaluate: ClassificationEvaluateSection = ClassificationEvaluateSection()
    export: ExportSection = ExportSection()


class TaggingConfig(RunConfig):
    """A run of any tagger, which has the sections `model` and `train`."""

    @model_validator(mode="after")
    def _targets_can_be_smoothed(self):
        if self.train.label_smoothing and self.model.head == "crf":
            raise ValueError("train.label_smoothing needs model.head = 'softmax'")
        return self


class SequenceTaggingData(TagData, TokenData):
    """The data of a tagger of words."""


class SequenceTaggerSection(WordFeatureSection, TaggerSection, TokenInputSection):
    """The model of a tagger of words."""


class SequenceTaggingConfig(TaggingConfig):
    """A run of `sequence_tagging`."""

    task: Literal["sequence_tagging"] = Field(description="the kind of system")
    data: SequenceTaggingData
    text: WordSection = WordSection()
    model: SequenceTaggerSection = SequenceTaggerSection()
    train: TaggerTrainSection = TaggerTrainSection()
    evaluate: EvaluateSection = EvaluateSection()
    export: TextExportSection = TextExportSection()

    @model_validator(mode="after")
    def _word_features_need_embeddings(self):
        text = self.text
        if self.model.input != "embedding":
            for key in ("prefix_lengths", "suffix_lengths", "characters", "shapes", "pretrained_vectors"):
                if getattr(text, key):
                    raise ValueError(f"text.{key} needs model.input = 'embedding'")
        return self


class FeatureTaggingData(TagData, FeatureData):
    """The data of a tagger of sequences of numbers."""


class FeatureTaggerSection(TaggerSection, RecurrentSection):
    """The model of a tagger of sequences of numbers."""


class FeatureTaggingConfig(TaggingConfig):
    """A run of `feature_tagging`."""

    task: Literal["feature_tagging"] = Field(description="the kind of system")
    data: FeatureTaggingData
    features: FeaturesSection = FeaturesSection()
    model: FeatureTaggerSection = FeatureTaggerSection()
    train: TaggerTrainSection = TaggerTrainSection()
    evaluate: EvaluateSection = EvaluateSection()
    export: ExportSection = ExportSection()


class LanguageData(TextData):
    """The data of a language model."""

    documents: bool = Field(
        False,
        description=(
            "whether each example is a text of its own, with a beginning and an end that are learned too; else all "
            "examples are one stream"
        ),
    )
    separator: str = Field("\n", description="what is put between the examples of a stream")
    condition_feature: str = Field(
        "",
        description=(
            "feature that a text is generated from: a class (a ClassLabel or a string), or a vector of numbers; "
            "empty: none"
        ),
    )

    @model_validator(mode="after")
    def _a_condition_is_of_a_document(self):
        if self.condition_feature and not self.documents:
            raise ValueError("condition_feature needs documents = true: a stream is about nothing in particular")
        if self.condition_feature == self.text_feature:
            raise ValueError("text_feature and condition_feature must be two different features")
        return self


class LanguageModelingConfig(RunConfig):
    """A run of `language_modeling`."""

    task: Literal["language_modeling"] = Field(description="the kind of system")
    data: LanguageData
    text: LanguageTextSection = LanguageTextSection()
    model: LanguageModelSection = LanguageModelSection()
    train: LanguageTrainSection = LanguageTrainSection()
    decode: DecodeSection = DecodeSection()
    evaluate: LanguageEvaluateSection = LanguageEvaluateSection()
    export: LanguageExportSection = LanguageExportSection()

    @model_validator(mode="after")
    def _a_condition_needs_embeddings(self):
        if self.data.condition_feature and self.model.input != "embedding":
            raise ValueError("data.condition_feature needs model.input = 'embedding'")
        return self


RUN_CONFIGS: dict[str, type[RunConfig]] = {
    "text_classification": TextClassificationConfig,
    "feature_classification": FeatureClassificationConfig,
    "sequence_tagging": SequenceTaggingConfig,
    "feature_tagging": FeatureTaggingConfig,
    "language_modeling": LanguageModelingConfig,
    "translation": TranslationConfig,
}
