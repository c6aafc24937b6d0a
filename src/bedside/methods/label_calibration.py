"""Calibration label by label: each of K probabilities has a logistic calibrator of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from bedside.core.errors import DataError
from bedside.methods.calibration import fit_logistic
from bedside.methods.measures.sample import FloatArray, logit
from bedside.methods.outcome import binary


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCalibrators:
    """`calibration.Calibrator` of kind `logistic` for each column of predictions [N, K].

    A label whose probabilities are better left alone has slope 1 and intercept 0.
    """

    slope: tuple[float, ...]
    intercept: tuple[float, ...]

    @property
    def kind(self) -> str:
        """As `model.json` names it."""
        return "logistic"

    @property
    def params(self) -> dict[str, tuple[float, ...]]:
        """A number a label."""
        return {"slope": self.slope, "intercept": self.intercept}

    def apply(self, values: ArrayLike) -> FloatArray:
        """Calibrated probabilities [N, K]; NaN stays NaN."""
        line = np.array(self.slope) * logit(np.asarray(values, np.float64))
        return np.asarray(expit(line + np.array(self.intercept)), np.float64)


def untouched(labels: int) -> LabelCalibrators:
    """That of K labels whose probabilities stay as they are."""
    return LabelCalibrators(slope=(1.0,) * labels, intercept=(0.0,) * labels)


def fit_label_calibrators(
    target_NK: FloatArray, value_NK: FloatArray, labels: tuple[str, ...]
) -> LabelCalibrators:
    """Fitted on tune patients: `target_NK` 0, 1 or NaN where unobserved, `value_NK` probabilities.

    DataError that names the label whose tune patients are all alike.
    """
    found = [_fitted(target_NK[:, k], value_NK[:, k], label) for k, label in enumerate(labels)]
    return LabelCalibrators(
        slope=tuple(slope for slope, _ in found), intercept=tuple(shift for _, shift in found)
    )


def _fitted(target_N: FloatArray, value_N: FloatArray, label: str) -> tuple[float, float]:
    known = np.isfinite(target_N)
    y_N, p_N = target_N[known], value_N[known]
    if len(np.unique(y_N)) < 2:
        raise DataError(
            f"[task] labels '{label}'",
            expected="calibration patients of the tune split with it and without",
            found="one kind or none",
            hint="enlarge tune in [prepare], set stratify = true, or take the label out of labels",
        )
    fitted = fit_logistic(y_N, p_N)
    outcome = binary(y_N > 0)
    # Separable patients can defeat the fit; then the model speaks for itself.
    if outcome.score(fitted.apply(p_N)[:, None]) > outcome.score(p_N[:, None]):
        return 1.0, 0.0
    return fitted.params["slope"], fitted.params["intercept"]
