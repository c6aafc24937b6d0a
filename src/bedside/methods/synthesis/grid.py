"""The grid that a number lives on: its decimals, its ends, and whether it has few values only.

A made-up number is brought onto the grid of the real ones: creatinine that is recorded in tenths
comes in tenths, and nothing is below what is possible. The ends are those that several rows
reach, so that no end is one patient's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bedside.methods.synthesis.mixed import Column, Values

FEW = 60
"""A column of fewer values has those only; a rank between two of them is one of the two."""
TIED = 0.5
MOST = 0.9
MOST_DECIMALS = 9
PRECISION = 1e-6
"""Relative precision of float32, in which fields are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Of one numeric column."""

    decimals: int | None
    """Of nine values in ten; None: no grid is to be seen."""
    low: float
    high: float
    few: bool
    tied: bool
    """Whether most values are those of several rows: a rank is then one of them."""

    def snapped(self, values: Values) -> Values:
        """The nearest values on the grid and within its ends; NaN stays."""
        kept = np.clip(values, self.low, self.high)
        if self.decimals is None:
            return kept
        return np.asarray(np.clip(np.round(kept, self.decimals), self.low, self.high), np.float64)


def grid_of(values: Values, column: Column) -> Grid:
    """The grid of the known `values` [N], sorted or not, none of them NaN."""
    if not len(values):
        return Grid(decimals=None, low=0.0, high=0.0, few=True, tied=True)
    ordered = np.sort(values)
    kinds = len(np.unique(ordered))
    left_out = own(len(ordered))
    low, high = float(ordered[left_out]), float(ordered[len(ordered) - 1 - left_out])
    return Grid(
        decimals=_decimals(ordered),
        low=low if column.low is None else max(low, column.low),
        high=high if column.high is None else min(high, column.high),
        few=kinds < FEW,
        tied=kinds <= TIED * len(ordered),
    )


def own(count: int) -> int:
    """How many values at each end are left out: none of fewer than 200, at most 4."""
    return min(4, count // 200)


def _decimals(values: Values) -> int | None:
    size = np.maximum(np.abs(values), 1e-3) * PRECISION
    for decimals in range(MOST_DECIMALS + 1):
        if (np.abs(values - np.round(values, decimals)) <= size).mean() >= MOST:
            return decimals
    return None
