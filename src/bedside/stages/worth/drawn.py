"""What a picture of two arms shows: their scores with intervals, their fitted curves, k between."""

from __future__ import annotations

import math

import numpy as np

from bedside.adapters.svg_reach import Dots, Reach
from bedside.methods.measure_words import words
from bedside.methods.worth.interval import Factor, Scores, pair, spread_of
from bedside.methods.worth.measure import LOWER_IS_BETTER
from bedside.methods.worth.verdict import ceiling_of, reach_of

_POINTS = 33
_DIGITS = 5
Shown = tuple[Factor | None, str, float]


def drawn(
    name: str, base: Scores, lever: Scores, shown: Shown, *, measure: str,
    truth: float | None = None,
) -> Reach:  # fmt: skip
    """The picture of an arm beside the base; `shown` is k, its words and the level."""
    factor, said, level = shown
    sign = -1.0 if measure in LOWER_IS_BETTER else 1.0
    short = words(measure).short
    plain = Reach(
        name=name, measure=short, finding=_finding(name, said, known=factor is not None),
        base=_dots(base, sign, level), lever=_dots(lever, sign, level), words=said, truth=truth,
    )  # fmt: skip
    if factor is None:
        return plain
    return _with_curves(plain, base, lever, factor=factor, sign=sign)


def _finding(name: str, said: str, *, known: bool) -> str:
    if not known:
        return f"{name}: {said}" if said else f"{name}: nothing can be said of k"
    return f"With {name}, labels do what {said} times as many do without"


def _with_curves(
    plain: Reach, base: Scores, lever: Scores, *, factor: Factor, sign: float
) -> Reach:
    curve = pair(base, lever, reach=reach_of(base, lever)).curve()
    along = np.geomspace(base.budgets[0], base.budgets[-1], _POINTS)
    times = along / base.budgets[0]
    ceiling = ceiling_of(base, lever)
    shift = min(max(factor.value, 1 / ceiling), ceiling)
    start = math.sqrt(base.budgets[0] * base.budgets[-1] / shift)
    low = factor.low if factor.low > 1 / ceiling else None
    high = factor.high if factor.high < ceiling else None
    return Reach(
        name=plain.name, measure=plain.measure, finding=plain.finding, base=plain.base,
        lever=plain.lever, words=plain.words, truth=plain.truth, along=_short(along),
        of_base=_short(sign * curve.at(times)), of_lever=_short(sign * curve.at(times * shift)),
        factor=shift, low=low, high=high, start=start,
        level=float(sign * curve.at(np.array([start * shift / base.budgets[0]]))[0]),
    )  # fmt: skip


def _dots(scores: Scores, sign: float, level: float) -> Dots:
    """Intervals over the repetitions alone: the test patients are the same for all that is shown,
    and would move it all together."""
    still = Scores(budgets=scores.budgets, seen=scores.seen,
                   resampled=np.repeat(scores.seen[None], 2, axis=0))  # fmt: skip
    found = spread_of(still, np.eye(len(scores.budgets))).intervals(level)
    low, high = (found[:, 1], found[:, 2]) if sign > 0 else (-found[:, 2], -found[:, 1])
    return Dots(
        labels=_short(scores.budgets), value=_short(sign * found[:, 0]), low=_short(low),
        high=_short(high),
    )  # fmt: skip


def _short(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[float, ...]:
    return tuple(round(float(value), _DIGITS) for value in values)
