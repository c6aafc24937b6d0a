"""Coordinates that a network made, brought to the distribution that they have in the rows.

A network blurs what lies in points: of two values it mixes up some, and the rarer one gains. Each
coordinate is therefore mapped by its quantiles, which leaves as it is what hangs together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.methods.synthesis.mixed import Values

ROUNDS, FURTHEST = 100, 2.0
"""Of the search for what to add, and the most that is added: as far as two categories are apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """From a made-up coordinate to where that quantile lies in the rows."""

    drawn: Values
    """[M], rising."""
    wanted: Values
    """[M], rising."""

    def mapped(self, values: Values) -> Values:
        """Coordinates [N]."""
        return np.asarray(np.interp(values, self.drawn, self.wanted), np.float64)


def curve_of(drawn: Values, wanted: Values) -> Curve | None:
    """From drawn coordinates [M] to those of the rows [N]; None where there are none of either."""
    if not len(drawn) or not len(wanted):
        return None
    ranks = (np.arange(len(drawn)) + 0.5) / len(drawn)
    place = np.minimum((ranks * len(wanted)).astype(np.int64), len(wanted) - 1)
    return Curve(drawn=np.sort(drawn), wanted=np.sort(wanted)[place])


def lifts_of(drawn: Values, places: NDArray[np.int64]) -> Values:
    """What to add to coordinates [M, K] so that each is the largest as often as in `places` [N]."""
    kinds = drawn.shape[1]
    wanted = np.bincount(places, minlength=kinds) / max(len(places), 1)
    lift, best, least = np.zeros(kinds), np.zeros(kinds), np.inf
    for at in range(ROUNDS):
        have = np.bincount((drawn + lift).argmax(axis=1), minlength=kinds) / len(drawn)
        apart = float(np.abs(have - wanted).sum())
        if apart < least:
            best, least = lift, apart
        ratio = np.log((wanted + 1e-4) / (have + 1e-4))
        lift = np.clip(lift + ratio / (2 + at / 4), -FURTHEST, FURTHEST)
    return best
