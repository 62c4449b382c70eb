"""Scores of a tagger."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from rnnzoo.config import UserError
from rnnzoo.evaluation.evaluation import Evaluation
from rnnzoo.evaluation.spans import PrecisionRecall, pool_spans, score_spans


def evaluate_tagging(
    gold: np.ndarray,
    predicted: np.ndarray,
    offsets: np.ndarray,
    tag_names: Sequence[str],
    *,
    scheme: str | None = None,
    loss: float | None = None,
    gold_probabilities: np.ndarray | None = None,
    is_known: np.ndarray | None = None,
    words: Sequence[str] | None = None,
    num_mistakes: int = 0,
) -> Evaluation:
    """Scores predicted tags, those of all sentences end to end.

    Args:
        gold: True tags, (tokens,) int.
        predicted: Predicted tags, (tokens,) int; -1 where there is none, which is wrong and no span.
        offsets: Where each sentence begins, and the end, (sentences + 1,) int.
        tag_names: Names of the tags.
        scheme: One of `rnnzoo.text.TAG_SCHEMES` where the tags mark spans; None: they mark none.
        loss: Mean negative log likelihood, nats a token.
        gold_probabilities: What the model gave the true tags, (tokens,) float.
        is_known: Whether the words are known from training, (tokens,) bool.
        words: What was tagged, (tokens,), for the list of sentences.
        num_mistakes: How many sentences with wrong tags are listed: those whose true tags have the lowest
            mean probability; where that is not given, those with the most wrong tags.

    Returns:
        The metrics `token_accuracy`; `accuracy_known_words` and `accuracy_unknown_words`, where there are
        any; `loss`, where it is given; and of spans `span_f1`, `span_precision`, `span_recall`, over all
        types by conlleval's rules, and `span_macro_f1`, the mean over the types. Further figures by tag and by
        type of span, the F1 of the spans that are written exactly as the scheme has them, the confusion
        matrix and the worst sentences.

    Raises:
        UserError: There is no token.
    """
    if len(gold) == 0:
        raise UserError("there is no token to score")
    right = gold == predicted
    metrics = {"token_accuracy": float(right.mean())}
    details: dict[str, Any] = {"num_tokens": len(gold)}
    if is_known is not None:
        for name, chosen in (("known", is_known), ("unknown", ~is_known)):
            if chosen.any():
                metrics[f"accuracy_{name}_words"] = float(right[chosen].mean())
    if loss is not None:
        metrics["loss"] = loss
    sentences = [slice(start, end) for start, end in pairwise(offsets)]
    names = [*tag_names, ""]  # that of -1 is the last
    gold_names, predicted_names = ([names[tag_id] for tag_id in ids] for ids in (gold, predicted))
    if scheme is not None:
        span_metrics, span_details = _score_spans(
            [gold_names[sentence] for sentence in sentences],
            [predicted_names[sentence] for sentence in sentences],
            scheme,
        )
        metrics |= span_metrics
        details |= span_details
    size, tagged = len(tag_names), predicted >= 0
    pairs = gold[tagged].astype(np.int64) * size + predicted[tagged]
    matrix = np.bincount(pairs, minlength=size * size).reshape(size, size)
    support = np.bincount(gold, minlength=size)
    by_tag = np.stack([matrix.diagonal(), matrix.sum(axis=0), support], axis=-1).tolist()
    details["tags"] = {
        name: _to_figures(PrecisionRecall(*counts)) for name, counts in zip(tag_names, by_tag, strict=True)
    }
    details["confusion_matrix"] = {"classes": list(tag_names), "rows_true_columns_predicted": matrix.tolist()}
    worst = _find_worst(right, offsets, gold_probabilities)[:num_mistakes]
    details["worst_sentences"] = [
        {
            "words": None if words is None else list(words[sentences[place]]),
            "tags": gold_names[sentences[place]],
            "predicted": predicted_names[sentences[place]],
            "wrong_tags": int(np.count_nonzero(~right[sentences[place]])),
        }
        for place in worst
    ]
    if not tagged.all():
        details["num_tokens_without_tag"] = int((~tagged).sum())
    return Evaluation(metrics | {"num_examples": len(sentences)}, details)


def _score_spans(
    gold: list[list[str]], predicted: list[list[str]], scheme: str
) -> tuple[dict[str, float], dict[str, Any]]:
    by_type = score_spans(gold, predicted)
    pooled = pool_spans(by_type)
    metrics = {
        "span_f1": pooled.f1,
        "span_precision": pooled.precision,
        "span_recall": pooled.recall,
        "span_macro_f1": float(np.mean([score.f1 for score in by_type.values()])) if by_type else 0.0,
    }
    return metrics, {
        "spans": {type_: _to_figures(score) for type_, score in by_type.items()},
        "strict_span_f1": pool_spans(score_spans(gold, predicted, scheme)).f1,
    }


def _to_figures(score: PrecisionRecall) -> dict[str, float]:
    return {"precision": score.precision, "recall": score.recall, "f1": score.f1, "support": score.support}


def _find_worst(right: np.ndarray, offsets: np.ndarray, gold_probabilities: np.ndarray | None) -> np.ndarray:
    """Returns the sentences with wrong tags, the worst first."""
    lengths = np.diff(offsets)
    sentence_of = np.repeat(np.arange(len(lengths)), lengths)
    num_wrong = np.bincount(sentence_of, ~right, len(lengths))
    goodness = -num_wrong
    if gold_probabilities is not None:
        goodness = np.bincount(sentence_of, gold_probabilities, len(lengths)) / np.maximum(lengths, 1)
    with_mistakes = np.flatnonzero(num_wrong)
    return with_mistakes[np.argsort(goodness[with_mistakes], kind="stable")]
