"""A multi-label question before the same patients: each label as a binary question, then the means.

Every model is measured on every label, and against the simple one. What the models are compared by
is the mean over labels, taken resample by resample, so that its interval is by patient and the
comparison paired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bedside.core.spec import Plain
from bedside.methods.evaluation.comparison import Measured
from bedside.methods.evaluation.judged import Said, Trial
from bedside.methods.evaluation.race import Race, judge_race, record_race
from bedside.methods.evaluation.record import Record
from bedside.methods.evaluation.released import Beside, judge_released
from bedside.methods.evaluation.truth import MACRO, Truth
from bedside.methods.intervals import Resamples, estimate
from bedside.methods.measures import proportion


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTrial:
    """The patients of one split with their labels, and where the numbers go."""

    labels: tuple[str, ...]
    truth: Truth
    """Of the multi-label task."""
    resamples: Resamples
    record: Record


def judge_label_race(
    race: Race, said: Mapping[str, Sequence[Said]], trial: LabelTrial
) -> dict[str, Measured]:
    """Evidence on every model for each label and for their mean; the means come back.

    `said` holds of each model one `Said` a label.
    """
    found = [
        judge_race(
            race, [of_labels[k] for of_labels in said.values()], trial.truth.label(k),
            trial.resamples, trial.record.of_label(label),
        )
        for k, label in enumerate(trial.labels)
    ]  # fmt: skip
    means = {name: mean_of([of_label[name] for of_label in found]) for name in said}
    record_race(race, means, trial.record, patients=trial.truth.patients())
    return means


def mean_of(labels: Sequence[Measured]) -> Measured:
    """`macro_` measures of one model: the mean over labels, on each resample of the patients.

    Undefined where one label's is: a mean over fewer labels would be another measure.
    """
    names = [name for name in MACRO if any(name in one.points for one in labels)]
    nothing = np.full(len(next(iter(labels[0].replicates.values()))), np.nan)
    return Measured(
        points={
            f"macro_{name}": float(np.mean([one.points.get(name, np.nan) for one in labels]))
            for name in names
        },
        replicates={
            f"macro_{name}": np.mean([one.replicates.get(name, nothing) for one in labels], axis=0)
            for name in names
        },
        level=labels[0].level,
    )  # fmt: skip


def judge_labels(said: Sequence[Said], trial: LabelTrial, beside: Beside) -> dict[str, Plain]:
    """Evidence on the released model for each label; `labels` holds the curves by label."""
    curves: dict[str, Plain] = {}
    for k, label in enumerate(trial.labels):
        one = Trial(
            truth=trial.truth.label(k), said=said[k], resamples=trial.resamples,
            record=trial.record.of_label(label),
        )  # fmt: skip
        curves[label] = dict(judge_released(one, beside))
    _silent_altogether(said, trial)
    return {"labels": curves}


def _silent_altogether(said: Sequence[Said], trial: LabelTrial) -> None:
    """How often nothing is said of any label."""
    silent = np.logical_and.reduce([one.decisions.abstain for one in said]).astype(np.float64)
    rate = estimate(
        lambda weights: {"abstention_rate": proportion(silent, weights)}, trial.resamples,
        trial.record.level,
    )  # fmt: skip
    patients = len(np.unique(trial.truth.subjects))
    trial.record.add_all(rate, subjects=patients, model=said[0].name)
