"""What a model learns: one encoding, one weight and one proper score for every kind of task.

binary        K = 1, the probability of the positive class
multiclass    K classes, their probabilities
multilabel    K labels, the probability that each is present
regression    K = 1, the expected value in the unit of the target
survival      K intervals, the probability of being event-free at the end of each

Survival is in discrete time (methods/survival.py): labels are 1 in the interval of the event, and
only the intervals in which a subject was at risk count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.core.dataset import Target
from bedside.core.errors import DataError
from bedside.core.study import TaskType
from bedside.methods.multilabel import label_values
from bedside.methods.survival import discrete_targets, horizon_weights
from bedside.methods.tabular_inputs import Floats, Rows, Values

LEARNABLE = {
    "binary": "both classes among the training subjects",
    "multiclass": "two classes or more among the training subjects",
    "multilabel": "each label present in some training subjects and absent in others",
    "regression": "a value that varies among the training subjects",
    "survival": "an event among the training subjects",
}
TINY = 1e-7
"""Probabilities are kept this far from 0 in a score: float32 tells 1 - p from 1 no closer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Targets of N samples; build one with `binary`, `multiclass`, `multilabel`, `regression` or
    `survival`."""

    task: TaskType
    labels: Floats
    """[N, K]: 0 or 1; one-hot; the value; event in the interval."""
    weights: Floats
    """[N, K]: what each label counts; 0 where it is unobserved or the subject is not at risk."""
    durations: NDArray[np.float64] | None = None
    """[N] time to event or censoring; survival only, as are the next two."""
    events: NDArray[np.bool_] | None = None
    edges: NDArray[np.float64] | None = None
    """[K] ends of the intervals, rising; the last is the horizon."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def width(self) -> int:
        """K."""
        return int(self.labels.shape[1])

    @property
    def classes(self) -> NDArray[np.int64]:
        """[N] class index (0 or 1 for a binary task)."""
        if self.task == "binary":
            return np.asarray(self.labels[:, 0], np.int64)
        return np.asarray(self.labels.argmax(axis=1), np.int64)

    def label(self, index: int) -> Outcome:
        """One label of a multi-label outcome, as a binary one."""
        one = slice(index, index + 1)
        return Outcome(task="binary", labels=self.labels[:, one], weights=self.weights[:, one])

    def rows(self, index: Rows) -> Outcome:
        """The samples at `index`."""
        return Outcome(
            task=self.task, edges=self.edges,
            labels=self.labels[index], weights=self.weights[index],
            durations=None if self.durations is None else self.durations[index],
            events=None if self.events is None else self.events[index],
        )  # fmt: skip

    def score(self, value: NDArray[np.floating]) -> float:
        """Mean negative log-likelihood of `value` [N, K] (mean squared error for a regression).

        A proper score: only the true probabilities minimise it. Lower is better. For a multi-label
        outcome it is the mean over all labels that were observed.
        """
        value_NK = np.asarray(value, np.float64)
        loss_NK: NDArray[np.float64]
        if self.task == "regression":
            loss_NK = (value_NK - self.labels.astype(np.float64)) ** 2
        elif self.task == "multiclass":
            loss_NK = -self.labels.astype(np.float64) * np.log(np.clip(value_NK, TINY, 1.0))
        else:
            hazard = hazards(value_NK) if self.task == "survival" else value_NK
            likely = np.clip(np.where(self.labels > 0.5, hazard, 1.0 - hazard), TINY, 1.0)
            loss_NK = -np.log(likely)
        rows = self.weights.max(axis=1).sum() if self.task != "survival" else len(self)
        if self.task == "multilabel":
            rows = self.weights.sum()
        return float((loss_NK * self.weights).sum() / max(float(rows), TINY))

    def require_learnable(self) -> None:
        """DataError when there is nothing to tell apart: one class, no event, one value."""
        if self.task == "multilabel":
            for index in range(self.width):
                self.label(index).require_learnable()
            return
        counted = self.weights.max(axis=1) > 0 if len(self) else np.zeros(0, bool)
        seen = self.rows(counted)
        event = self.task == "survival"
        if not len(seen) or not (seen.labels.any() if event else np.ptp(seen.labels, axis=0).any()):
            raise DataError(
                f"target ({self.task})", expected=LEARNABLE[self.task],
                found=f"{len(seen)} training samples that are all alike" if len(seen) else "none",
                hint="check the question's positive value, the horizon and the exclusions",
            )  # fmt: skip


def binary(positive: NDArray[np.bool_], weights: Floats | None = None) -> Outcome:
    """`positive` [N]; weight 0 for a label that was never observed, IPCW weights where censored."""
    weight_N = np.ones(len(positive), np.float32) if weights is None else weights
    return Outcome(
        task="binary", labels=positive.astype(np.float32)[:, None],
        weights=weight_N.astype(np.float32)[:, None],
    )  # fmt: skip


def multiclass(index: NDArray[np.int64], classes: int) -> Outcome:
    """`index` [N] of the class, 0 to `classes` - 1; below 0 is unobserved."""
    labels_NK = (index[:, None] == np.arange(classes)).astype(np.float32)
    weights_NK = np.repeat((index >= 0).astype(np.float32)[:, None], classes, axis=1)
    return Outcome(task="multiclass", labels=labels_NK, weights=weights_NK)


def multilabel(values_NK: NDArray[np.floating]) -> Outcome:
    """`values_NK` [N, K]: 1 present, 0 absent, NaN unobserved, which counts for nothing."""
    seen_NK = np.isfinite(values_NK)
    return Outcome(
        task="multilabel", labels=(values_NK == 1).astype(np.float32),
        weights=seen_NK.astype(np.float32),
    )  # fmt: skip


def regression(value: NDArray[np.floating]) -> Outcome:
    """`value` [N] in the target's unit; NaN is unobserved."""
    seen = np.isfinite(value)
    labels = np.where(seen, value, 0.0).astype(np.float32)[:, None]
    return Outcome(task="regression", labels=labels, weights=seen.astype(np.float32)[:, None])


def survival(
    durations: NDArray[np.float64], events: NDArray[np.bool_], edges: NDArray[np.float64]
) -> Outcome:
    """`durations` [N] and `edges` [K] in one unit; an event after the last edge is not one yet."""
    at_risk_NK, labels_NK = discrete_targets(durations, events, edges)
    return Outcome(
        task="survival", labels=labels_NK, weights=at_risk_NK,
        durations=durations, events=events, edges=edges,
    )  # fmt: skip


def outcome_of(
    samples: pl.DataFrame, target: Target, edges: NDArray[np.float64] | None = None
) -> Outcome:
    """The outcome of a data set's samples; `edges` [K] for survival.

    With a horizon, those whose state there is known also stand for those who were lost before, by
    inverse probability of censoring among these samples.
    """
    if target.type == "multilabel":
        return multilabel(label_values(samples, target))
    value = samples["target"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    duration = samples["duration"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    event = samples["event"].fill_null(0).to_numpy() == 1
    if target.type == "survival" and edges is not None:
        return survival(duration, event, edges)
    if target.type == "regression":
        return regression(value)
    if target.type == "multiclass":
        return multiclass(np.nan_to_num(value, nan=-1.0).astype(np.int64), len(target.classes))
    seen = np.isfinite(value)
    weights = seen.astype(np.float64)
    followed = np.isfinite(duration)
    if target.horizon is not None and followed.any():
        known = horizon_weights(duration[followed], event[followed], target.horizon)
        weights[followed] = known * seen[followed]
    return binary(value > 0, weights.astype(np.float32))


def hazards(survival_NK: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chance of the event in each interval for those who reached it, from a survival curve."""
    before = np.concatenate([np.ones((len(survival_NK), 1)), survival_NK[:, :-1]], axis=1)
    return np.asarray(np.clip(1.0 - survival_NK / np.maximum(before, TINY), 0.0, 1.0), np.float64)


def curve(hazards_NK: NDArray[np.floating]) -> Values:
    """Survival curve [N, K] from the hazards of the intervals."""
    return np.asarray(np.cumprod(1.0 - hazards_NK, axis=1), np.float64)
