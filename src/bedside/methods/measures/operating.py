"""What happens at one threshold: alerts, and how many of them are right."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bedside.core.errors import DataError
from bedside.methods.measures.additive import Additive, additive
from bedside.methods.measures.sample import FloatArray, outcomes, probabilities, weights_of


def operating_measure(
    y: ArrayLike, p: ArrayLike, threshold: float, case_weights: ArrayLike | None = None
) -> Additive:
    """Prepare the measures of `operating` for many replicates."""
    y_N = outcomes(y)
    p_N = probabilities(p, len(y_N))
    if not np.isfinite(threshold):
        raise DataError("threshold", expected="a finite number", found="something else")
    alert_N = (p_N >= threshold).astype(np.float64)
    columns = [np.ones_like(y_N), y_N, alert_N, alert_N * y_N]
    return additive(columns, _rates, case_weights)


def operating(
    y: ArrayLike, p: ArrayLike, threshold: float, weights: ArrayLike | None = None,
    case_weights: ArrayLike | None = None,
) -> dict[str, FloatArray]:  # fmt: skip
    """Measures of alerting whoever has `p` [N] of at least `threshold`, each [B]; `weights` [B, N].

    sensitivity                 of those with the event, the share alerted
    specificity                 of those without, the share not alerted
    ppv, npv                    share right among the alerted, among the others
    alerts_per_100              alerts per 100 patients
    missed_per_100              events without an alert per 100 patients
    number_needed_to_evaluate   alerts for each right one, 1 / ppv

    NaN where nobody is in the denominator.
    """
    prepared = operating_measure(y, p, threshold, case_weights)
    return prepared(weights_of(weights, len(prepared.columns)))


def _rates(sums: FloatArray) -> dict[str, FloatArray]:
    count, events, alerts, right = sums.T
    others, silent = count - events, count - alerts
    true_silent = silent - (events - right)
    return {
        "sensitivity": right / events,
        "specificity": true_silent / others,
        "ppv": right / alerts,
        "npv": true_silent / silent,
        "alerts_per_100": 100.0 * alerts / count,
        "missed_per_100": 100.0 * (events - right) / count,
        "number_needed_to_evaluate": np.where(right > 0, alerts / right, np.nan),
    }
