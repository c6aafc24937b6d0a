"""Likeness of each column: 1 less the largest gap between two distributions.

Numbers by Kolmogorov and Smirnov, categories by total variation; missing counts as a category, and
for a number the share that is missing may be the larger gap.
"""

from __future__ import annotations

import numpy as np

from bedside.methods.synthesis.mixed import Mixed, Values


def column_likeness(real: Mixed, made: Mixed) -> dict[str, float]:
    """By column, from 0 to 1; 1 is the same distribution."""
    found = {}
    for at, column in enumerate(real.columns):
        first, second = real.values[:, at], made.values[:, at]
        apart = _numbers if column.kind == "numeric" else _codes
        found[column.name] = 1.0 - apart(first, second)
    return found


def _numbers(first: Values, second: Values) -> float:
    gaps = abs(float(np.isnan(first).mean() - np.isnan(second).mean()))
    first, second = np.sort(first[~np.isnan(first)]), np.sort(second[~np.isnan(second)])
    if not len(first) or not len(second):
        return 1.0 if len(first) or len(second) else gaps
    at = np.concatenate([first, second])
    shares = [np.searchsorted(ordered, at, "right") / len(ordered) for ordered in (first, second)]
    return max(float(np.abs(shares[0] - shares[1]).max()), gaps)


def _codes(first: Values, second: Values) -> float:
    both = np.unique(np.concatenate([first, second]))
    shares = [(values[:, None] == both).mean(axis=0) for values in (first, second)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)
