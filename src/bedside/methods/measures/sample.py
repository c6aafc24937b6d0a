"""What a measure is computed on: outcomes, predictions and weights, checked once, at the door.

Every check names rows by their index and never shows a value of a patient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bedside.core.errors import DataError

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]

Measure: TypeAlias = Callable[[FloatArray], dict[str, FloatArray]]
"""From weights [B, N] to named measures, each [B] or [B, ...]; NaN where one is undefined."""

PROBABILITY_CLIP = 1e-9
"""Logits are taken of probabilities kept this far from 0 and 1: no patient weighs infinitely."""

SUM_TOLERANCE = 1e-3
"""How far the probabilities of the classes may add up from 1; float32 softmax stays within 1e-6."""


def outcomes(y: ArrayLike) -> FloatArray:
    """0/1 outcomes [N] as floats; DataError when empty or anything else is in them."""
    y_N = _vector(y, "outcomes")
    _require_rows((y_N == 0) | (y_N == 1), "outcomes", "0 or 1 in every row")
    return y_N


def classes(y: ArrayLike, count: int, rows: int) -> IntArray:
    """Class indices [N] in 0 to `count` - 1; DataError otherwise, or when not as many as `rows`."""
    y_N = _vector(y, "outcomes", rows)
    valid = (y_N >= 0) & (y_N < count) & (y_N == np.floor(y_N))
    _require_rows(valid, "outcomes", f"whole numbers from 0 to {count - 1}")
    return y_N.astype(np.int64)


def probabilities(p: ArrayLike, rows: int) -> FloatArray:
    """Probabilities [N]; DataError when not as many as `rows`, not finite or outside [0, 1]."""
    p_N = _vector(p, "predictions", rows)
    _require_rows((p_N >= 0) & (p_N <= 1), "predictions", "probabilities in [0, 1]")
    return p_N


def class_probabilities(p: ArrayLike) -> FloatArray:
    """Probabilities [N, K] whose rows add up to 1; DataError otherwise."""
    p_NK = np.asarray(p, dtype=np.float64)
    if p_NK.ndim != 2 or not len(p_NK) or p_NK.shape[1] < 2:
        raise DataError(
            "predictions", expected="an array [N, K] with N >= 1 and K >= 2",
            found=f"shape {list(p_NK.shape)}",
        )  # fmt: skip
    inside = ((p_NK >= 0) & (p_NK <= 1)).all(axis=1)
    total_is_one = np.abs(p_NK.sum(axis=1) - 1.0) <= SUM_TOLERANCE
    _require_rows(inside & total_is_one, "predictions", "probabilities in [0, 1] that add up to 1")
    return p_NK


def numbers(values: ArrayLike, where: str, rows: int | None = None) -> FloatArray:
    """Finite numbers [N]; DataError otherwise."""
    values_N = _vector(values, where, rows)
    _require_rows(np.isfinite(values_N), where, "finite numbers")
    return values_N


def case_weights_of(case_weights: ArrayLike | None, rows: int) -> FloatArray | None:
    """What each row counts by itself (IPCW, say) [N]; None is one for all."""
    if case_weights is None:
        return None
    weights_N = _vector(case_weights, "case weights", rows)
    valid = np.isfinite(weights_N) & (weights_N >= 0)
    _require_rows(valid, "case weights", "finite numbers of at least 0")
    return weights_N


def weights_of(weights: ArrayLike | None, rows: int) -> FloatArray:
    """Bootstrap weights [B, N]; None is the sample as it is, one row of ones."""
    if weights is None:
        return np.ones((1, rows))
    weights_BN = np.asarray(weights, dtype=np.float64)
    if weights_BN.ndim != 2 or weights_BN.shape[1] != rows:
        raise DataError(
            "weights", expected=f"an array [B, {rows}], one row a replicate",
            found=f"shape {list(weights_BN.shape)}", hint="one set of weights is weights[None]",
        )  # fmt: skip
    if weights_BN.size and not (weights_BN.min() >= 0 and np.isfinite(weights_BN.max())):
        raise DataError("weights", expected="finite numbers of at least 0", found="something else")
    return weights_BN


def logit(p: FloatArray) -> FloatArray:
    """Log odds of probabilities, clipped by PROBABILITY_CLIP."""
    inside = np.clip(p, PROBABILITY_CLIP, 1.0 - PROBABILITY_CLIP)
    odds: FloatArray = np.log(inside) - np.log1p(-inside)
    return odds


def _vector(values: ArrayLike, where: str, rows: int | None = None) -> FloatArray:
    try:
        values_N = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(where, expected="numbers", found="something else") from error
    if values_N.ndim != 1 or not len(values_N) or (rows is not None and len(values_N) != rows):
        size = "N >= 1" if rows is None else f"N = {rows}"
        raise DataError(
            where, expected=f"an array [N] with {size}", found=f"shape {list(values_N.shape)}"
        )
    return values_N


def _require_rows(valid: NDArray[np.bool_], where: str, expected: str) -> None:
    if not valid.all():
        bad = np.flatnonzero(~valid)
        raise DataError(
            where, expected=expected,
            found=f"{len(bad)} of {len(valid)} rows that are not, the first at index {bad[0]}",
        )  # fmt: skip
