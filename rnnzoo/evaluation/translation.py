"""Scores of a translator, or of anything that turns a string into a string."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from rnnzoo.config import UserError
from rnnzoo.evaluation.evaluation import Evaluation


def evaluate_translation(
    references: Sequence[str], hypotheses: Sequence[str], sources: Sequence[str], num_mistakes: int
) -> Evaluation:
    """Scores translations as sacreBLEU does, and as strings.

    Args:
        references: What is right, as ordinary text, not tokenised.
        hypotheses: What was put out, likewise.
        sources: What was translated, for the list of mistakes.
        num_mistakes: How many of the worst outputs, by the chrF of each alone, are listed.

    Returns:
        The metrics `bleu` (cased, over the corpus, tokenised by sacreBLEU's `13a`; 0 to 100; it is 0 where no text
        has four tokens), `bleu_lowercase`, `chrf` (chrF2, 0 to 100), `exact_match` (share of equal strings) and
        `character_error_rate` (edit operations a character of the references; can exceed 1). sacreBLEU's signatures
        of its figures, the precisions and lengths behind BLEU, and the worst outputs.

    Raises:
        UserError: There is no example.

    Example:

    >>> evaluation = evaluate_translation(["Two dogs play."], ["Two dogs plays."], ["Zwei Hunde spielen."], 1)
    >>> round(evaluation.metrics["character_error_rate"], 3), evaluation.metrics["exact_match"]
    (0.071, 0.0)
    """
    from sacrebleu.metrics import BLEU, CHRF

    pairs = list(zip(references, hypotheses, strict=True))
    if not pairs:
        raise UserError("there is no example to score")
    # `force` only spares a warning about texts that look tokenised: some are meant to.
    cased, lowercase, chrf = BLEU(force=True), BLEU(lowercase=True, force=True), CHRF()
    outputs, targets = list(hypotheses), [list(references)]
    bleu = cased.corpus_score(outputs, targets)
    metrics = {
        "bleu": bleu.score,
        "bleu_lowercase": lowercase.corpus_score(outputs, targets).score,
        "chrf": chrf.corpus_score(outputs, targets).score,
        "exact_match": sum(reference == hypothesis for reference, hypothesis in pairs) / len(pairs),
        "character_error_rate": compute_character_error_rate(references, hypotheses),
    }
    details = {
        "bleu_signature": str(cased.get_signature()),
        "bleu_lowercase_signature": str(lowercase.get_signature()),
        "chrf_signature": str(chrf.get_signature()),
        "bleu_precisions": list(bleu.precisions),
        "brevity_penalty": bleu.bp,
        "num_reference_tokens": bleu.ref_len,
        "num_hypothesis_tokens": bleu.sys_len,
        "worst": _list_worst(pairs, sources, chrf, num_mistakes),
    }
    return Evaluation({name: float(figure) for name, figure in metrics.items()} | {"num_examples": len(pairs)}, details)


def compute_character_error_rate(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """Returns the edit distances of all pairs over the code points of all references.

    Where no reference has any character it is the number of those put out.

    Example:

    >>> compute_character_error_rate(["Anna", "Ben"], ["Ana", "Benn"])
    0.2857142857142857
    """
    distances = sum(
        compute_edit_distance(reference, hypothesis)
        for reference, hypothesis in zip(references, hypotheses, strict=True)
    )
    return distances / max(sum(map(len, references)), 1)


def compute_edit_distance(first: str, second: str) -> int:
    """Returns the fewest insertions, deletions and replacements of code points that make one string the other.

    Example:

    >>> compute_edit_distance("kitten", "sitting")
    3
    """
    if first == second:
        return 0
    if not first or not second:
        return len(first) + len(second)
    # Myers 1999: a column of the table as the bits of two integers, which say where it rises and where it falls.
    places: dict[str, int] = defaultdict(int)
    for place, character in enumerate(first):
        places[character] |= 1 << place
    every = (1 << len(first)) - 1
    last = 1 << (len(first) - 1)
    distance, rises, falls = len(first), every, 0
    for character in second:
        equal = places.get(character, 0)
        level = equal | falls
        diagonal = (((equal & rises) + rises) ^ rises) | equal
        right_rises = falls | (every & ~(diagonal | rises))
        right_falls = rises & diagonal
        distance += bool(right_rises & last) - bool(right_falls & last)
        right_rises = (right_rises << 1) | 1
        rises = ((right_falls << 1) | ~(level | right_rises)) & every
        falls = right_rises & level
    return distance


def _list_worst(pairs: list[tuple[str, str]], sources: Sequence[str], chrf: Any, num_mistakes: int) -> list[dict]:
    wrong = [place for place, (reference, hypothesis) in enumerate(pairs) if reference != hypothesis]
    if num_mistakes <= 0 or not wrong:
        return []
    scores = {place: chrf.sentence_score(pairs[place][1], [pairs[place][0]]).score for place in wrong}
    return [
        {
            "source": sources[place],
            "reference": pairs[place][0],
            "hypothesis": pairs[place][1],
            "chrf": round(scores[place], 2),
        }
        for place in sorted(wrong, key=scores.__getitem__)[:num_mistakes]
    ]
