"""What a sentence means: its sentiment and rating, computed from its parse tree."""

from rnnzoo.datasets.mini.lexicon import AT_ALL
from rnnzoo.datasets.mini.trees import Belief, Opinion, Sentence

_PLAIN = 2
# Negation reverses the sign and moves the strength: "not very good" is mildly bad, "not good" and
# "not rather good" are plainly bad.
_NEGATED_STRENGTH = {3: 1, 2: 2, 1: 2}
_RATINGS = {-3: "1", -2: "2", -1: "3", 1: "3", 2: "4", 3: "5"}


def compute_value(node: Sentence | Belief | Opinion) -> int:
    """Returns the opinion of a tree as a signed strength.

    Args:
        node: A sentence, of which the main clause decides, or a clause with an opinion.

    Returns:
        int, the sign is the sentiment, the size is 3 (strong), 2 (plain) or 1 (mild).
    """
    if isinstance(node, Sentence):
        return compute_value(node.main)
    if isinstance(node, Belief):
        value = compute_value(node.content)
        return _negate(value) if node.negated else value
    sign = 1 if node.positive else -1
    if node.degree is AT_ALL:
        return -3 * sign
    value = sign * (node.degree.strength if node.degree else _PLAIN)
    return _negate(value) if node.negated else value


def name_sentiment(value: int) -> str:
    """Returns "positive" or "negative", by the sign of an opinion's value."""
    return "positive" if value > 0 else "negative"


def name_rating(value: int) -> str:
    """Returns the rating "1" to "5" of an opinion's value; both mild values are "3"."""
    return _RATINGS[value]


def _negate(value: int) -> int:
    strength = _NEGATED_STRENGTH[abs(value)]
    return -strength if value > 0 else strength
