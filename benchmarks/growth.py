"""How cost grows: straight lines and powers fitted to times."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Growth:
    """How seconds grow with a size.

    Attributes:
        fixed: Seconds of the straight line at size zero.
        each: Seconds of the straight line for each unit of size.
        worst_deviation: Largest relative deviation of a time from the line.
        power: p of seconds ~ size^p, over the larger half of the sizes; 1 is linear.
    """

    fixed: float
    each: float
    worst_deviation: float
    power: float


def fit_growth(sizes: Sequence[float], seconds: Sequence[float]) -> Growth:
    """Fits a straight line, by least squares of relative deviations, and a power.

    Args:
        sizes: At least two different sizes.
        seconds: Time of each.

    Example:

    >>> growth = fit_growth([100, 1000, 10000], [0.02, 0.11, 1.01])
    >>> round(growth.fixed, 4), round(growth.each, 6), round(growth.power, 2)
    (0.01, 0.0001, 0.96)
    """
    x, y = np.asarray(sizes, float), np.asarray(seconds, float)
    rows = np.stack([np.ones_like(x), x], axis=1) / y[:, None]
    fixed, each = np.linalg.lstsq(rows, np.ones_like(y), rcond=None)[0]
    deviation = np.abs((fixed + each * x) / y - 1)
    half = slice(-max(2, (len(x) + 1) // 2), None)
    power = np.polyfit(np.log(x[half]), np.log(y[half]), 1)[0]
    return Growth(float(fixed), float(each), float(deviation.max()), float(power))
