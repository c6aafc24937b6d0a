"""k(n) without a formula: at each budget, how many labels it takes without the lever to do as well.

The curve without the lever is made monotone (isotonic regression), because one learning curve in
seven is not (LCDB 1.1, arXiv 2505.15657), and read off between budgets on a logarithmic axis. A
check of the joint fit, and the place to see that a lever fades, or turns harmful, with more labels.
Where the other curve does not reach, all that is known is a bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bedside.methods.worth.interval import Scores

Floats = NDArray[np.float64]
Bound = Literal["", "at least", "at most"]
DRAWS = 400
"""Resamples of repetitions and test patients together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """k at one budget."""

    budget: float
    factor: float
    bound: Bound
    """Where the curve does not reach: k is at least `factor`, or at most."""
    low: float
    """Ends of a bootstrap interval. Of a bound, one end alone, at the whole level: the other is 0
    or infinite."""
    high: float


def isotonic(values: Floats, weights: Floats) -> Floats:
    """The closest non-decreasing values (pool adjacent violators; Ayer et al. 1955).

    >>> isotonic(np.array([1.0, 3.0, 2.0]), np.ones(3)).tolist()
    [1.0, 2.5, 2.5]
    """
    blocks: list[list[float]] = []
    for value, weight in zip(values, weights, strict=True):
        blocks.append([float(value), float(weight), 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            last, before = blocks.pop(), blocks.pop()
            total = before[1] + last[1]
            mean = (before[0] * before[1] + last[0] * last[1]) / total
            blocks.append([mean, total, before[2] + last[2]])
    return np.repeat([block[0] for block in blocks], [int(block[2]) for block in blocks])


def locally(base: Scores, lever: Scores, *, level: float, seed: int) -> list[Local]:
    """k at each of the lever's budgets, with intervals."""
    factors, bounds = _read(base, lever, base.mean, lever.mean)
    rng = np.random.Generator(np.random.Philox(key=seed))
    drawn = np.stack([
        _read(base, lever, *_resampled(base, lever, rng))[0] for _ in range(DRAWS)
    ])  # fmt: skip
    return [
        _local(float(n), float(k), bound, of_budget, level)
        for n, k, bound, of_budget in zip(lever.budgets, factors, bounds, drawn.T, strict=True)
    ]


def _local(budget: float, factor: float, bound: Bound, drawn: Floats, level: float) -> Local:
    """What is beyond the curve was drawn at its end, so that side of an interval says nothing."""
    tail = (1 - level) / (1 if bound else 2)
    low, high = (float(end) for end in np.quantile(drawn, [tail, 1 - tail]))
    if bound == "at least":
        low, high = min(low, factor), np.inf
    elif bound == "at most":
        low, high = 0.0, max(high, factor)
    return Local(budget=budget, factor=factor, bound=bound, low=low, high=high)


def _read(
    base: Scores, lever: Scores, of_base: Floats, of_lever: Floats
) -> tuple[Floats, list[Bound]]:
    at = np.log(base.budgets)
    rising = isotonic(of_base, base.budgets)
    # Where the curve is flat, the fewest labels that do as well.
    rising = rising + 1e-9 * np.arange(len(rising))
    labels = np.exp(np.interp(of_lever, rising, at))
    bounds: list[Bound] = [
        "at least" if score > rising[-1] else "at most" if score < rising[0] else ""
        for score in of_lever
    ]
    return labels / lever.budgets, bounds


def _resampled(base: Scores, lever: Scores, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Repetitions and patients drawn anew; few repetitions vary too little, so they are spread."""
    repeats = len(base.seen)
    drawn, patients = rng.integers(0, repeats, repeats), rng.integers(0, len(base.resampled))
    wider = np.sqrt(repeats / (repeats - 1))

    def again(arm: Scores) -> Floats:
        of_all = arm.resampled[patients].mean(axis=0)
        return np.asarray(of_all + wider * (arm.resampled[patients][drawn].mean(axis=0) - of_all))

    return again(base), again(lever)
