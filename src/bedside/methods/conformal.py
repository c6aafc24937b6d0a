"""Split conformal prediction: sets and intervals that hold the truth as often as they say.

From patients that the model did not learn from, and who are exchangeable with the next one: the
truth of the next is covered with probability `coverage` or more, whatever the model (Vovk et al.,
Algorithmic Learning in a Random World, 2005; Angelopoulos and Bates, arXiv 2107.07511). The promise
is on average over patients, per class where the quantile is per class; it is not one for every
patient.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bedside.core.errors import DataError

Floats = NDArray[np.float64]
ROUNDING = 1e-9
"""(n + 1) x coverage is a whole number more often than its floating-point product."""


def quantile(scores: ArrayLike, coverage: float, weights: ArrayLike | None = None) -> float:
    """The score that the next one stays within, with probability `coverage`; inf when n is small.

    The ceil((n + 1) coverage)-th smallest of n scores. With `weights` [N] (inverse probability of
    having been observed), the smallest score up to which the weights reach `coverage` of their sum
    with the next patient's added (Tibshirani et al., NeurIPS 2019, arXiv 1904.06019). That weight
    is not known, so the largest of `weights` stands for it, which errs towards wider sets.

    >>> quantile([3.0, 1.0, 2.0, 4.0], 0.8), quantile([1.0, 2.0, 3.0], 0.8)
    (4.0, inf)
    """
    values = _finite(scores, "conformal scores")
    if not 0 < coverage < 1:
        raise DataError("coverage", expected="a share between 0 and 1", found=f"{coverage:g}")
    if weights is None:
        place = math.ceil((len(values) + 1) * coverage - ROUNDING)
        return (
            float(np.partition(values, place - 1)[place - 1]) if place <= len(values) else math.inf
        )
    weight = _finite(weights, "conformal weights")
    if weight.shape != values.shape or (weight < 0).any():
        raise DataError(
            "conformal weights", expected=f"[{len(values)}], 0 or more", found=f"{weight.shape}"
        )
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    wanted = (weight.sum() + weight.max(initial=0.0)) * coverage
    first = int(np.searchsorted(reached, wanted * (1 - ROUNDING), side="left"))
    return float(values[order][first]) if first < len(values) and wanted > 0 else math.inf


def class_scores(probability: ArrayLike, label: ArrayLike) -> Floats:
    """[N] 1 - probability [N, K] of the true class `label` [N] (LAC; Sadinle et al., JASA 2019)."""
    probability_NK, label_N = _labelled(probability, label)
    return np.asarray(1.0 - probability_NK[np.arange(len(label_N)), label_N], np.float64)


def class_quantiles(
    probability: ArrayLike, label: ArrayLike, coverage: float, weights: ArrayLike | None = None
) -> Floats:
    """[K] one quantile for the patients of each class (Mondrian): coverage holds in every class.

    What a rare outcome needs: one quantile for all may cover it hardly ever. A class with too few
    patients gets inf, so that it stays in every set.
    """
    scores = class_scores(probability, label)
    label_N, classes = np.asarray(label, np.int64), np.shape(probability)[1]
    weight = None if weights is None else np.asarray(weights, np.float64)
    return np.array(
        [
            quantile(
                scores[label_N == k], coverage, None if weight is None else weight[label_N == k]
            )
            for k in range(classes)
        ]
    )


def label_sets(probability: ArrayLike, q: float | ArrayLike) -> NDArray[np.bool_]:
    """[N, K] which classes conform: 1 - probability is within `q` (one number, or one a class)."""
    return np.asarray(1.0 - np.asarray(probability, np.float64) <= np.asarray(q), np.bool_)


def residual_scores(
    predicted: ArrayLike, observed: ArrayLike, spread: ArrayLike | None = None
) -> Floats:
    """[N] absolute error, in units of the foretold `spread` [N] where there is one."""
    error = np.abs(np.asarray(observed, np.float64) - np.asarray(predicted, np.float64))
    return np.asarray(error if spread is None else error / _spread(spread), np.float64)


def intervals(
    predicted: ArrayLike, q: float, spread: ArrayLike | None = None
) -> tuple[Floats, Floats]:
    """Low [N] and high [N]: `predicted` minus and plus `q` (times `spread`)."""
    middle = np.asarray(predicted, np.float64)
    reach = np.full(middle.shape, q) if spread is None else q * _spread(spread)
    return middle - reach, middle + reach


def _spread(spread: ArrayLike) -> Floats:
    values = np.asarray(spread, np.float64)
    if not (values > 0).all():
        raise DataError("predicted spread", expected="numbers above 0", found="something else")
    return values


def _finite(values: ArrayLike, name: str) -> Floats:
    found = np.asarray(values, np.float64)
    if found.ndim != 1 or not np.isfinite(found).all():
        raise DataError(
            name, expected="finite numbers [N]",
            found=f"{found.shape}, {int((~np.isfinite(found)).sum())} of them not finite",
            hint="leave out patients whose outcome is unobserved",
        )  # fmt: skip
    return found


def _labelled(probability: ArrayLike, label: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    probability_NK, label_N = np.asarray(probability, np.float64), np.asarray(label)
    if probability_NK.ndim != 2 or label_N.shape != probability_NK.shape[:1]:
        raise DataError(
            "conformal labels", expected="probabilities [N, K] and labels [N]",
            found=f"{probability_NK.shape} and {label_N.shape}",
        )  # fmt: skip
    if not np.isin(label_N, np.arange(probability_NK.shape[1])).all():
        raise DataError(
            "conformal labels", expected=f"0 to {probability_NK.shape[1] - 1}",
            found="something else", hint="leave out patients whose outcome is unobserved",
        )  # fmt: skip
    return probability_NK, label_N.astype(np.int64)
