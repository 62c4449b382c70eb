"""How well a text was foretold, in the units that people use."""

import math

_LARGEST_EXPONENT = 700.0


def compute_perplexity(nats: float, num_targets: int, unit: str) -> dict[str, float]:
    """Turns a summed negative log probability into the figures of language models.

    Args:
        nats: Sum over all that was to be predicted.
        num_targets: How many tokens that is; the end of a document counts as one.
        unit: What a token is: `character`, `byte` or `word`.

    Returns:
        `nats_per_<unit>`, `bits_per_<unit>` and `perplexity`.

    Example:

    >>> compute_perplexity(nats=10 * math.log(4.0), num_targets=10, unit="character")["bits_per_character"]
    2.0
    """
    mean = nats / max(num_targets, 1)
    return {
        f"nats_per_{unit}": mean,
        f"bits_per_{unit}": mean / math.log(2.0),
        "perplexity": math.exp(min(mean, _LARGEST_EXPONENT)),
    }
