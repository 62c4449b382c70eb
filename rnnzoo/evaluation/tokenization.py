"""How nearly a tokenizer cuts texts as people did."""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from rnnzoo.evaluation.spans import PrecisionRecall


def score_tokenization(
    gold: Iterable[Sequence[str | bytes]], tokens: Iterable[Sequence[str | bytes]]
) -> PrecisionRecall:
    """Compares tokens with the true ones.

    Args:
        gold: The true tokens of each text.
        tokens: Those a tokenizer made.

    Returns:
        How many tokens are in both, in the same order.

    Example:

    >>> score = score_tokenization([["do", "n't", "e-mail"]], [["do", "n't", "e", "-", "mail"]])
    >>> score.correct, score.predicted, score.support
    (2, 5, 3)
    """
    correct = num_tokens = num_gold = 0
    for true, made in zip(gold, tokens, strict=True):
        blocks = SequenceMatcher(None, true, made, autojunk=False).get_matching_blocks()
        correct += sum(block.size for block in blocks)
        num_tokens += len(made)
        num_gold += len(true)
    return PrecisionRecall(correct, num_tokens, num_gold)
