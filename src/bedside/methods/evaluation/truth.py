"""What became of the patients a model is judged on, and the measures that this allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Dataset, Schema
from bedside.core.errors import DataError
from bedside.core.study import TaskType
from bedside.methods import concordance, survival
from bedside.methods.intervals import Resamples, resample
from bedside.methods.measures import (
    FloatArray,
    IntArray,
    Measure,
    Ranking,
    binary_measure,
    multiclass_measure,
    primary,
    regression_measure,
)
from bedside.methods.multilabel import label_values

AT_HORIZON = ("calibration_slope", "calibration_intercept", "ici", "oe_ratio", "scaled_brier")
"""Measures of the risk at the horizon that are reported beside those of the whole curve."""
MACRO = ("auroc", "auprc", "brier", "scaled_brier", "log_loss")
"""Measures of a label whose mean over labels means something."""
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Outcomes of N rows."""

    task: TaskType
    subjects: IntArray
    """[N] patients as integer codes; rows of one patient are drawn together."""
    target: FloatArray
    """[N] 0 or 1, class index or value; survival: state at the horizon; [N, K] 0 or 1 of each label
    of a multi-label task. NaN is unobserved."""
    counts: FloatArray
    """[N] what a row counts: 0 where the outcome is unobserved, 1 where it is, or with a horizon
    the inverse probability of still being observed (`survival.horizon_weights`); multi-label:
    1 where any label is."""
    duration: FloatArray | None = None
    event: Bools | None = None
    horizon: float = float("nan")

    def __len__(self) -> int:
        return len(self.subjects)

    @property
    def known(self) -> IntArray:
        """Rows whose outcome counts."""
        return np.flatnonzero(self.counts > 0)

    @property
    def judged(self) -> IntArray:
        """Rows that the measures use: for survival everybody was followed for some time."""
        return np.arange(len(self)) if self.task == "survival" else self.known

    def patients(self, rows: IntArray | None = None) -> int:
        """Patients among the judged (`rows` of them)."""
        chosen = self.judged if rows is None else np.intersect1d(rows, self.judged)
        return len(np.unique(self.subjects[chosen]))

    def rarest(self, rows: IntArray | None = None) -> int | None:
        """Patients with the rarest outcome (of the rarest label) among `rows`; None for a
        regression."""
        if self.task == "regression":
            return None
        if self.task == "multilabel":
            return min(self.label(k).rarest(rows) or 0 for k in range(self.target.shape[1]))
        chosen = self.judged if rows is None else np.intersect1d(rows, self.judged)
        if self.task == "survival" and self.event is not None:
            return len(np.unique(self.subjects[chosen[self.event[chosen]]]))
        kinds = np.unique(self.target[self.known])
        if len(kinds) < 2:
            return 0
        return min(
            len(np.unique(self.subjects[chosen[self.target[chosen] == kind]])) for kind in kinds
        )

    def follow_up(self) -> tuple[FloatArray, Bools]:
        """Durations and events of a survival task."""
        if self.duration is None or self.event is None:
            raise DataError(
                "follow-up", expected="durations and events", found=f"a {self.task} task"
            )
        return self.duration, self.event

    def label(self, index: int) -> Truth:
        """One label of a multi-label task, as a binary one; its rows are the same."""
        target = self.target[:, index]
        counts = np.isfinite(target).astype(np.float64)
        return replace(self, task="binary", target=target, counts=counts)

    def rows(self, rows: IntArray) -> Truth:
        """The same for some rows; what a row counts stays as it is."""
        return replace(
            self, subjects=self.subjects[rows], target=self.target[rows], counts=self.counts[rows],
            duration=None if self.duration is None else self.duration[rows],
            event=None if self.event is None else self.event[rows],
        )  # fmt: skip

    def resamples(self, replicates: int, seed: int) -> Resamples:
        """Patients drawn with replacement.

        Classes of a multiclass task are strata, so that none vanishes; elsewhere the number of
        events varies as it would among new patients.
        """
        strata = None
        if self.task == "multiclass":
            most = np.full(self.subjects.max() + 1, -1.0)
            np.maximum.at(most, self.subjects, np.nan_to_num(self.target, nan=-1.0))
            strata = most[self.subjects]
        return resample(self.subjects, replicates, seed, strata)


def truth_of(dataset: Dataset, schema: Schema, rows: IntArray) -> Truth:
    """Outcomes of some rows of a data set."""
    samples = dataset.samples[rows]
    if schema.target.type == "multilabel":
        values = label_values(samples, schema.target)
        return Truth(
            task="multilabel", subjects=dataset.subjects(rows), target=values,
            counts=np.asarray(np.isfinite(values).any(axis=1), np.float64),
        )  # fmt: skip
    target = samples["target"].cast(float).fill_null(float("nan")).to_numpy()
    duration = samples["duration"].cast(float).fill_null(float("nan")).to_numpy()
    event = samples["event"].fill_null(0).to_numpy() == 1
    horizon = schema.target.horizon
    counts = np.isfinite(target).astype(np.float64)
    followed = np.isfinite(duration)
    if horizon is not None and followed.any():
        counts[followed] = survival.horizon_weights(duration[followed], event[followed], horizon)
        counts[~np.isfinite(target)] = 0.0
    timed = schema.target.type == "survival"
    return Truth(
        task=schema.target.type, subjects=dataset.subjects(rows), target=target, counts=counts,
        duration=duration if timed else None, event=event if timed else None,
        horizon=float("nan") if horizon is None else horizon,
    )  # fmt: skip


def restricted(measure: Measure, rows: IntArray) -> Measure:
    """A measure of some rows, as one of all: the resamples stay those of everybody."""
    return lambda weights: measure(weights.take(rows, axis=1))


def measure_of(truth: Truth, values: NDArray[np.floating], edges: FloatArray | None) -> Measure:
    """The full measure set of predictions `values` [N, K] as the graph gives them.

    binary, multiclass, regression: see `bedside.methods.measures`. multilabel: means over labels,
    see `macro`. survival: see
    `survival.measures`, and AT_HORIZON of the risk at the horizon among those whose state is known.
    A set without a single judged row gives the primary measure as NaN.
    """
    rows = truth.judged
    if not len(rows):
        return undefined(truth.task)
    if truth.task == "survival" and edges is not None:
        return _survival_measure(truth, values, edges)
    if truth.task == "multilabel":
        return macro([
            measure_of(truth.label(k), values[:, k : k + 1], None) for k in range(values.shape[1])
        ])  # fmt: skip
    y, counts = truth.target[rows], truth.counts[rows]
    chosen = np.asarray(values[rows], np.float64)
    if truth.task == "binary":
        return restricted(binary_measure(y, np.clip(chosen[:, 0], 0, 1), counts), rows)
    if truth.task == "multiclass":
        return restricted(multiclass_measure(y, chosen, counts), rows)
    return restricted(regression_measure(y, chosen[:, 0], counts), rows)


def risk_measure(truth: Truth, risk: FloatArray) -> Measure:
    """Binary measures of a risk [N] of the outcome (by the horizon), of whomever it comes from."""
    rows = truth.known
    if not len(rows):
        return undefined("binary")
    prepared = binary_measure(truth.target[rows], np.clip(risk[rows], 0, 1), truth.counts[rows])
    return restricted(prepared, rows)


def primary_measure(
    truth: Truth, values: NDArray[np.floating], edges: FloatArray | None
) -> Measure:
    """The primary measure alone, where that is quicker."""
    rows = truth.judged
    name = primary(truth.task).measure
    if truth.task == "binary" and len(rows):
        p = np.clip(np.asarray(values[rows, 0], np.float64), 0, 1)
        return restricted(Ranking.of(truth.target[rows], p, truth.counts[rows]), rows)
    if truth.task == "survival" and edges is not None and len(rows):
        risk = 1.0 - np.asarray(values, np.float64)[:, horizon_index(edges, truth.horizon)]
        return _concordance(truth, risk)
    if truth.task == "multilabel" and len(rows):
        return macro([
            primary_measure(truth.label(k), values[:, k : k + 1], None)
            for k in range(values.shape[1])
        ])  # fmt: skip
    whole = measure_of(truth, values, edges)
    return lambda weights: {name: whole(weights)[name]}


def macro(labels: Sequence[Measure]) -> Measure:
    """Means over labels, each label counting the same: `macro_auroc` and the like.

    Undefined where one label's is: a mean over fewer labels would be another measure.
    """

    def measure(weights: FloatArray) -> dict[str, FloatArray]:
        found = [of_label(weights) for of_label in labels]
        return {
            f"macro_{name}": np.mean([one.get(name, _never(weights)) for one in found], axis=0)
            for name in MACRO
            if any(name in one for one in found)
        }

    return measure


def _never(weights: FloatArray) -> FloatArray:
    return np.full(len(weights), np.nan)


def undefined(task: str) -> Measure:
    """The primary measure where nobody can be judged."""
    name = primary(task).measure
    return lambda weights: {name: np.full(len(weights), np.nan)}


def horizon_index(edges: FloatArray, horizon: float) -> int:
    """Which edge is the horizon."""
    return int(np.argmin(np.abs(np.asarray(edges) - horizon)))


def _survival_measure(truth: Truth, values: NDArray[np.floating], edges: FloatArray) -> Measure:
    grid = np.asarray(edges, np.float64)
    curves = np.clip(np.asarray(values, np.float64), 0.0, 1.0)
    at = horizon_index(grid, truth.horizon)
    beside = risk_measure(truth, 1.0 - curves[:, at])
    duration, event = truth.follow_up()

    def measure(weights: FloatArray) -> dict[str, FloatArray]:
        found = survival.measures(
            duration, event,
            survival=curves, edges=grid, horizon=float(grid[at]), weights=weights,
        )  # fmt: skip
        risk = beside(weights)
        return found | {name: risk[name] for name in AT_HORIZON if name in risk}

    return measure


def _concordance(truth: Truth, risk: FloatArray) -> Measure:
    duration, event = truth.follow_up()

    def measure(weights: FloatArray) -> dict[str, FloatArray]:
        pairs = concordance.compare(duration, event, risk, weights)
        return {"c_index": pairs.index(weights[:, pairs.first])}

    return measure
