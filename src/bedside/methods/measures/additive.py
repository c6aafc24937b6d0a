"""Measures that are formulas of weighted sums: all replicates in one matrix product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bedside.methods.measures.sample import (
    FloatArray,
    Measure,
    case_weights_of,
    numbers,
    weights_of,
)

Formula = Callable[[FloatArray], dict[str, FloatArray]]
"""From weighted sums [B, M] to named measures; division by zero gives NaN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Additive:
    """A measure of weighted column sums: `formula(weights @ columns)`."""

    columns: FloatArray
    """[N, M], case weights already multiplied in."""
    formula: Formula

    def __call__(self, weights: FloatArray) -> dict[str, FloatArray]:
        """Weights [B, N] to named measures."""
        return self.weighed(weights_of(weights, len(self.columns)))

    def weighed(self, weights_BN: FloatArray) -> dict[str, FloatArray]:
        """The same for weights that are checked already."""
        sums_BM = weights_BN @ self.columns
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.formula(sums_BM)


def additive(
    columns: list[FloatArray], formula: Formula, case_weights: ArrayLike | None = None
) -> Additive:
    """Bundle columns, each [N] or [N, m], with the formula that reads their sums in that order."""
    columns_NM = np.column_stack(columns)
    case_N = case_weights_of(case_weights, len(columns_NM))
    if case_N is not None:
        columns_NM *= case_N[:, None]
    return Additive(columns=columns_NM, formula=formula)


def together(*measures: Measure) -> Measure:
    """Several measures of the same rows as one, so that the resamples are drawn once.

    Where two give the same name, the later one counts.
    """

    def joined(weights: FloatArray) -> dict[str, FloatArray]:
        return {name: values for measure in measures for name, values in measure(weights).items()}

    return joined


def mean(values: ArrayLike, weights: ArrayLike | None = None) -> FloatArray:
    """Weighted mean of `values` [N] for each row of `weights` [B, N].

    A row whose value is NaN is left out of its mean, so that a subgroup is
    `np.where(member, value, np.nan)`. NaN where nobody is left in a replicate.

    >>> mean([1.0, 3.0, np.nan]).tolist()
    [2.0]
    """
    values_N = np.asarray(values, dtype=np.float64)
    counted = ~np.isnan(values_N)
    known_N = numbers(np.where(counted, values_N, 0.0), "values")
    sums_B2 = weights_of(weights, len(known_N)) @ np.column_stack([known_N, counted])
    with np.errstate(divide="ignore", invalid="ignore"):
        result: FloatArray = sums_B2[:, 0] / sums_B2[:, 1]
    return result


def proportion(hits: ArrayLike, weights: ArrayLike | None = None) -> FloatArray:
    """Weighted share of `hits` [N] (0, 1, or NaN for a row that does not count) [B].

    The coverage of conformal intervals among women, say:

    >>> covered = np.array([1.0, 0.0, 1.0, 1.0])
    >>> woman = np.array([True, True, False, True])
    >>> round(float(proportion(np.where(woman, covered, np.nan))[0]), 3)
    0.667
    """
    hits_N = np.asarray(hits, dtype=np.float64)
    numbers(np.where((hits_N == 0) | (hits_N == 1) | np.isnan(hits_N), 0.0, np.inf), "hits")
    return mean(hits_N, weights)
