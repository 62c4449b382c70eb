"""Whether texts that are written from a class are taken for that class by a classifier."""

from collections.abc import Sequence
from typing import Any

from rnnzoo.config.errors import UserError
from rnnzoo.serving.predictor import Predictor


def judge_samples(
    writer: Predictor, judge: Predictor, labels: Sequence[str], num_samples: int, **settings: Any
) -> dict[str, float]:
    """Has a language model write texts of each class in turn, and a classifier name their classes.

    Args:
        writer: A language model of classes.
        judge: A classifier with the same ones.
        labels: Their names.
        num_samples: How many texts.
        **settings: Those of the signature `generate` but for the seed, which is that of no two texts.

    Returns:
        `samples_judged_wrong`, the share that the classifier gives to another class, of all and of each class.

    Raises:
        UserError: The models do not have the same classes.
    """
    known = list(judge.predict([""])[0].get("probabilities", ()))
    if set(known) != set(labels):
        raise UserError("the judge does not tell the classes of the texts", key="--judge", got=known, allowed=labels)
    asked = [labels[place % len(labels)] for place in range(num_samples)]
    rows = [{"label": label, "prompt": ""} for label in asked]
    texts = [answer["text"] for answer in writer.predict(rows, "generate", seed=list(range(num_samples)), **settings)]
    is_wrong = [answer["label"] != label for answer, label in zip(judge.predict(texts), asked, strict=True)]
    shares = {"samples_judged_wrong": sum(is_wrong) / num_samples}
    for label in labels:
        of_label = [wrong for wrong, other in zip(is_wrong, asked, strict=True) if other == label]
        shares[f"samples_of_{label}_judged_wrong"] = sum(of_label) / max(len(of_label), 1)
    return shares
