"""Restricted cubic splines: smooth, flexible curves with straight tails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bedside.methods.measures.sample import FloatArray

FOUR_KNOTS = (0.05, 0.35, 0.65, 0.95)
THREE_KNOTS = (0.10, 0.50, 0.90)
EVENTS_A_TERM = 10
"""Events that each coefficient but the intercept asks for, among the rarer of the two outcomes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedCubicSpline:
    """A basis of 1, x and one cubic term for each knot but two (Harrell, Regression Modeling
    Strategies, 2nd ed. 2015, section 2.4.5).

    Knots lie at the quantiles that Harrell recommends: four of them (three terms beside 1), three
    below 30 events, and none below 20 or where fewer than three are distinct: the basis is then 1
    and x.
    """

    knots: FloatArray
    """[K], rising; fewer than three are none."""

    @classmethod
    def of(cls, x: FloatArray, y: FloatArray) -> RestrictedCubicSpline:
        """Knots from the sample `x` [N], as many as its outcomes `y` 0/1 [N] can bear."""
        terms = min(y.sum(), (1.0 - y).sum()) // EVENTS_A_TERM
        shares = FOUR_KNOTS if terms >= 3 else THREE_KNOTS if terms == 2 else ()
        return cls(knots=np.unique(np.quantile(x, shares)))

    def __call__(self, x: FloatArray) -> FloatArray:
        """The basis at `x` [N]: [N, K], or [N, 2] without knots, with 1 in the first column."""
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
