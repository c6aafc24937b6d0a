"""Fields that follow a field already found: what is known later seldom comes alone."""

from __future__ import annotations

import numpy as np
from scipy import stats

from bedside.methods.audit.separation import Estimate, Z
from bedside.methods.audit.training import Column, Floats, evenly

CLOSE = 0.7
MOST_ROWS = 20_000
FEWEST_ROWS = 50


def rank_correlation(one: Floats, other: Floats) -> Estimate:
    """Spearman's correlation where both are known; interval by Fisher's z.

    Variance as in Bonett and Wright, Psychometrika 2000;65:23.
    """
    both = np.flatnonzero(np.isfinite(one) & np.isfinite(other))
    both = both[evenly(len(both), MOST_ROWS)]
    if len(both) < FEWEST_ROWS or np.ptp(one[both]) == 0 or np.ptp(other[both]) == 0:
        return Estimate(value=np.nan, low=np.nan, high=np.nan, subjects=len(both))
    value = float(stats.spearmanr(one[both], other[both]).statistic)
    z = np.arctanh(np.clip(value, -1 + 1e-12, 1 - 1e-12))
    half = Z * np.sqrt((1 + value**2 / 2) / (len(both) - 3))
    return Estimate(
        value=value, low=float(np.tanh(z - half)), high=float(np.tanh(z + half)), subjects=len(both)
    )


def followers(found: list[Column], others: list[Column]) -> list[tuple[Column, Column, Estimate]]:
    """Each other numeric field that follows a found one, which one most, and how closely."""
    close: list[tuple[Column, Column, Estimate]] = []
    for other in (column for column in others if column.numeric is not None):
        pairs = [
            (leader, rank_correlation(leader.values, other.values))
            for leader in found
            if leader.numeric is not None
        ]
        pairs = [pair for pair in pairs if np.isfinite(pair[1].value)]
        if not pairs:
            continue
        leader, estimate = max(pairs, key=lambda pair: abs(pair[1].value))
        if abs(estimate.value) >= CLOSE:
            close.append((other, leader, estimate))
    return close
