"""Whether a config and its data set fit together: told before TensorFlow is imported."""

from rnnzoo.config import RunConfig, UserError
from rnnzoo.datasets.description import DatasetDescription


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
    data = config.data
    _check_text(description, data.text_feature, "data.text_feature")
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


_CHECKS = {"text_classification": _check_text_classification}
