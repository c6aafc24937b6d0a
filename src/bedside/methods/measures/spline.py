"""Restricted cubic splines: smooth, flexible curves with straight tails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bedside.methods.measures.sample import FloatArray

FOUR_KNOTS = (0.05, 0.35, 0.65, 0.95)
THREE_KNOTS = (0.10, 0.50, 0.90)
ROWS_FOR_FOUR = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedCubicSpline:
    """A basis of 1, x and one cubic term for each knot but two (Harrell, Regression Modeling
    Strategies, 2nd ed. 2015, section 2.4.5).

    Knots lie at the quantiles that Harrell recommends: four of them, or three below 100 values.
    Where fewer than three knots are distinct the basis is 1 and x.
    """

    knots: FloatArray
    """[K], rising."""

    @classmethod
    def of(cls, x: FloatArray) -> RestrictedCubicSpline:
        """Knots from the sample `x` [N]."""
        shares = FOUR_KNOTS if len(x) >= ROWS_FOR_FOUR else THREE_KNOTS
        return cls(knots=np.unique(np.quantile(x, shares)))

    def __call__(self, x: FloatArray) -> FloatArray:
        """The basis at `x` [N]: [N, max(K, 2)] with 1 in the first column."""
        columns = [np.ones_like(x), x]
        if len(self.knots) >= 3:
            *inner, before, last = self.knots
            scale = (last - self.knots[0]) ** 2
            cubic_last = np.maximum(x - last, 0.0) ** 3
            cubic_before = np.maximum(x - before, 0.0) ** 3
            for knot in inner:
                term = np.maximum(x - knot, 0.0) ** 3
                term -= cubic_before * (last - knot) / (last - before)
                term += cubic_last * (before - knot) / (last - before)
                columns.append(term / scale)
        return np.column_stack(columns)
