"""Selective prediction: how the loss falls as a model keeps silent on what it is least sure of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bedside.core.errors import DataError

Floats = NDArray[np.float64]
CHUNK = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskCoverage:
    """A risk-coverage curve (El-Yaniv and Wiener, JMLR 2010;11:1605)."""

    coverage: Floats
    """[G] share of patients answered, rising to 1; one point for each distinct confidence."""
    risk: Floats
    """[G] mean loss among them."""
    confidence: Floats
    """[G] least confidence answered."""

    def at(self, coverage: float) -> float:
        """Mean loss when at least this share is answered, and no more than ties force."""
        place = np.searchsorted(self.coverage, coverage * (1 - 1e-9), side="left")
        return float(self.risk[min(int(place), len(self.risk) - 1)])


def risk_coverage(
    confidence: ArrayLike, loss: ArrayLike, weights: ArrayLike | None = None
) -> RiskCoverage:
    """The curve from `confidence` [N] (higher is surer), `loss` [N] and `weights` [N] (counts).

    >>> curve = risk_coverage([0.9, 0.6, 0.8, 0.6], [0.0, 1.0, 0.0, 0.0])
    >>> curve.coverage.tolist(), curve.risk.tolist()
    ([0.25, 0.5, 1.0], [0.0, 0.0, 0.25])
    """
    order, ends, loss_N = _sorted(confidence, loss)
    weight = np.ones(len(order)) if weights is None else np.asarray(weights, np.float64)
    answered, lost = _sums(weight[None], order, ends, loss_N)
    seen = np.diff(answered[0], prepend=0.0) > 0
    return RiskCoverage(
        coverage=answered[0][seen] / answered[0, -1], risk=lost[0][seen] / answered[0][seen],
        confidence=np.asarray(confidence, np.float64)[order][ends][seen],
    )  # fmt: skip


def area(confidence: ArrayLike, loss: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """[B] area under the risk-coverage curve (AURC; Geifman et al., ICLR 2019); lower is better.

    The mean over patients of the risk when everybody at least as sure as they are is answered;
    patients of equal confidence come together. `weights` [B, N] are counts in B bootstrap
    replicates. A confidence that says nothing gives the mean loss.
    """
    return _over(confidence, loss, weights, _area)


def excess_area(confidence: ArrayLike, loss: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """[B] area above that of the best order there is, by the loss itself (E-AURC, ibid.)."""
    best = area(-np.asarray(loss, np.float64), loss, weights)
    return area(confidence, loss, weights) - best


def risk_at(
    confidence: ArrayLike, loss: ArrayLike, coverage: float, weights: ArrayLike | None = None
) -> Floats:
    """[B] mean loss when at least `coverage` of the patients are answered, the surest first."""
    if not 0 < coverage <= 1:
        raise DataError("coverage", expected="a share above 0, at most 1", found=f"{coverage:g}")

    def at(answered_BG: Floats, lost_BG: Floats) -> Floats:
        wanted = coverage * (1 - 1e-9) * answered_BG[:, -1:]
        place = np.argmax(answered_BG >= wanted, axis=1)[:, None]
        risk = np.take_along_axis(lost_BG, place, 1) / np.take_along_axis(answered_BG, place, 1)
        return np.asarray(risk[:, 0], np.float64)

    return _over(confidence, loss, weights, at)


def _area(answered_BG: Floats, lost_BG: Floats) -> Floats:
    risk = np.divide(lost_BG, answered_BG, out=np.zeros_like(lost_BG), where=answered_BG > 0)
    here = np.diff(answered_BG, prepend=0.0, axis=1)
    return np.asarray((here * risk).sum(axis=1) / answered_BG[:, -1], np.float64)


def _over(
    confidence: ArrayLike, loss: ArrayLike, weights: ArrayLike | None,
    measure: Callable[[Floats, Floats], Floats],
) -> Floats:  # fmt: skip
    """`measure` of the running sums, a bounded number of replicates at a time."""
    order, ends, loss_N = _sorted(confidence, loss)
    weights_BN = np.ones((1, len(order))) if weights is None else np.asarray(weights, np.float64)
    if weights_BN.ndim != 2 or weights_BN.shape[1] != len(order):
        raise DataError(
            "bootstrap weights", expected=f"[B, {len(order)}]", found=f"{weights_BN.shape}"
        )
    step = max(1, CHUNK // len(order))
    parts = [
        measure(*_sums(weights_BN[start : start + step], order, ends, loss_N))
        for start in range(0, len(weights_BN), step)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _sums(
    weights_BN: Floats, order: NDArray[np.intp], ends: NDArray[np.intp], loss_N: Floats
) -> tuple[Floats, Floats]:
    """Weight [B, G] and loss [B, G] of all at least as sure, at each distinct confidence."""
    sorted_BN = weights_BN[:, order]
    answered = np.cumsum(sorted_BN, axis=1)[:, ends]
    return answered, np.cumsum(sorted_BN * loss_N[order], axis=1)[:, ends]


def _sorted(
    confidence: ArrayLike, loss: ArrayLike
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Order from the surest on, and where each run of equal confidence ends."""
    sure, lost = np.asarray(confidence, np.float64), np.asarray(loss, np.float64)
    if sure.ndim != 1 or sure.shape != lost.shape or not len(sure):
        raise DataError(
            "risk and coverage", expected="confidences [N] and losses [N], N at least 1",
            found=f"{sure.shape} and {lost.shape}",
        )  # fmt: skip
    if not (np.isfinite(sure).all() and np.isfinite(lost).all()):
        raise DataError("risk and coverage", expected="finite numbers", found="others")
    order = np.argsort(-sure, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(sure[order]) != 0, True))
    return order, ends, lost
