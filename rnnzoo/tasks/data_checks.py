"""Whether a config and its data set fit together: told before TensorFlow is imported."""

from rnnzoo.config import RunConfig, UserError
from rnnzoo.datasets.description import DatasetDescription, Feature


def check_data(config: RunConfig, description: DatasetDescription) -> None:
    """Checks the `[data]` section of a config against the features and splits of its data set.

    Raises:
        UserError: A split, a feature or a label is not there, or is of another kind than the task needs.
    """
    data = config.data
    description.check_split(data.train_split, "data.train_split")
    description.check_split(data.test_split, "data.test_split")
    if data.validation_split:
        description.check_split(data.validation_split, "data.validation_split")
    _CHECKS[config.task](config, description)


def _check_text(description: DatasetDescription, path: str, key: str) -> None:
    if not description.feature(path, key).is_text:
        texts = sorted(name for name, feature in description.features.items() if feature.is_text)
        raise UserError(f"the feature `{path}` of `{description.name}` is not a text", key=key, allowed=texts)


def _check_text_classification(config: RunConfig, description: DatasetDescription) -> None:
    _check_text(description, config.data.text_feature, "data.text_feature")
    _check_label(config, description)


def _check_feature_classification(config: RunConfig, description: DatasetDescription) -> None:
    _check_features(config, description)
    _check_label(config, description)


def _check_sequence_tagging(config: RunConfig, description: DatasetDescription) -> None:
    data = config.data
    if not description.feature(data.tokens_feature, "data.tokens_feature").is_text_sequence:
        raise UserError(
            f"the feature `{data.tokens_feature}` of `{description.name}` is no sequence of strings",
            key="data.tokens_feature",
            allowed=sorted(name for name, feature in description.features.items() if feature.is_text_sequence),
        )
    if data.text_feature:
        _check_text(description, data.text_feature, "data.text_feature")
    tags = _check_tags(config, description)
    for name in data.ignored_tags:
        if tags.class_names and name not in tags.class_names:
            raise UserError(
                f"`{description.name}` has no such tag", key="data.ignored_tags", got=name, allowed=tags.class_names
            )


def _check_feature_tagging(config: RunConfig, description: DatasetDescription) -> None:
    _check_features(config, description)
    _check_tags(config, description)


def _check_language_modeling(config: RunConfig, description: DatasetDescription) -> None:
    data, key = config.data, "data.condition_feature"
    _check_text(description, data.text_feature, "data.text_feature")
    if not data.condition_feature:
        return
    condition = description.feature(data.condition_feature, key)

    def may_be_a_condition(feature: Feature) -> bool:
        return not feature.sequence_depth and (feature.kind == "class_label" or feature.is_text or feature.vector_dim)

    if not may_be_a_condition(condition):
        raise UserError(
            f"the feature `{data.condition_feature}` of `{description.name}` is no class and no vector of numbers",
            key=key,
            allowed=sorted(name for name, feature in description.features.items() if may_be_a_condition(feature)),
        )


def _check_translation(config: RunConfig, description: DatasetDescription) -> None:
    for key in ("source_feature", "target_feature"):
        _check_text(description, getattr(config.data, key), f"data.{key}")


def _check_tags(config: RunConfig, description: DatasetDescription) -> Feature:
    path, key = config.data.tags_feature, "data.tags_feature"
    tags = description.feature(path, key)

    def may_be_tags(feature: Feature) -> bool:
        return feature.is_text_sequence or (feature.kind == "class_label" and feature.sequence_depth == 1)

    if not may_be_tags(tags):
        raise UserError(
            f"the feature `{path}` of `{description.name}` is no sequence of ClassLabels or strings",
            key=key,
            allowed=sorted(name for name, feature in description.features.items() if may_be_tags(feature)),
        )
    return tags


def _check_features(config: RunConfig, description: DatasetDescription) -> None:
    path, key = config.data.features_feature, "data.features_feature"
    if not description.feature(path, key).frame_dim:
        raise UserError(
            f"the feature `{path}` of `{description.name}` is no sequence of numbers, as many in each step",
            key=key,
            allowed=sorted(name for name, feature in description.features.items() if feature.frame_dim),
        )


def _check_label(config: RunConfig, description: DatasetDescription) -> None:
    data = config.data
    if data.out_of_scope_split:
        description.check_split(data.out_of_scope_split, "data.out_of_scope_split")
    label = description.feature(data.label_feature, "data.label_feature")
    if label.sequence_depth or not (label.kind == "class_label" or label.is_text):
        allowed = sorted(
            name
            for name, feature in description.features.items()
            if not feature.sequence_depth and feature.kind == "class_label"
        )
        raise UserError(
            f"the feature `{data.label_feature}` of `{description.name}` is neither a ClassLabel nor a string",
            key="data.label_feature",
            allowed=allowed,
        )
    for name in data.labels:
        if label.class_names and name not in label.class_names:
            raise UserError(
                f"`{description.name}` has no such class", key="data.labels", got=name, allowed=label.class_names
            )


_CHECKS = {
    "text_classification": _check_text_classification,
    "feature_classification": _check_feature_classification,
    "sequence_tagging": _check_sequence_tagging,
    "feature_tagging": _check_feature_tagging,
    "language_modeling": _check_language_modeling,
    "translation": _check_translation,
}
