"""For whom a model works: subgroups, their intersections, and how far each is from the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from bedside.core.spec import Plain
from bedside.methods.evaluation.judged import Trial
from bedside.methods.evaluation.silence import conformal_measure, silence_measure
from bedside.methods.evaluation.truth import Truth, measure_of
from bedside.methods.intervals import Interval, estimate
from bedside.methods.measures import (
    FloatArray,
    IntArray,
    Measure,
    mean,
    operating_measure,
    primary,
    together,
)

GAPS = ("sensitivity", "specificity", "ppv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Least:
    """How many it takes to say something about a subgroup."""

    subjects: int = 50
    events: int = 10
    """Patients with the rarer outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgroup:
    """Rows that share a trait, or two."""

    label: str
    """`sex=F`, `sex=F & age=[65, 80)`."""
    rows: IntArray
    subjects: int
    events: int | None
    """Patients with the rarest outcome; None for a regression."""
    single: bool

    def enough(self, least: Least) -> bool:
        """Whether there are enough to measure."""
        events = self.events is None or self.events >= least.events
        return self.subjects >= least.subjects and events

    def record(self) -> dict[str, Plain]:
        """Who they are and how many."""
        return {"slice": self.label, "subjects": self.subjects, "events": self.events}


def subgroups(columns: Mapping[str, Sequence[str | None]], truth: Truth) -> list[Subgroup]:
    """Every value of every column, then every pair of values of two columns that somebody has.

    A row without a value is in no subgroup of that column.
    """
    values = {name: np.array(column, dtype=object) for name, column in columns.items()}
    single = {
        name: {
            str(value): np.flatnonzero(column == value)
            for value in sorted({str(item) for item in column if item is not None})
        }
        for name, column in values.items()
    }
    found = [
        _subgroup(f"{name}={value}", rows, truth, single=True)
        for name, of_column in single.items()
        for value, rows in of_column.items()
    ]
    for one, other in combinations(single, 2):
        for (value, rows), (with_, others) in product(single[one].items(), single[other].items()):
            both = np.intersect1d(rows, others)
            if len(both):
                label = f"{one}={value} & {other}={with_}"
                found.append(_subgroup(label, both, truth, single=False))
    return found


def _subgroup(label: str, rows: IntArray, truth: Truth, *, single: bool) -> Subgroup:
    return Subgroup(
        label=label, rows=rows, subjects=truth.patients(rows), events=truth.rarest(rows),
        single=single,
    )  # fmt: skip


def judge_subgroups(trial: Trial, groups: Sequence[Subgroup], least: Least) -> dict[str, Plain]:
    """Evidence on every subgroup that is large enough; the others are named.

    A subgroup that is too small gets the primary measure without a value, so that a requirement on
    it is unknown, and not forgotten.
    """
    measured: list[Plain] = []
    too_small: list[Plain] = []
    for group in groups:
        if not group.enough(least):
            too_small.append(group.record())
            nothing: Interval = (float("nan"),) * 3
            _add(trial, group, {primary(trial.truth.task).measure: nothing})
            continue
        measured.append(group.record())
        _add(trial, group, _judged(trial, group))
        if group.single and trial.risks:
            _add(trial, group, _gaps(trial, group))
    return {"measured": measured, "too_small": too_small}


def _add(trial: Trial, group: Subgroup, found: Mapping[str, Interval]) -> None:
    trial.record.add_all(found, subjects=group.subjects, model=trial.said.name, slice_=group.label)


def _judged(trial: Trial, group: Subgroup) -> dict[str, Interval]:
    rows, said = group.rows, trial.said
    within = trial.within(rows)
    parts = [
        measure_of(within.truth, within.said.values, said.edges),
        conformal_measure(within),
        silence_measure(within),
    ]
    if within.risks and said.policy.threshold is not None:
        parts.append(_operating(within))
    return estimate(together(*parts), within.resamples, trial.level)


def _operating(trial: Trial) -> Measure:
    """At the threshold, for weights of all rows of the trial."""
    rows, y, p, counts = trial.known()
    prepared = operating_measure(y, p, trial.said.policy.threshold or 0.0, counts)
    return lambda weights: prepared(weights.take(rows, axis=1))


def _gaps(trial: Trial, group: Subgroup) -> dict[str, Interval]:
    """This subgroup minus all other patients, paired."""
    rest = np.setdiff1d(np.arange(len(trial.truth)), group.rows)
    inside, outside = trial.within(group.rows), trial.within(rest)
    if not (inside.risks and outside.risks):
        return {}
    measures = [_error(inside), _error(outside)]
    if trial.said.policy.threshold is not None:
        measures = [together(_operating(inside), measures[0]),
                    together(_operating(outside), measures[1])]  # fmt: skip

    def gap(weights: FloatArray) -> dict[str, FloatArray]:
        here = measures[0](weights.take(group.rows, axis=1))
        there = measures[1](weights.take(rest, axis=1))
        names = [name for name in (*GAPS, "observed_minus_predicted") if name in here]
        return {f"gap.{name}": here[name] - there[name] for name in names}

    return estimate(gap, trial.resamples, trial.level)


def _error(trial: Trial) -> Measure:
    rows, y, p, counts = trial.known()

    def measure(weights: FloatArray) -> dict[str, FloatArray]:
        weighed = weights.take(rows, axis=1) * counts
        return {"observed_minus_predicted": mean(y - p, weighed)}

    return measure
