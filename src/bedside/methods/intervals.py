"""How far a number could be off: bootstrap intervals that resample whole subjects.

    resamples = resample(subjects, replicates=1000, seed=7, strata=outcome)
    estimate(binary_measure(y, p), resamples)["auroc"]      # (value, low, high)

Rows of one subject are drawn together, because they are not independent of each other: resampling
rows instead gives intervals that are too narrow (Efron and Tibshirani 1993, chapter 8; Davison and
Hinkley 1997, section 3.8). Two models measured on the same resamples are compared pair by pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bedside.core.errors import DataError
from bedside.methods.measures.sample import FloatArray, IntArray, Measure

CHUNK = 1 << 16
"""Weights in a chunk: 0.5 MiB of float64, so that what is computed of them stays in a core's cache.
At twice the size the allocator hands pages back after each step, which can cost half as much again.
"""
MOST_UNDEFINED = 0.05
"""An interval is undefined when more than this share of its replicates is."""

Interval = tuple[float, float, float]
"""Value, low, high."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resamples:
    """Subjects drawn with replacement, `replicates` times; build with `resample`.

    Replicate r follows from (seed, r) alone, whatever the size of a chunk, and from the sorted
    names of the subjects, whatever the order of the rows. The original sample is not among them.
    """

    replicates: int
    seed: int
    subject: IntArray
    """[N] which of the S subjects, in sorted order, a row belongs to."""
    strata: tuple[IntArray, ...]
    """Subjects of each stratum; as many are drawn from each as there are in it."""

    def __len__(self) -> int:
        """N, the rows."""
        return len(self.subject)

    @property
    def subjects(self) -> int:
        """S, the distinct subjects."""
        return sum(len(stratum) for stratum in self.strata)

    def chunks(self, size: int = CHUNK) -> Iterator[FloatArray]:
        """Weights [b, N], how often each row's subject was drawn; `size` bounds b x N (b >= 1)."""
        step = max(1, size // len(self))
        one_row_each = self.subjects == len(self) and bool(
            (self.subject == np.arange(len(self))).all()
        )
        for first in range(0, self.replicates, step):
            drawn = range(first, min(first + step, self.replicates))
            counts_bS = np.empty((len(drawn), self.subjects))
            for row, replicate in zip(counts_bS, drawn, strict=True):
                self._draw(replicate, row)
            yield counts_bS if one_row_each else counts_bS.take(self.subject, axis=1)

    def _draw(self, replicate: int, counts_S: FloatArray) -> None:
        stream = np.random.Philox(key=self.seed, counter=[0, 0, 0, replicate])
        random = np.random.Generator(stream)
        for stratum in self.strata:
            size = len(stratum)
            counts_S[stratum] = np.bincount(random.integers(0, size, size), minlength=size)


def resample(
    subjects: ArrayLike, replicates: int, seed: int, strata: ArrayLike | None = None
) -> Resamples:
    """Prepare bootstrap resamples of `subjects` [N], one identifier for each row.

    `strata` [N] has one value for each subject (its outcome, say, so that a rare class cannot
    vanish). DataError when empty, when a subject lies in two strata, or for a negative seed.

    >>> weights = next(resample([3, 3, 8], replicates=4, seed=0).chunks())
    >>> weights.shape, bool((weights[:, 0] == weights[:, 1]).all())
    ((4, 3), True)
    """
    names = np.asarray(subjects)
    if names.ndim != 1 or not len(names):
        raise DataError(
            "subjects", expected="an array [N] with N >= 1", found=f"shape {list(names.shape)}"
        )
    if replicates < 1 or seed < 0:
        raise DataError(
            "resamples", expected="at least one replicate and a seed of at least 0",
            found=f"{replicates} replicates, seed {seed}",
        )  # fmt: skip
    _, first_row, subject = np.unique(names, return_index=True, return_inverse=True)
    stratum_N = np.zeros(len(names)) if strata is None else np.asarray(strata)
    groups = _strata(stratum_N, subject, first_row)
    return Resamples(replicates=replicates, seed=seed, subject=subject, strata=groups)


def evaluate(measure: Measure, resamples: Resamples) -> dict[str, FloatArray]:
    """Each measure on every resample: [B], or [B, ...] where the measure is an array."""
    parts: dict[str, list[FloatArray]] = {}
    for weights in resamples.chunks():
        for name, values in measure(weights).items():
            parts.setdefault(name, []).append(values)
    return {name: np.concatenate(values) for name, values in parts.items()}


def estimate(measure: Measure, resamples: Resamples, level: float = 0.95) -> dict[str, Interval]:
    """Value and percentile interval of each scalar measure, the value on the sample as it is."""
    points = measure(np.ones((1, len(resamples))))
    replicates = evaluate(measure, resamples)
    return {name: summarise(float(points[name][0]), replicates[name], level) for name in points}


def summarise(point: float, replicates: FloatArray, level: float = 0.95) -> Interval:
    """Value, low and high: the percentile interval of `replicates` [B].

    Undefined (non-finite) replicates are ignored; the bounds are NaN when they are more than 5 %,
    or when the point itself is undefined.

    >>> summarise(50.0, np.arange(101.0), level=0.5)
    (50.0, 25.0, 75.0)
    """
    if not 0 < level < 1:
        raise DataError("level", expected="a number between 0 and 1", found=str(level))
    defined = np.isfinite(replicates)
    if not np.isfinite(point) or defined.mean() < 1.0 - MOST_UNDEFINED:
        return float(point), float("nan"), float("nan")
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(replicates[defined], [tail, 1.0 - tail])
    return float(point), float(low), float(high)


def difference(
    points: tuple[float, float], first: FloatArray, second: FloatArray, level: float = 0.95
) -> Interval:
    """First minus second with its interval; both [B], evaluated with the same `Resamples`."""
    if first.shape != second.shape:
        raise DataError(
            "paired comparison", expected="the same replicates on both sides",
            found=f"shapes {list(first.shape)} and {list(second.shape)}",
            hint="evaluate both models with one Resamples",
        )  # fmt: skip
    return summarise(points[0] - points[1], first - second, level)


def _strata(
    stratum_N: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
    subject: IntArray,
    first_row: IntArray,
) -> tuple[IntArray, ...]:
    """Subjects of each stratum; DataError when a subject's rows do not agree."""
    if stratum_N.shape != subject.shape:
        raise DataError(
            "strata", expected=f"an array [{len(subject)}], one for each row",
            found=f"shape {list(stratum_N.shape)}",
        )  # fmt: skip
    stratum_S = stratum_N[first_row]
    split = np.flatnonzero(stratum_S[subject] != stratum_N)
    if len(split):
        raise DataError(
            "strata", expected="one stratum for each subject",
            found=f"{len(split)} rows unlike their subject's first, as at index {split[0]}",
            hint="give every row of a subject the same value, such as its largest",
        )  # fmt: skip
    return tuple(np.flatnonzero(stratum_S == value) for value in np.unique(stratum_S))
