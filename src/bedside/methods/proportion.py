"""A share of patients with its interval."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist


def wilson(count: int, total: int, level: float = 0.95) -> tuple[float, float, float]:
    """Share, low and high of `count` among `total`, by Wilson's score interval.

    Unlike the usual interval it is never empty at 0 or at all, and never leaves [0, 1].
    Source: Wilson EB, J Am Stat Assoc 1927;22:209.

    >>> [round(x, 3) for x in wilson(0, 50)]
    [0.0, 0.0, 0.071]
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = count / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    half /= 1 + z * z / total
    low = 0.0 if count == 0 else max(centre - half, 0.0)
    high = 1.0 if count == total else min(centre + half, 1.0)
    return share, low, high
