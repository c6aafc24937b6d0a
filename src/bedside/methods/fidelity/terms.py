"""Likeness as a difference of two means, so that it has an interval by resampling patients.

A distance between two samples is that of the limit, or of the cells, where they differ most. With
these held, it is what rows of one kind have on average less what those of the other have: its
value is the distance itself, and resampling moves it as a mean. Choosing them again in each
resample would only push the distance up (Raghavachari, Ann Stat 1973, for Kolmogorov's and
Smirnov's). Where two samples are of one population the interval is on the wide side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bedside.methods.intervals import Interval, evaluate, resample, summarise
from bedside.methods.measures.sample import FloatArray
from bedside.methods.synthesis.mixed import Values

Terms = tuple[Values, Values]
"""[N, K] of real rows and [M, K] of made-up ones: K distances are the differences of the means."""
Patients = tuple[NDArray[np.int64], NDArray[np.int64]]
"""[N] and [M] whose the rows are."""


def likeness(terms: Terms) -> Values:
    """[K] from 0 to 1."""
    first, second = (side.mean(axis=0) for side in terms)
    return np.asarray(1.0 - (first - second), np.float64)


def likeness_intervals(
    terms: Terms, patients: Patients, *, seed: int, replicates: int
) -> tuple[list[Interval], Interval]:
    """Of each of the K, and of their mean; of no distances, 1."""
    if not terms[0].shape[1]:
        return [], (1.0, 1.0, 1.0)
    split = len(terms[0])
    own = [np.unique(whose, return_inverse=True)[1] for whose in patients]
    resamples = resample(
        np.concatenate([own[0], own[1] + split]), replicates, seed,
        strata=np.repeat([0, 1], [split, len(terms[1])]),
    )  # fmt: skip

    def measure(weights: FloatArray) -> dict[str, FloatArray]:
        sides = zip((weights[:, :split], weights[:, split:]), terms, strict=True)
        first, second = (w @ side / w.sum(axis=1, keepdims=True) for w, side in sides)
        return {"likeness": 1.0 - (first - second)}

    drawn = evaluate(measure, resamples)["likeness"]
    points = likeness(terms)
    found = [_within(value, drawn[:, at]) for at, value in enumerate(points.tolist())]
    return found, _within(float(points.mean()), drawn.mean(axis=1))


def _within(point: float, drawn: Values) -> Interval:
    value, low, high = summarise(point, drawn)
    return value, float(np.clip(low, 0, 1)), float(np.clip(high, 0, 1))
