"""What a model of documents writes when nothing but a condition is given: is it new, is it varied?"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import tensorflow as tf

from rnnzoo.datasets import EncodedText
from rnnzoo.tasks.language_conditions import Conditions
from rnnzoo.text import LanguagePipeline

_AT_ONCE = 100


def sample_texts(
    generate: Callable[..., dict[str, tf.Tensor]], conditions: Conditions | None, num_samples: int, max_tokens: int
) -> list[str]:
    """Draws texts at temperature 1, each with a seed of its own.

    Args:
        generate: The function of the signature `generate`.
        conditions: What texts are generated from, each of its examples in turn; None: nothing.
        num_samples: How many.
        max_tokens: The most tokens of each.

    Returns:
        The texts.
    """
    texts: list[str] = []
    values = [None] if conditions is None else conditions.examples()
    asked = [values[place % len(values)] for place in range(num_samples)]
    for start in range(0, num_samples, _AT_ONCE):
        given = asked[start : start + _AT_ONCE]
        size = len(given)
        condition = [] if conditions is None else [tf.constant(given, conditions.input_spec.dtype)]
        answer = generate(
            *condition,
            tf.fill([size], ""),
            tf.fill([size], max_tokens),
            tf.ones([size]),
            tf.zeros([size], tf.int32),
            tf.ones([size]),
            tf.fill([size], ""),
            tf.range(start, start + size),
        )
        texts += [text.decode(errors="replace") for text in answer["text"].numpy()]
    return texts


def iterate_texts(text: EncodedText, pipeline: LanguagePipeline) -> Iterator[str]:
    """Yields documents as a model writes them: normalised, and words joined by blanks."""
    for start in range(0, text.num_documents, _AT_ONCE):
        documents = [text.document(number) for number in range(start, min(start + _AT_ONCE, text.num_documents))]
        ids = tf.RaggedTensor.from_row_lengths(np.concatenate(documents).astype(np.int32), list(map(len, documents)))
        yield from (document.decode(errors="replace") for document in pipeline.to_text(ids).numpy())


def compare_samples(samples: Iterable[str], known: Iterable[str]) -> dict[str, float]:
    """Tells how much of what was sampled is new, and how much is not a repetition.

    Args:
        samples: Sampled texts.
        known: Those of train, as `iterate_texts` gives them.

    Returns:
        `samples_new`, the share that train does not have, and `samples_distinct`.

    Example:

    >>> compare_samples(["ann", "bo", "bo", "cy"], ["ann"])
    {'samples_new': 0.75, 'samples_distinct': 0.75}
    """
    samples, known = list(samples), set(known)
    return {
        "samples_new": sum(sample not in known for sample in samples) / max(len(samples), 1),
        "samples_distinct": len(set(samples)) / max(len(samples), 1),
    }
