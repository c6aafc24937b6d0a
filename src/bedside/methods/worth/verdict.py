"""What may be said of a lever: a number with its interval, a bound, or why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bedside.methods.worth.interval import Factor, Scores, pair, spread_of

Kind = Literal["number", "at least", "at most", "plateau", "unknown", "refused"]
PLATEAU = "labels no longer limit this task"
TOO_NOISY = "the curves scatter too much to tell"
Triple = tuple[float, float, float]
Finding = Literal["saves labels", "does harm", "cannot be told from no lever", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one lever is worth by one measure."""

    kind: Kind
    factor: Factor | None
    """Held to what the budgets can show; None where nothing may be said."""
    gain: Triple
    """Mean score with the lever less that without, over its budgets, with its interval."""
    ceiling: float
    """The largest k that the budgets can show."""
    reason: str = ""

    @property
    def finding(self) -> Finding:
        """What the interval says; empty where there is none."""
        if self.factor is None:
            return ""
        if self.factor.low > 1 or self.kind == "at least":
            return "saves labels"
        if self.factor.high < 1 or self.kind == "at most":
            return "does harm"
        return "cannot be told from no lever"

    def words(self) -> str:
        """As a sentence has it: `1.62 (1.21 to 2.05)`, `at least 4`, or why there is none."""
        if self.factor is None:
            return self.reason
        one, floor = self.factor, 1 / self.ceiling
        if self.kind in ("at least", "at most"):
            return f"{self.kind} {one.value:.3g}"
        low = f"{one.low:.2f}" if one.low > floor else f"less than {floor:.2g}"
        high = f"{one.high:.2f}" if one.high < self.ceiling else f"more than {self.ceiling:.3g}"
        return f"{one.value:.2f} ({low} to {high})"

    def triple(self) -> tuple[float | None, float | None, float | None]:
        """Value, low and high; an end that the budgets cannot show is None."""
        if self.factor is None:
            return None, None, None
        low = self.factor.low if self.factor.low > 1 / self.ceiling else None
        high = self.factor.high if self.factor.high < self.ceiling else None
        return self.factor.value, low, high


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which terms a lever is judged."""

    level: float = 0.95
    worthwhile: float = 0.01
    """A curve that is sure to rise by less over all budgets is a plateau."""
    unknown: str = ""
    """Why there is too little to judge by."""
    refused: str = ""
    """Which control failed, and how."""
    silent: str = ""
    """Which control cannot tell anything."""


def judged(base: Scores, lever: Scores, terms: Terms) -> Verdict:
    """What the lever is worth, if labels matter and the controls passed."""
    ceiling, level = ceiling_of(base, lever), terms.level
    gain = gain_of(base, lever, level)

    def none(kind: Kind, reason: str) -> Verdict:
        return Verdict(kind=kind, factor=None, gain=gain, ceiling=ceiling, reason=reason)

    if terms.unknown:
        return none("unknown", terms.unknown)
    if terms.refused:
        return none("refused", terms.refused)
    if rise_of(base, level)[2] < terms.worthwhile:
        return none("plateau", PLATEAU)
    if terms.silent:
        return none("unknown", terms.silent)
    found = pair(base, lever, reach=reach_of(base, lever)).factor(level)
    kind, factor = _held(found, ceiling)
    silent = found.low < 1 / ceiling and found.high > ceiling
    if silent or (kind == "at least" and factor.low < 1) or (kind == "at most" and factor.high > 1):
        return none("unknown", TOO_NOISY)
    return Verdict(kind=kind, factor=factor, gain=gain, ceiling=ceiling)


def ceiling_of(base: Scores, lever: Scores) -> float:
    """At the lever's two smallest budgets the other curve must still reach: 4 of four budgets."""
    return float(base.budgets[-1] / lever.budgets[min(1, len(lever.budgets) - 1)])


def reach_of(base: Scores, lever: Scores) -> float:
    """How far k is looked for: somewhat beyond what can be shown."""
    return 4 * ceiling_of(base, lever)


def rise_of(base: Scores, level: float) -> Triple:
    """How much the score rises over all budgets without a lever: a straight line on log n."""
    at = np.log(base.budgets) - np.log(base.budgets).mean()
    slope = at / (at @ at) * (np.log(base.budgets[-1]) - np.log(base.budgets[0]))
    return _triple(base, slope[None], level)


def gain_of(base: Scores, lever: Scores, level: float) -> Triple:
    """The lever's mean score less the base's at the same budgets."""
    same = np.isin(base.budgets, lever.budgets) / len(lever.budgets)
    contrast = np.concatenate([-same, np.full(len(lever.budgets), 1 / len(lever.budgets))])
    return _triple(base.beside(lever), contrast[None], level)


def _triple(scores: Scores, contrast: NDArray[np.float64], level: float) -> Triple:
    value, low, high = spread_of(scores, contrast).intervals(level)[0]
    return float(value), float(low), float(high)


def _held(found: Factor, ceiling: float) -> tuple[Kind, Factor]:
    """Nothing is said beyond the grid of budgets: of what lies there, the bound that is known."""
    if found.value >= ceiling:
        bound = min(found.low, ceiling)
        return "at least", Factor(value=bound, low=bound, high=math.inf)
    if found.value <= 1 / ceiling:
        bound = max(found.high, 1 / ceiling)
        return "at most", Factor(value=bound, low=0.0, high=bound)
    return "number", found
