"""Does a field give the label away: by value, by absence, or by a group that settles it?

Three measurements, each alone enough:

missing  AUROC of "is it missing": the lower end of the interval reaches `missing`
value    AUROC of the value (the rank, or the rate of its group in other folds): it reaches `value`
group    patients with one value, or with none, almost all share one outcome: `purity`. Enough when
         that is the rarer outcome and its odds are `odds` times as high as overall (lower end of
         the exact interval), or when the group alone explains `information` of the outcome

An honest strong predictor ranks well but settles no large group, and seldom ranks above 0.98.
For a regression R squared takes the place of the AUROC, and there are no groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from bedside.methods.audit.separation import (
    UNDEFINED,
    Estimate,
    auroc,
    held_out_rate,
    macro_auroc,
    quantile_codes,
    r_squared,
)
from bedside.methods.audit.settled import Group, Thresholds, frequent_values, settled
from bedside.methods.audit.training import Bools, Column, Floats, Ints, Reals, Training

Reason = Literal["", "missing", "value", "group"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """What one field tells of the outcome."""

    field: str
    value: Estimate
    missing: Estimate
    group: Group | None
    reason: Reason


def strength(column: Column, training: Training, thresholds: Thresholds) -> Strength:
    """Measure one field on the patients whose outcome was observed."""
    seen = training.observed
    missing = column.missing[seen]
    values = column.values[seen]
    if training.task == "regression":
        value, absent, group = *_regression(column, training), None
        limits = (thresholds.missing_r2, thresholds.r2)
    else:
        absent = _missing(missing, training)
        value = _value(column, values, missing, training)
        group = settled(frequent_values(column, values, missing, thresholds), training, thresholds)
        limits = (thresholds.missing, thresholds.value)
    reason: Reason = ""
    if absent.low >= limits[0]:
        reason = "missing"
    elif value.low >= limits[1]:
        reason = "value"
    elif group is not None:
        reason = "group"
    return Strength(field=column.name, value=value, missing=absent, group=group, reason=reason)


def striking(strengths: list[Strength], strong: float = 0.9, ratio: float = 2.0) -> list[Strength]:
    """Fields that no rule calls a leak but that stand far above all others.

    Distance between outcomes in standard deviations, d = sqrt(2) * probit(AUROC), twice that of the
    best field below `strong`, which breast cancer's many strong measurements are not.
    """
    honest = [s for s in strengths if not s.reason and np.isfinite(s.value.low)]
    others = [_distance(s.value.value) for s in honest if s.value.value < strong]
    most = max(others, default=0.0)
    return [
        s for s in honest
        if len(others) > 1 and s.value.low >= strong and _distance(s.value.value) >= ratio * most
    ]  # fmt: skip


def _distance(value: float) -> float:
    return float(np.sqrt(2) * stats.norm.ppf(np.clip(value, 0.5, 1 - 1e-9)))


def _missing(missing: Bools, training: Training) -> Estimate:
    if not 0 < missing.sum() < len(missing):
        return UNDEFINED
    seen = training.observed
    estimates = [
        auroc(label[seen], missing.astype(np.float64), training.subject[seen]).mirrored
        for label in training.labels
        if 0 < label[seen].sum() < seen.sum()
    ]
    return max(estimates, key=lambda found: found.low, default=UNDEFINED)


def _value(
    column: Column, values: Floats, missing: Bools,
    training: Training,
) -> Estimate:  # fmt: skip
    """The better of two: rate of the value's group in the other folds, and rank of the number."""
    seen = training.observed
    subject, fold = training.subject[seen], training.fold[seen]
    labels = tuple(label[seen] for label in training.labels)
    code = _binned(column, values)
    rates = tuple(held_out_rate(code, label.astype(float), fold) for label in labels)
    found = [macro_auroc(labels, rates, subject)]
    if column.numeric is not None and len(labels) == 1 and not missing.all():
        there = ~missing
        # Ranking those who have the value says little when few have it.
        if there.mean() >= 0.5:
            found.append(auroc(labels[0][there], values[there], subject[there]).mirrored)
    defined = [estimate for estimate in found if np.isfinite(estimate.low)]
    return max(defined, key=lambda estimate: estimate.low, default=UNDEFINED)


def _regression(column: Column, training: Training) -> tuple[Estimate, Estimate]:
    seen = training.observed
    outcome, subject, fold = training.outcome[seen], training.subject[seen], training.fold[seen]
    values, missing = column.values[seen], column.missing[seen]
    if len(outcome) < 10:
        return UNDEFINED, UNDEFINED
    found = [_r2_of(_binned(column, values), outcome, fold, subject)]
    there = ~missing
    if column.numeric is not None and there.mean() >= 0.5 and np.ptp(values[there]) > 0:
        line = np.polyfit(values[there].astype(float), outcome[there], 1)
        found.append(
            r_squared(outcome[there], np.polyval(line, values[there].astype(float)), subject[there])
        )
    absent = UNDEFINED
    if 0 < missing.sum() < len(missing):
        absent = _r2_of(missing.astype(np.int64), outcome, fold, subject)
    defined = [estimate for estimate in found if np.isfinite(estimate.low)]
    return max(defined, key=lambda estimate: estimate.low, default=UNDEFINED), absent


def _r2_of(code: Ints, outcome: Reals, fold: Ints, subject: Ints) -> Estimate:
    return r_squared(outcome, held_out_rate(code, outcome, fold), subject)


def _binned(column: Column, values: Floats) -> Ints:
    if column.codes is not None:
        return np.nan_to_num(values, nan=0.0).astype(np.int64)
    return quantile_codes(values, int(np.clip(np.sqrt(len(values)) / 2, 4, 64)))
