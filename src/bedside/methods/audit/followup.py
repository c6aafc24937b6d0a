"""Does a field tell who could not be followed to the horizon?

Where follow-up ends on a calendar date, patients who came late cannot be seen without the event at
the horizon: of them only events are observed. A field that knows when they came (a year, a ward
that opened late) then tells the outcome of everyone whose outcome is known, and weighting by the
inverse probability of censoring cannot mend it, because in that group nobody is left to weight
(a violation of positivity: Robins and Finkelstein, Biometrics 2000;56:779).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from bedside.core.finding import Finding
from bedside.methods.audit.separation import Estimate, patients_in, share
from bedside.methods.audit.training import Bools, Column, Training
from bedside.methods.words import interval, joined, patients

WHY = (
    "Where nobody was followed to the horizon, only those who had the event have a known outcome. "
    "The model learns that such patients always have it, which is not so."
)
MOSTLY = 0.5
"""Lower end of the share of unobserved outcomes from which on a group counts as not followed."""
ENOUGH_EVENTS = 5
CUTS = 64
"""Places where a number is cut in two, at its quantiles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfollowed:
    """A group without a single patient seen free of the event at the horizon."""

    name: str
    unobserved: Estimate
    """Share of its patients whose outcome is unobserved."""
    events: int


def unfollowed(column: Column, training: Training, fewest: int) -> Unfollowed | None:
    """The largest such group by one value of a category, or by one side of a number."""
    if training.duration is None or training.task == "survival":
        return None
    free = training.outcome == 0
    if training.observed.all() or not free.any():
        return None
    found = [
        judged
        for name, mask in _groups(column, fewest)
        if not (mask & free).any()
        for judged in [_judged(name, mask, training, fewest)]
        if judged is not None
    ]
    return max(found, key=lambda group: group.unobserved.subjects, default=None)


def followup_findings(
    columns: Iterable[Column], training: Training, fewest: int
) -> Iterator[Finding]:
    """Kind followup: every field that tells who was not followed, or that there is none."""
    found = 0
    names = []
    for column in columns:
        names.append(column.name)
        group = unfollowed(column, training, fewest)
        if group is not None:
            found += 1
            yield _finding(column.name, group, training)
    if names and not found and training.duration is not None and training.task != "survival":
        yield Finding(
            kind="followup", state="clear", why=WHY,
            sentence="No field marks patients of whom none could be followed to the horizon.",
        )  # fmt: skip


def _groups(column: Column, fewest: int) -> Iterator[tuple[str, Bools]]:
    values, there = column.values, ~column.missing
    if column.codes is not None:
        for code in np.flatnonzero(np.bincount(column.codes) >= fewest):
            if code > 0:
                yield f"says it is {column.value_name(float(code))}", column.codes == code
        return
    if there.sum() < fewest:
        return
    cuts = np.quantile(values[there], np.linspace(0, 1, CUTS + 1)[1:], method="nearest")
    for cut in np.unique(cuts):
        yield f"is at least {cut:g}", there & (values >= cut)
        yield f"is below {cut:g}", there & (values < cut)


def _judged(name: str, mask: Bools, training: Training, fewest: int) -> Unfollowed | None:
    members = patients_in(training.subject[mask])
    if members < fewest:
        return None
    events = patients_in(training.subject[mask & (training.outcome == 1)])
    unknown = patients_in(training.subject[mask & ~training.observed])
    low, high = share(float(unknown), members)
    if low < MOSTLY or events < ENOUGH_EVENTS:
        return None
    estimate = Estimate(value=unknown / members, low=low, high=high, subjects=members)
    return Unfollowed(name=name, unobserved=estimate, events=events)


def _finding(field: str, group: Unfollowed, training: Training) -> Finding:
    seen = group.unobserved
    text = interval(seen.value, seen.low, seen.high, "share")
    return Finding(
        kind="followup", state="found", field=field,
        sentence=f"Where '{field}' {group.name}, nobody was followed to the horizon: the outcome "
        f"of {text} of {patients(seen.subjects)} is unobserved, and all {group.events:,} others "
        f"have it{training.sampled}.",
        why=WHY,
        look=f"Leave out {joined([repr(field)])} ([audit] followup = \"drop\"), or leave out these "
        "patients, or choose a shorter horizon.",
        short=f"{patients(seen.subjects)} could not be followed to the horizon",
        severity=seen.value, evidence=(training.measured("followup", seen, field),),
    )  # fmt: skip
