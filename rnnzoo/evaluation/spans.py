"""Precision and recall of spans, as the CoNLL shared tasks count them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rnnzoo.text.tag_schemes import find_spans


@dataclass(frozen=True)
class PrecisionRecall:
    """Counts, of spans for instance, and what follows from them; a quotient of nothing is 0.

    Attributes:
        correct: How many are predicted that are there.
        predicted: How many are predicted.
        support: How many are there.
    """

    correct: int
    predicted: int
    support: int

    @property
    def precision(self) -> float:
        """Share of the predicted that is correct."""
        return self.correct / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of those there are that is predicted."""
        return self.correct / self.support if self.support else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.correct / (self.predicted + self.support) if self.correct else 0.0


def score_spans(
    gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], scheme: str | None = None
) -> dict[str, PrecisionRecall]:
    """Compares the spans of predicted tags with the true ones: first token, last token and type must agree.

    Args:
        gold: True tags of each sentence.
        predicted: Predicted tags of each sentence.
        scheme: A tag scheme: only spans count that are written exactly as it has them (what seqeval
            calls strict). None: all that `find_spans` makes out, as `conlleval` does.

    Returns:
        The score of each type of span that occurs or is predicted, sorted by name.
    """
    correct, found, support = Counter(), Counter(), Counter()
    for true_tags, predicted_tags in zip(gold, predicted, strict=True):
        true_spans, predicted_spans = find_spans(true_tags, scheme), find_spans(predicted_tags, scheme)
        support.update(span.type for span in true_spans)
        found.update(span.type for span in predicted_spans)
        correct.update(span.type for span in set(true_spans).intersection(predicted_spans))
    return {type_: PrecisionRecall(correct[type_], found[type_], support[type_]) for type_ in sorted(support | found)}


def pool_spans(scores: dict[str, PrecisionRecall]) -> PrecisionRecall:
    """Returns the score of all types taken together, the micro average."""
    return PrecisionRecall(
        sum(score.correct for score in scores.values()),
        sum(score.predicted for score in scores.values()),
        sum(score.support for score in scores.values()),
    )
