"""What a released model does with one prediction: act or not, how sure, or say nothing and why.

A policy is fitted once, to tune patients, and is then a handful of numbers that travel in the
bundle as JSON. Evaluation and serving apply the same one. Numpy only, whole columns at a time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bedside.core.decision import Decision
from bedside.core.errors import DataError, StudyError
from bedside.core.spec import Plain, Source, build, plain
from bedside.core.study import TaskType
from bedside.methods import conformal

Floats = NDArray[np.float64]
MEASURED: Final = ("regression", "segmentation")
"""Tasks whose prediction is a number in a unit: a value, or the volume of what was outlined."""
Bools = NDArray[np.bool_]

REASONS: Final = (
    "",
    "unlike the training patients",
    "too much missing",
    "ambiguous",
    "not a finite number",
)
"""Names of the codes in `Decisions.reason`; where several apply: 4, then 1, 2, 3."""
UNLIKE, MISSING, AMBIGUOUS, NOT_FINITE = 1, 2, 3, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What a policy says of N patients."""

    value: Floats
    """[N] binary: probability of the positive class; multiclass: index of the likeliest class;
    regression: the value; segmentation: the volume of all structures; survival: risk at the
    horizon. NaN where the prediction was not finite.
    """
    probabilities: Floats
    """[N, L] of each label: (negative, positive), or the classes; [N, 0] for a regression."""
    low: Floats
    """[N] regression: low end of the interval, -inf where tune patients were too few. Else NaN."""
    high: Floats
    """[N] upper end."""
    label_set: Bools
    """[N, L] labels that the prediction does not rule out."""
    act: Bools
    """[N] value at or above the threshold, and not abstained."""
    abstain: Bools
    """[N]"""
    reason: NDArray[np.int8]
    """[N] why it abstained, an index into REASONS; 0 where it did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """For outcomes at a horizon: where it is on the grid, and what each tune patient counts."""

    index: int = -1
    """Column of the survival curve that is the horizon."""
    weights: NDArray[np.float64]
    """[N] `survival.horizon_weights`; 0 where the state at the horizon is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A fitted decision rule. Make one with `fit_policy`."""

    task: TaskType
    threshold: float | None
    """Act at this value or above; None: there is nothing to act on."""
    coverage: float
    quantiles: tuple[float | None, ...]
    """Conformal quantile of each label, or the one of a regression; None: too few patients to have
    one, so that the label is in every set and the interval has no end."""
    novelty_limit: float
    """Abstain above it."""
    most_missing: float
    """Abstain above this share."""
    abstain_when_ambiguous: bool = False
    horizon_index: int = -1
    """Survival: which column of the curve is the horizon."""
    patients: int
    """Tune patients with a known outcome it was fitted to."""

    def to_json(self) -> dict[str, Plain]:
        """Plain values that JSON holds; every number comes back exactly."""
        return cast("dict[str, Plain]", plain(self))

    @classmethod
    def from_json(cls, table: Mapping[str, object]) -> Policy:
        """The policy that `to_json` wrote; StudyError names a key that is missing or wrong."""
        return build(cls, table, Source("policy"))

    def decide(self, values: ArrayLike, novelty: ArrayLike, missing_share: ArrayLike) -> Decisions:
        """Decisions on N patients from `values` [N, K], `novelty` [N] and `missing_share` [N].

        A novelty or share that is not a number makes it abstain, as does a prediction that is not.
        """
        values_NK = _values(self.task, values)
        finite = np.asarray(np.isfinite(values_NK).all(axis=1))
        value, probabilities = _read(self.task, values_NK, self.horizon_index)
        value = np.where(finite, value, np.nan)
        q = np.array([math.inf if item is None else item for item in self.quantiles])
        if self.task in MEASURED:
            spread = np.where(finite, values_NK[:, 1], 1.0) if values_NK.shape[1] > 1 else None
            low, high = conformal.intervals(value, float(q[0]), spread)
            if self.task == "segmentation":
                low = np.maximum(low, 0.0)  # no volume is less than nothing
            label_set = np.zeros((len(value), 0), np.bool_)
        else:
            low = high = np.full(len(value), np.nan)
            label_set = conformal.label_sets(probabilities, q) | ~finite[:, None]
        reason = self._reason(finite, label_set, np.asarray(novelty), np.asarray(missing_share))
        abstain = reason > 0
        above = value >= self.threshold if self.threshold is not None else np.zeros_like(abstain)
        return Decisions(
            value=value, probabilities=probabilities, low=low, high=high, label_set=label_set,
            act=above & ~abstain, abstain=abstain, reason=reason,
        )  # fmt: skip

    def _reason(
        self, finite: Bools, label_set: Bools, novelty: Floats, missing: Floats
    ) -> NDArray[np.int8]:
        """Written from the least to the most telling, so that the latter stays."""
        for name, column in (("novelty", novelty), ("missing share", missing)):
            if column.shape != finite.shape:
                raise DataError(name, expected=f"[{len(finite)}]", found=f"{column.shape}")
        reason = np.zeros(len(finite), np.int8)
        if self.abstain_when_ambiguous:
            reason[label_set.sum(axis=1) != 1] = AMBIGUOUS
        reason[~(missing <= self.most_missing)] = MISSING
        reason[~(novelty <= self.novelty_limit)] = UNLIKE
        reason[~finite] = NOT_FINITE
        return reason


def fit_policy(
    task_type: TaskType, values: ArrayLike, targets: ArrayLike, novelty: ArrayLike,
    missing_share: ArrayLike, *, options: Decision, horizon: Horizon | None = None,
) -> Policy:  # fmt: skip
    """The policy that `options` ask for, fitted to N tune patients.

    values         [N, K] calibrated predictions: binary [N, 1] probability of the positive class;
                   multiclass [N, K] probabilities; regression [N, 1], or [N, 2] with a spread above
                   0; segmentation [N, K] volumes of the structures; survival [N, K] probabilities
                   of being event-free at the grid's times
    targets        [N] 0 or 1 (binary; survival: `survival.state_at` the horizon), class index, or
                   value; NaN (class: below 0) where it was not observed
    novelty        [N] `Novelty.score`; the limit is its conformal quantile, or the largest seen
                   where there are too few patients for one
    missing_share  [N] share of inputs missing; checked, the limit itself is given
    horizon        for survival, and for a binary outcome at a horizon: weights for those whose
                   state there is known, which then stand for those who were lost before

    Sets are class-conditional: each label is covered in its own patients. Threshold: as given; or
    the highest that reaches the sensitivity among tune patients with the event; or else the share
    with the event, at which acting on all and acting on none have equal net benefit. Raises
    StudyError where the options do not fit the task, DataError where the patients do not suffice.
    """
    _check_options(task_type, options)
    values_NK, targets_N = _values(task_type, values), np.asarray(targets, np.float64)
    lengths = {len(values_NK), len(targets_N), np.size(novelty), np.size(missing_share)}
    if len(lengths) != 1 or (horizon is not None and len(horizon.weights) not in lengths):
        raise DataError("tune patients", expected="one length for all", found=f"{sorted(lengths)}")
    tuned = _tuned(task_type, values_NK, targets_N, horizon)
    scores = np.asarray(novelty, np.float64)
    limit = conformal.quantile(scores, options.novelty_quantile)
    return Policy(
        task=task_type, threshold=_threshold(tuned, options), coverage=options.coverage,
        quantiles=tuple(q if math.isfinite(q) else None for q in _quantiles(tuned, options)),
        novelty_limit=limit if math.isfinite(limit) else float(scores.max()),
        most_missing=options.most_missing, abstain_when_ambiguous=options.abstain_when_ambiguous,
        horizon_index=tuned.index, patients=len(tuned.targets),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tuned:
    """Tune patients whose outcome is known."""

    task: TaskType
    values: Floats
    targets: Floats
    index: int
    weights: Floats | None


def _tuned(task: TaskType, values_NK: Floats, targets_N: Floats, horizon: Horizon | None) -> _Tuned:
    known = np.isfinite(targets_N) & ((task in MEASURED) | (targets_N >= 0))
    if task == "survival" and horizon is None and not known.all():
        raise DataError(
            "tune patients", expected="weights where the state at the horizon is unknown",
            found="none", hint="pass horizon=Horizon(weights=survival.horizon_weights(...))",
        )  # fmt: skip
    if not known.any() or not np.isfinite(values_NK[known]).all():
        raise DataError(
            "tune patients", expected="finite predictions of patients with a known outcome",
            found=f"{int(known.sum())} with a known outcome",
            hint="look at the tune split and at the training of the model",
        )  # fmt: skip
    return _Tuned(
        task=task, values=values_NK[known], targets=targets_N[known],
        index=-1 if horizon is None else horizon.index,
        weights=None if horizon is None else np.asarray(horizon.weights, np.float64)[known],
    )  # fmt: skip


def _threshold(tuned: _Tuned, options: Decision) -> float | None:
    if options.threshold is not None or tuned.task in (*MEASURED, "multiclass"):
        return options.threshold
    weight = np.ones(len(tuned.targets)) if tuned.weights is None else tuned.weights
    positive = tuned.targets > 0
    events = weight[positive].sum()
    if not events:
        raise DataError(
            "tune patients", expected="at least one with the event", found="none",
            hint="give [decision] a threshold, or split so that tune has events",
        )  # fmt: skip
    if options.sensitivity is None:
        return float(events / weight.sum())
    value = _read(tuned.task, tuned.values, tuned.index)[0][positive]
    order = np.argsort(-value, kind="stable")
    caught = np.cumsum(weight[positive][order])
    wanted = options.sensitivity * events * (1 - conformal.ROUNDING)
    return float(value[order][np.searchsorted(caught, wanted, side="left")])


def _quantiles(tuned: _Tuned, options: Decision) -> list[float]:
    if tuned.task in MEASURED:
        spread = tuned.values[:, 1] if tuned.values.shape[1] > 1 else None
        scores = conformal.residual_scores(tuned.values[:, 0], tuned.targets, spread)
        return [conformal.quantile(scores, options.coverage)]
    probabilities = _read(tuned.task, tuned.values, tuned.index)[1]
    return [
        float(q)
        for q in conformal.class_quantiles(
            probabilities, tuned.targets, options.coverage, tuned.weights
        )
    ]


def _read(task: TaskType, values_NK: Floats, index: int) -> tuple[Floats, Floats]:
    """The one number [N] of each prediction, and the probabilities [N, L] of its labels."""
    if task == "multiclass":
        return values_NK.argmax(axis=1).astype(np.float64), values_NK
    if task in MEASURED:
        return values_NK[:, 0], np.zeros((len(values_NK), 0))
    value = 1.0 - values_NK[:, index] if task == "survival" else values_NK[:, 0]
    return value, np.stack([1.0 - value, value], axis=1)


def _values(task: TaskType, values: ArrayLike) -> Floats:
    values_NK = np.asarray(values, np.float64)
    widths = {
        "binary": (1, 1),
        "regression": (1, 2),
        "multiclass": (2, None),
        "survival": (1, None),
        "segmentation": (1, None),
    }
    low, high = widths[task]
    if values_NK.ndim != 2 or not low <= values_NK.shape[1] <= (high or values_NK.shape[1]):
        raise DataError(
            f"predictions ({task})", expected=f"[N, {low}{'' if low == high else ' or more'}]",
            found=f"{values_NK.shape}",
        )  # fmt: skip
    return values_NK.sum(axis=1, keepdims=True) if task == "segmentation" else values_NK


def _check_options(task: TaskType, options: Decision) -> None:
    wrong = {
        "sensitivity": options.sensitivity is not None and task in (*MEASURED, "multiclass"),
        "threshold": options.threshold is not None and task == "multiclass",
        "abstain_when_ambiguous": options.abstain_when_ambiguous and task in MEASURED,
    }
    for name, refused in wrong.items():
        if refused:
            raise StudyError(
                f"[decision] {name}", expected=f"nothing for a {task} task", found="a value",
                hint=f"remove {name}",
            )  # fmt: skip
    if options.threshold is not None and task not in MEASURED and not 0 <= options.threshold <= 1:
        raise StudyError(
            "[decision] threshold", expected="a probability", found=f"{options.threshold:g}",
            hint="write 20 % as 0.2",
        )  # fmt: skip
