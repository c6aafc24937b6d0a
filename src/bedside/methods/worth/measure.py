"""The two measures of worth: how well patients are ranked, and a proper score of what is said.

Both higher is better. They may well disagree: made-up cases can sharpen a ranking and spoil the
risks.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from bedside.core.errors import StudyError
from bedside.core.study import TaskType
from bedside.methods.evaluation.truth import Truth, horizon_index, primary_measure
from bedside.methods.measures import FloatArray, Measure
from bedside.methods.measures.additive import mean

NAMES: Mapping[TaskType, tuple[str, str]] = {
    "binary": ("auroc", "brier"),
    "multiclass": ("auroc", "brier"),
    "regression": ("rank_correlation", "rmse"),
    "survival": ("c_index", "brier_at_horizon"),
}
"""Of each task: the measure of ranks, and the proper score."""
LOWER_IS_BETTER = ("brier", "rmse", "brier_at_horizon")


def names_of(task: TaskType) -> tuple[str, str]:
    """Both measures of a task; StudyError where worth knows none."""
    if task not in NAMES:
        raise StudyError(
            "[task] type", expected=f"one of {', '.join(NAMES)} for `worth`", found=f"'{task}'",
            hint="what levers are worth for masks, or for several labels, is not measured yet",
        )  # fmt: skip
    return NAMES[task]


def scoring(truth: Truth, values: NDArray[np.floating], edges: FloatArray | None) -> Measure:
    """Both measures of predictions `values` [N, K], by name, higher better."""
    ranking, proper = names_of(truth.task)
    ranks = _ranking(truth, values, edges)
    lost = _lost(truth, values, edges)

    def measure(weights: FloatArray) -> dict[str, FloatArray]:
        error = mean(lost, weights * truth.counts)
        if proper == "rmse":
            error = np.sqrt(error)
        return {ranking: ranks(weights)[ranking], proper: -error}

    return measure


def _lost(truth: Truth, values: NDArray[np.floating], edges: FloatArray | None) -> FloatArray:
    """[N] squared error; NaN where the outcome is unknown."""
    said = np.asarray(values, np.float64)
    if truth.task == "multiclass":
        index = np.nan_to_num(truth.target, nan=0.0).astype(np.int64)
        error = np.square(said - (index[:, None] == np.arange(said.shape[1]))).sum(axis=1)
    elif truth.task == "survival" and edges is not None:
        error = np.square(1.0 - said[:, horizon_index(edges, truth.horizon)] - truth.target)
    else:
        error = np.square(said[:, 0] - truth.target)
    return np.where(truth.counts > 0, error, np.nan)


def _ranking(truth: Truth, values: NDArray[np.floating], edges: FloatArray | None) -> Measure:
    if truth.task != "regression":
        return primary_measure(truth, values, edges)
    rows = truth.known
    first, second = (
        rankdata(one) - (len(rows) + 1) / 2 for one in (truth.target[rows], values[rows, 0])
    )
    columns = np.column_stack([np.ones(len(rows)), first, second, first**2, second**2,
                               first * second])  # fmt: skip

    def measure(weights: FloatArray) -> dict[str, FloatArray]:
        sums = weights.take(rows, axis=1) @ columns
        count = sums[:, 0]
        one, two = sums[:, 1] / count, sums[:, 2] / count
        spread = (sums[:, 3] / count - one**2) * (sums[:, 4] / count - two**2)
        both = sums[:, 5] / count - one * two
        found = both / np.sqrt(np.maximum(spread, np.finfo(float).tiny))
        return {"rank_correlation": np.where(spread > 0, found, 0.0)}

    return measure
