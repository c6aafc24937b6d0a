"""Calibration: learn on tune patients to say what a prediction means, and show whether it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import expit, log_softmax, ndtri

from bedside.core.errors import DataError
from bedside.methods.intervals import Resamples, evaluate, summarise
from bedside.methods.measures.logistic import LogisticRegression, orthonormal
from bedside.methods.measures.sample import (
    PROBABILITY_CLIP,
    FloatArray,
    IntArray,
    case_weights_of,
    class_probabilities,
    classes,
    logit,
    numbers,
    outcomes,
    probabilities,
)
from bedside.methods.measures.spline import RestrictedCubicSpline

LEAST_SLOPE = 0.01
"""A calibrator's slope stays above this, so that it never reverses or merges patients."""
PRIOR_OF_TEMPERATURE = 1.0 / 25.0
"""Precision of a prior on 1 / temperature about 1, as a sum over patients: standard deviation 5."""
CURVE_POINTS = 50
HISTOGRAM_BARS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrator:
    """A rising map of predictions with plain parameters; `Calibrator(**json)` restores one.

    logistic     expit(slope x logit(clip(p)) + intercept), clip by PROBABILITY_CLIP; any shape
    temperature  softmax(slope x log(clip(P))) over the last axis; slope is 1 / temperature
    linear       slope x value + intercept, any shape
    identity     unchanged
    """

    kind: str
    params: Mapping[str, float]

    def __post_init__(self) -> None:
        wanted = {
            "logistic": {"slope", "intercept"}, "temperature": {"slope"},
            "linear": {"slope", "intercept"}, "identity": set(),
        }  # fmt: skip
        if self.kind not in wanted or set(self.params) != wanted[self.kind]:
            raise DataError(
                "calibrator", expected="; ".join(f"{k} {sorted(v)}" for k, v in wanted.items()),
                found=f"{self.kind} {sorted(self.params)}",
            )  # fmt: skip
        if not np.isfinite(list(self.params.values())).all() or self.params.get("slope", 1.0) <= 0:
            raise DataError(
                f"calibrator {self.kind}", expected="finite parameters and a slope above 0",
                found="others",
            )  # fmt: skip

    def apply(self, values: ArrayLike) -> FloatArray:
        """Calibrated values, in the shape of `values`; NaN stays NaN."""
        raw = np.asarray(values, dtype=np.float64)
        calibrated: FloatArray = raw
        if self.kind == "logistic":
            calibrated = expit(self.params["slope"] * logit(raw) + self.params["intercept"])
        elif self.kind == "temperature":
            logs = np.log(np.maximum(raw, PROBABILITY_CLIP))
            calibrated = np.exp(log_softmax(self.params["slope"] * logs, axis=-1))
        elif self.kind == "linear":
            calibrated = self.params["slope"] * raw + self.params["intercept"]
        return calibrated


IDENTITY = Calibrator(kind="identity", params={})


def fit_calibrator(
    task_type: str, y: ArrayLike, prediction: ArrayLike, case_weights: ArrayLike | None = None
) -> Calibrator:
    """The calibrator of a task, fitted on tune patients.

    Logistic for binary, and for survival at a horizon (`y` the event by then, `case_weights` IPCW),
    temperature for multiclass, linear for regression.
    """
    fits = {
        "binary": fit_logistic, "survival": fit_logistic,
        "multiclass": fit_temperature, "regression": fit_linear,
    }  # fmt: skip
    if task_type not in fits:
        raise DataError("task", expected=f"one of {', '.join(fits)}", found=repr(task_type))
    return fits[task_type](y, prediction, case_weights)


def fit_logistic(y: ArrayLike, p: ArrayLike, case_weights: ArrayLike | None = None) -> Calibrator:
    """Logistic recalibration of probabilities [N] (Cox 1958; Platt 1999).

    Maximum likelihood with two pseudo-patients, one standard deviation of logit p to each side of
    its mean, whose outcome is what the model says. They hold separable data back and count for
    nothing among hundreds. DataError with a single class: nothing can be learned then.
    """
    y_N = outcomes(y)
    logit_N = logit(probabilities(p, len(y_N)))
    weights_N = _ones_or(case_weights, len(y_N))
    _require_classes(y_N[weights_N > 0])
    centre = np.average(logit_N, weights=weights_N)
    spread = np.sqrt(np.average((logit_N - centre) ** 2, weights=weights_N))
    # Constant predictions leave the slope to the pseudo-patients: it stays 1.
    pseudo = centre + np.array([-1.0, 1.0]) * (spread if spread > 1e-6 else 1.0)
    x = np.concatenate([logit_N, pseudo])
    outcome = np.concatenate([y_N, expit(pseudo)])
    weights = np.concatenate([weights_N, [1.0, 1.0]])
    intercept, slope = _recalibration(outcome, x, weights)
    return Calibrator(kind="logistic", params={"slope": slope, "intercept": intercept})


def fit_temperature(
    y: ArrayLike, P: ArrayLike, case_weights: ArrayLike | None = None
) -> Calibrator:
    """Temperature scaling of class probabilities [N, K] (Guo et al., ICML 2017).

    One parameter, so that the likeliest class stays the likeliest. A weak prior holds separable
    data back.
    """
    p_NK = class_probabilities(P)
    y_N = classes(y, p_NK.shape[1], len(p_NK))
    weights_N = _ones_or(case_weights, len(y_N))
    _require_classes(y_N[weights_N > 0])
    logs_NK = np.log(np.maximum(p_NK, PROBABILITY_CLIP))
    own_N = logs_NK[np.arange(len(y_N)), y_N]

    def derivative(slope: float) -> float:
        """Of the negative log-likelihood with its prior; it rises with the slope."""
        expected_N = (np.exp(log_softmax(slope * logs_NK, axis=1)) * logs_NK).sum(axis=1)
        prior = PRIOR_OF_TEMPERATURE * (slope - 1.0)
        return float(weights_N @ (expected_N - own_N)) + prior

    if derivative(LEAST_SLOPE) >= 0:
        return Calibrator(kind="temperature", params={"slope": LEAST_SLOPE})
    most = 2.0
    while derivative(most) < 0:
        most *= 2.0
    slope = brentq(derivative, LEAST_SLOPE, most, xtol=1e-12)
    return Calibrator(kind="temperature", params={"slope": float(slope)})


def fit_linear(
    y: ArrayLike, prediction: ArrayLike, case_weights: ArrayLike | None = None
) -> Calibrator:
    """Least squares of y on the prediction [N]; where that does not rise, a shift of the mean."""
    y_N = numbers(y, "outcomes")
    prediction_N = numbers(prediction, "predictions", len(y_N))
    weights_N = _ones_or(case_weights, len(y_N))
    mean_y = np.average(y_N, weights=weights_N)
    mean_prediction = np.average(prediction_N, weights=weights_N)
    deviation = prediction_N - mean_prediction
    square = float(weights_N @ deviation**2)
    varies = square > 1e-13 * float(weights_N @ prediction_N**2)
    slope = float(weights_N @ (deviation * (y_N - mean_y))) / square if varies else 1.0
    if slope < LEAST_SLOPE:
        slope = 1.0
    intercept = float(mean_y - slope * mean_prediction)
    return Calibrator(kind="linear", params={"slope": slope, "intercept": intercept})


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationCurve:
    """Observed against predicted risk, smooth, with a band over a histogram of the predictions."""

    grid: FloatArray
    """[G] predicted risk."""
    observed: FloatArray
    """[G] share with the event among patients with that prediction."""
    low: FloatArray
    """[G] lower end of the pointwise interval; NaN where it is undefined."""
    high: FloatArray
    edges: FloatArray
    """[H + 1] of the bars, from 0 to the largest prediction."""
    counts: IntArray
    """[H] rows in each bar."""


def curve(
    y: ArrayLike, p: ArrayLike, resamples: Resamples, case_weights: ArrayLike | None = None,
    *, level: float = 0.95,
) -> CalibrationCurve:  # fmt: skip
    """Smooth calibration curve of probabilities `p` [N], between their 0.5 and 99.5 percentiles.

    A logistic regression on a restricted cubic spline of logit p, whose knots are those of the
    whole sample, as for the integrated calibration index (Austin and Steyerberg, Stat Med
    2019;38:4051).
    """
    y_N = outcomes(y)
    p_N = probabilities(p, len(y_N))
    weights_N = _ones_or(case_weights, len(y_N))
    if len(resamples) != len(y_N):
        raise DataError("resamples", expected=f"{len(y_N)} rows", found=f"{len(resamples)}")
    spline = RestrictedCubicSpline.of(logit(p_N), y_N)
    design_ND, mapping = orthonormal(spline(logit(p_N)))
    fit = LogisticRegression.of(y_N, design_ND, weights_N)
    first, last = np.quantile(p_N, [0.005, 0.995])
    grid = np.linspace(first, last, CURVE_POINTS)
    grid_GD = spline(logit(grid)) @ mapping

    def observed(weights: FloatArray) -> dict[str, FloatArray]:
        return {"observed": expit(fit.fit(weights * weights_N) @ grid_GD.T)}

    point_G = observed(np.ones((1, len(y_N))))["observed"][0]
    replicates_BG = evaluate(observed, resamples)["observed"]
    bounds = [
        summarise(float(at), column, level)
        for at, column in zip(point_G, replicates_BG.T, strict=True)
    ]
    counts, edges = np.histogram(p_N, bins=HISTOGRAM_BARS, range=(0.0, max(p_N.max(), 1e-6)))
    return CalibrationCurve(
        grid=grid, observed=point_G, low=np.array([low for _, low, _ in bounds]),
        high=np.array([high for *_, high in bounds]), edges=edges, counts=counts,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationGroup:
    """Patients with similar predictions: what was predicted and what was observed."""

    predicted: float
    observed: float
    low: float
    high: float
    rows: int


def grouped(
    y: ArrayLike, p: ArrayLike, subjects: ArrayLike, case_weights: ArrayLike | None = None,
    *, groups: int = 10, level: float = 0.95,
) -> list[CalibrationGroup]:  # fmt: skip
    """Mean prediction and observed share in `groups` groups of equal size; ties stay together.

    The interval is Wilson's (JASA 1927;22:209) with as many patients as the group's subjects are
    worth, (sum of weights)^2 / sum of squared weights, each subject's rows added up (Kish 1965): it
    does not collapse where a group has no event, as the bootstrap does.
    """
    y_N = outcomes(y)
    p_N = probabilities(p, len(y_N))
    weights_N = _ones_or(case_weights, len(y_N))
    _, subject = np.unique(np.asarray(subjects), return_inverse=True)
    if subject.shape != y_N.shape:
        raise DataError(
            "subjects", expected=f"an array [{len(y_N)}]", found=f"shape {list(subject.shape)}"
        )
    if groups < 1 or not 0 < level < 1:
        raise DataError(
            "calibration groups", expected="a group or more and a level between 0 and 1",
            found=f"{groups} groups, level {level:g}",
        )  # fmt: skip
    edges = np.unique(np.quantile(p_N, np.arange(1, groups) / groups))
    group_N = np.searchsorted(edges, p_N, side="left")
    members = [np.flatnonzero(group_N == group) for group in range(len(edges) + 1)]
    return [
        _group(y_N[rows], p_N[rows], weights_N[rows], subject[rows], level)
        for rows in members
        if len(rows) and weights_N[rows].sum() > 0
    ]


def _group(
    y: FloatArray, p: FloatArray, weights: FloatArray, subject: IntArray, level: float
) -> CalibrationGroup:
    of_subject = np.bincount(subject, weights=weights)
    patients = of_subject.sum() ** 2 / (of_subject**2).sum()
    share = float(np.average(y, weights=weights))
    z2 = float(ndtri(0.5 + level / 2.0)) ** 2
    centre = (share + z2 / (2.0 * patients)) / (1.0 + z2 / patients)
    half = np.sqrt(z2 * (share * (1.0 - share) / patients + z2 / (4.0 * patients**2)))
    half /= 1.0 + z2 / patients
    return CalibrationGroup(
        predicted=float(np.average(p, weights=weights)), observed=share,
        low=max(0.0, float(centre - half)), high=min(1.0, float(centre + half)), rows=len(y),
    )  # fmt: skip


def _recalibration(y: FloatArray, x: FloatArray, weights: FloatArray) -> tuple[float, float]:
    """Intercept and slope of greatest likelihood with the slope at least LEAST_SLOPE.

    Where logits lie so far apart that no finite solution is found, the predictions stay as they
    are: nobody contradicts them.
    """
    ones = np.ones_like(x)
    design_ND, mapping = orthonormal(np.column_stack([ones, x]))
    (solution,) = LogisticRegression.of(y, design_ND, weights).fit(weights[None])
    if not np.isfinite(solution).all():
        return 0.0, 1.0
    intercept, slope = mapping @ solution
    if slope >= LEAST_SLOPE:
        return float(intercept), float(slope)
    # The likelihood is concave, so that below the bound the best slope is the bound itself.
    held = LogisticRegression.of(y, ones[:, None], weights, LEAST_SLOPE * x)
    return float(held.start[0]), LEAST_SLOPE


def _require_classes(y: FloatArray | IntArray) -> None:
    if len(np.unique(y)) < 2:
        raise DataError(
            "calibration", expected="tune patients of at least two classes", found="one or none",
            hint="enlarge the tune split or stratify it by outcome",
        )  # fmt: skip


def _ones_or(case_weights: ArrayLike | None, rows: int) -> FloatArray:
    weights_N = case_weights_of(case_weights, rows)
    if weights_N is None:
        return np.ones(rows)
    if not weights_N.any():
        raise DataError("case weights", expected="some above 0", found="none")
    return weights_N
