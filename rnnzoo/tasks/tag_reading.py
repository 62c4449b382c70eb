"""Reading sequences and their tags from a data set."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from rnnzoo.datasets import Dataset, iterate_values

COUNTS = ("num_ignored", "num_unmatched")


def read_tags(dataset: Dataset, split: str, feature: str, ignored: Sequence[str] = ()) -> list[list[str]]:
    """Returns the names of the tags of each example, without the ignored ones."""
    class_names = dataset.description.features[feature].class_names
    sentences = (name_tags(tags, class_names) for tags in iterate_values(dataset.read(split, [feature]), feature))
    return [[tag for tag in tags if tag not in ignored] for tags in sentences]


def name_tags(tags: np.ndarray, class_names: Sequence[str]) -> list[str]:
    """Returns the names of tags as the data set has them, numbers or strings; a negative number is its own name."""
    if class_names:
        return [class_names[tag] if tag >= 0 else str(tag) for tag in tags.tolist()]
    return [tag.decode(errors="replace") for tag in tags.tolist()]


def align_examples(
    examples: tf.data.Dataset, steps_feature: str, tags_feature: str, ignored: Sequence[int | str]
) -> tf.data.Dataset:
    """Leaves steps with ignored tags out of single examples.

    Args:
        examples: Dictionaries with two sequences, of steps and of tags.
        steps_feature: The key of the steps.
        tags_feature: The key of the tags.
        ignored: Tags to leave out, as the data set has them.

    Returns:
        The same with `num_ignored`, how many were left out, and `num_unmatched`, how many steps have no tag
        or tags no step: a mistake in the data. Both are () int32.
    """

    def align(example):
        steps, tags = example[steps_feature], example[tags_feature]
        num_steps, num_tags = tf.shape(steps)[0], tf.shape(tags)[0]
        num_both = tf.minimum(num_steps, num_tags)
        is_ignored = tf.reduce_any(tags[:num_both, None] == tf.constant(ignored, tags.dtype), axis=-1)
        return {
            **example,
            steps_feature: tf.boolean_mask(steps[:num_both], ~is_ignored),
            tags_feature: tf.boolean_mask(tags[:num_both], ~is_ignored),
            "num_ignored": tf.math.count_nonzero(is_ignored, dtype=tf.int32),
            "num_unmatched": tf.abs(num_steps - num_tags),
        }

    return examples.map(align)
