"""Measures of predicted values of a quantity."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bedside.methods.measures.additive import Additive, additive
from bedside.methods.measures.sample import FloatArray, numbers, weights_of


def regression_measure(
    y: ArrayLike, prediction: ArrayLike, case_weights: ArrayLike | None = None
) -> Additive:
    """Prepare the measures of `regression` for many replicates."""
    y_N = numbers(y, "outcomes")
    prediction_N = numbers(prediction, "predictions", len(y_N))
    error_N = y_N - prediction_N
    # Second moments are taken about the sample's mean, so that no difference of large numbers is.
    u_N, v_N = y_N - y_N.mean(), prediction_N - prediction_N.mean()
    columns = [
        np.ones_like(y_N), np.abs(error_N), error_N, error_N**2,
        u_N, v_N, u_N**2, v_N**2, u_N * v_N,
    ]  # fmt: skip
    return additive(columns, _formula, case_weights)


def regression(
    y: ArrayLike,
    prediction: ArrayLike,
    weights: ArrayLike | None = None,
    case_weights: ArrayLike | None = None,
) -> dict[str, FloatArray]:
    """Measures of predictions [N] of the values `y` [N], each [B]; `weights` [B, N].

    mae, rmse              mean absolute and root mean squared error, in the unit of y
    r2                     1 - squared error over the variance of y
    calibration_slope      slope of y on the prediction by least squares; 1 is ideal
    calibration_intercept  mean of y minus the prediction, in the unit of y; 0 is ideal

    NaN where y (r2) or the prediction (slope) does not vary.
    """
    prepared = regression_measure(y, prediction, case_weights)
    return prepared(weights_of(weights, len(prepared.columns)))


def _formula(sums: FloatArray) -> dict[str, FloatArray]:
    absolute, error, squared, u, v, uu, vv, uv = sums[:, 1:].T / sums[:, 0]
    of_y, of_prediction, shared = uu - u * u, vv - v * v, uv - u * v
    return {
        "mae": absolute,
        "rmse": np.sqrt(squared),
        "r2": np.where(of_y > _rounding(uu), 1.0 - squared / of_y, np.nan),
        "calibration_slope": np.where(
            of_prediction > _rounding(vv), shared / of_prediction, np.nan
        ),
        "calibration_intercept": error,
    }


def _rounding(square: FloatArray) -> FloatArray:
    """A variance below this, given the mean square, is what rounding leaves of none."""
    floor: FloatArray = 1e-13 * square
    return floor
