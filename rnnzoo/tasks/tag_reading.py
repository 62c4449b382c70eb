"""Reading sequences and their tags from a data set."""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.datasets import Dataset, iterate_values

COUNTS = ("num_ignored", "num_unmatched")


def iterate_tags(
    dataset: Dataset, split: str, feature: str, ignored: Sequence[str] = (), key: str = "data.tags_feature"
) -> Iterator[list[str]]:
    """Yields the names of the tags of each example, without the ignored ones; `key` is the one that names the split.

    Raises:
        UserError: A tag is a number that no name belongs to.
    """
    class_names = dataset.description.features[feature].class_names
    for place, tags in enumerate(iterate_values(dataset.read(split, [feature]), feature, "collecting tags")):
        if class_names and not np.isin(tags, range(len(class_names))).all():
            odd = next(tag for tag in tags.tolist() if not 0 <= tag < len(class_names))
            raise UserError(
                f"example {place:,} of the split `{split}` has a tag that is none of the classes",
                key=key,
                got=odd,
                allowed=f"0 to {len(class_names) - 1}, by the features of the data set",
                hint="tag -1 is how TFDS marks a split whose tags are hidden" if odd == -1 else None,
            )
        yield [tag for tag in name_tags(tags, class_names) if tag not in ignored]


def name_tags(tags: np.ndarray, class_names: Sequence[str]) -> list[str]:
    """Returns the names of tags as the data set has them, numbers or strings; a number without a name is its own."""
    if class_names:
        return [class_names[tag] if 0 <= tag < len(class_names) else str(tag) for tag in tags.tolist()]
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
