"""Measures of predicted probabilities of an event: discrimination, calibration, overall score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bedside.methods.measures.additive import Additive, additive
from bedside.methods.measures.logistic import LogisticRegression, orthonormal
from bedside.methods.measures.ranking import Ranking
from bedside.methods.measures.sample import (
    FloatArray,
    case_weights_of,
    logit,
    outcomes,
    probabilities,
    weights_of,
)
from bedside.methods.measures.spline import RestrictedCubicSpline

EPS = np.finfo(np.float64).eps
"""The log loss keeps probabilities this far from 0 and 1, as scikit-learn does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryMeasures:
    """A prepared measure of one set of predictions: call it with weights [B, N]."""

    p: FloatArray
    case_weights: FloatArray | None
    ranking: Ranking
    sums: Additive
    slope: LogisticRegression
    slope_scale: float
    """Coefficient of the logit over that of the second column; NaN if p is constant."""
    intercept: LogisticRegression
    flexible: LogisticRegression

    def __call__(self, weights: FloatArray) -> dict[str, FloatArray]:
        """Weights [B, N] to the measures that `binary` lists, each [B]."""
        weights_BN = weights_of(weights, len(self.p))
        if self.case_weights is not None:
            weights_BN = weights_BN * self.case_weights
        fits = {
            "calibration_slope": self._slope(weights_BN),
            "calibration_intercept": self.intercept.fit(weights_BN)[:, 0],
            "ici": self._ici(weights_BN),
        }
        return self.ranking.weighed(weights_BN) | self.sums.weighed(weights_BN) | fits

    def _slope(self, weights_BN: FloatArray) -> FloatArray:
        if not np.isfinite(self.slope_scale):
            return np.full(len(weights_BN), np.nan)
        slope: FloatArray = self.slope.fit(weights_BN)[:, 1] * self.slope_scale
        return slope

    def _ici(self, weights_BN: FloatArray) -> FloatArray:
        gap_BN = self.flexible.predict(self.flexible.fit(weights_BN))
        gap_BN -= self.p
        np.abs(gap_BN, out=gap_BN)
        gap_B: FloatArray = np.einsum("bn,bn->b", gap_BN, weights_BN)
        with np.errstate(divide="ignore", invalid="ignore"):
            gap_B /= weights_BN.sum(axis=1)
        return gap_B


def binary_measure(
    y: ArrayLike, p: ArrayLike, case_weights: ArrayLike | None = None
) -> BinaryMeasures:
    """Prepare the measures of `binary` for many replicates: sort once, fit the sample once."""
    y_N = outcomes(y)
    p_N = probabilities(p, len(y_N))
    case_N = case_weights_of(case_weights, len(y_N))
    weights_N = np.ones_like(y_N) if case_N is None else case_N
    logit_N = logit(p_N)
    line_ND, line_map = orthonormal(np.column_stack([np.ones_like(logit_N), logit_N]))
    bent_ND, _ = orthonormal(RestrictedCubicSpline.of(logit_N, y_N)(logit_N))
    ones_N1 = np.ones((len(y_N), 1))
    return BinaryMeasures(
        p=p_N, case_weights=case_N, ranking=Ranking.of(y_N, p_N), sums=_sums(y_N, p_N),
        slope=LogisticRegression.of(y_N, line_ND, weights_N),
        slope_scale=float(line_map[1, 1]) if line_map.shape[1] == 2 else float("nan"),
        intercept=LogisticRegression.of(y_N, ones_N1, weights_N, logit_N),
        flexible=LogisticRegression.of(y_N, bent_ND, weights_N),
    )  # fmt: skip


def binary(
    y: ArrayLike,
    p: ArrayLike,
    weights: ArrayLike | None = None,
    case_weights: ArrayLike | None = None,
) -> dict[str, FloatArray]:
    """Measures of probabilities `p` [N] of the event `y` 0/1 [N], each [B]; `weights` [B, N].

    prevalence             share with the event
    auroc, auprc           see `Ranking`
    brier                  mean squared error of the probability
    scaled_brier           1 - brier / (prevalence (1 - prevalence)), 0 for a useless model
    log_loss               mean negative log-likelihood, nats
    calibration_slope      coefficient of logit p in a logistic regression; 1 is ideal
    calibration_intercept  intercept beside logit p as an offset, log odds; 0 is ideal (calibration
                           in the large)
    oe_ratio               observed over expected events
    ici                    integrated calibration index: mean |p - recalibrated p|, by a logistic
                           regression on a restricted cubic spline of logit p whose knots are those
                           of the whole sample (a straight line below 20 events)

    `case_weights` [N] (IPCW, say) multiply in. NaN where a measure is undefined: everything but
    prevalence, brier, log_loss and oe_ratio with a single class; the slope of constant or
    separating predictions; all where the weights of a replicate are zero. DataError for empty,
    unequal or non-finite input. For many replicates prepare once with `binary_measure`.

    Source: Van Calster et al., J Clin Epidemiol 2016;74:167; Austin and Steyerberg, Stat Med
    2019;38:4051; Steyerberg et al., Epidemiology 2010;21:128.
    """
    prepared = binary_measure(y, p, case_weights)
    return prepared(weights_of(weights, len(prepared.p)))


def _sums(y: FloatArray, p: FloatArray) -> Additive:
    clipped = np.clip(p, EPS, 1.0 - EPS)
    loss = -np.where(y == 1, np.log(clipped), np.log1p(-clipped))
    return additive([np.ones_like(y), y, p, (y - p) ** 2, loss], _overall)


def _overall(sums: FloatArray) -> dict[str, FloatArray]:
    count, events, expected, squares, loss = sums.T
    prevalence, brier = events / count, squares / count
    spread = prevalence * (1.0 - prevalence)
    return {
        "prevalence": prevalence,
        "brier": brier,
        "scaled_brier": np.where(spread > 0, 1.0 - brier / spread, np.nan),
        "log_loss": loss / count,
        "oe_ratio": np.where(expected > 0, events / expected, np.nan),
    }
