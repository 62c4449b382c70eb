"""Which widths the batches have."""

import numpy as np

_MOST_CANDIDATES = 256


def choose_widths(lengths: np.ndarray, num_buckets: int, batch_size: int) -> list[int]:
    """Chooses bucket widths that waste the least on padding, by dynamic programming.

    Filler rows of a bucket's last batch count as waste too, so small sets get fewer buckets.

    Args:
        lengths: Length of each example, (examples,) int.
        num_buckets: Most widths to choose.
        batch_size: Rows of a batch.

    Returns:
        Increasing widths; the last one holds the longest example.

    Example:

    >>> choose_widths(np.array([2, 2, 2, 2, 9, 9]), num_buckets=2, batch_size=2)
    [2, 9]
    """
    lengths = np.maximum(np.asarray(lengths, np.int32), 1)
    different, counts = np.unique(lengths, return_counts=True)
    candidates = different if len(lengths) else np.array([1])
    if len(candidates) > _MOST_CANDIDATES:
        candidates = np.unique(np.quantile(lengths, np.linspace(0, 1, _MOST_CANDIDATES), method="higher"))
    num_up_to = np.concatenate([[0], np.cumsum(counts)])
    examples_up_to = np.concatenate([[0], num_up_to[np.searchsorted(different, candidates, side="right")]])
    num_candidates = len(candidates)
    # cost[j]: least padded steps for all examples up to candidate j - 1 with the buckets allowed so far.
    cost = np.full(num_candidates + 1, np.inf)
    cost[0] = 0.0
    choices = []
    for _ in range(min(num_buckets, num_candidates)):
        batches = np.ceil((examples_up_to[None, 1:] - examples_up_to[:-1, None]) / batch_size)
        total = cost[:-1, None] + batches * batch_size * candidates[None, :]
        total[np.tril_indices(num_candidates, -1)] = np.inf
        best = np.argmin(total, axis=0)
        choices.append(best)
        cost = np.concatenate([[0.0], total[best, np.arange(num_candidates)]])
    widths, end = [], num_candidates
    for best in reversed(choices):
        if end == 0:
            break
        widths.append(int(candidates[end - 1]))
        end = int(best[end - 1])
    return widths[::-1]
