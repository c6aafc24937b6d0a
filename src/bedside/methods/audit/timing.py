"""Was a value written after the prediction time? Two traces that later knowledge leaves behind.

bounded   a number never exceeds the time to the event (a length of stay, the day of an order), far
          more often than if both were independent: it was still running when the event came
survived  nobody in a group (those with a value, say) has an early event, though others do: to get
          into the group one had to live that long (immortal time)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bedside.methods.audit.separation import Estimate, patients_in, share
from bedside.methods.audit.training import Bools, Column, Ints, Reals, Training

FEWEST_EVENTS = 50
NEARLY_ALL = 0.995
"""Share of patients with an event whose value must not exceed the time to it."""
MOST_EXPECTED = 0.95
"""When so many would be within by chance, being within says nothing."""
EARLY = 0.05
"""Share of the others who must have had their event before the group's first follow-up ends."""
STRONG = 0.2
"""From this share on the group gives the outcome away; below, it is only suspect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How often a number is within the time to the event, how often by chance, how often equal."""

    within: Estimate
    expected: float
    equal: float

    @property
    def found(self) -> bool:
        """Within in nearly all, where chance would leave many beyond."""
        enough = self.within.subjects >= FEWEST_EVENTS and self.within.value >= NEARLY_ALL
        return enough and self.within.low > self.expected and self.expected <= MOST_EXPECTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Survived:
    """A group without early events: until when, and how many of the others had one by then."""

    name: str
    until: float
    others: Estimate
    subjects: int

    @property
    def strong(self) -> bool:
        """Whether so many of the others had their event that the group is a matter of surviving."""
        return self.others.low >= STRONG


def bounded(column: Column, training: Training) -> Bound | None:
    """A numeric field against the time to the event, among patients who had it."""
    if training.duration is None or training.event is None or column.numeric is None:
        return None
    # A negative value is a time before the prediction, or no time at all.
    rows = training.event & (column.values >= 0) & np.isfinite(training.duration)
    values, duration = column.values[rows].astype(np.float64), training.duration[rows]
    subjects = patients_in(training.subject[rows])
    # A field of a few values (a mark, a stage) is not a time.
    if subjects < FEWEST_EVENTS or len(np.unique(values)) < 10:
        return None
    inside = values <= duration * (1 + 1e-6)
    per_subject = _worst(inside, training.subject[rows])
    low, high = share(float(per_subject.sum()), subjects)
    ordered = np.sort(duration)
    reached = np.searchsorted(ordered, values / (1 + 1e-6), "left")
    return Bound(
        within=Estimate(value=float(per_subject.mean()), low=low, high=high, subjects=subjects),
        expected=float(1 - reached.mean() / len(ordered)),
        equal=float((np.abs(values - duration) <= 1e-6 * (1 + duration)).mean()),
    )


def survived(column: Column, training: Training, fewest: int) -> Survived | None:
    """The group, by presence or by category, whom early events spared altogether."""
    if training.duration is None or training.event is None:
        return None
    known = np.isfinite(training.duration)
    found: list[Survived] = []
    for name, mask in _groups(column, fewest):
        group = _spared(name, mask & known, ~mask & known, training, fewest)
        if group is not None:
            found.append(group)
    return max(found, key=lambda group: group.others.low, default=None)


def _groups(column: Column, fewest: int) -> list[tuple[str, Bools]]:
    missing = column.missing
    groups = [("it is filled in", ~missing), ("it is missing", missing)]
    if column.codes is not None:
        counts = np.bincount(column.codes)
        groups += [
            (f"it is {column.value_name(code)}", column.codes == code)
            for code in np.flatnonzero(counts >= fewest)[:100]
            if code > 0
        ]
    return [(name, mask) for name, mask in groups if fewest <= mask.sum() < len(mask)]


def _spared(
    name: str, mask: Bools, others: Bools, training: Training, fewest: int
) -> Survived | None:
    duration, event = training.duration, training.event
    if duration is None or event is None or not others.any():
        return None
    subjects = patients_in(training.subject[mask])
    if subjects < fewest:
        return None
    until = float(np.quantile(duration[mask], 0.005))
    early = event & (duration < until)
    members = float(early[mask].mean())
    rest = _worst(~early[others], training.subject[others])
    count = float((1 - rest).sum())
    low, high = share(count, len(rest))
    # The group's follow-up begins at once for somebody unless something kept the early ones out:
    # censoring early must be as rare in it as early events, while others are lost or die early.
    sharp = _begins_late(duration[mask], until, training.horizon)
    if members > 0.005 or low < EARLY or subjects * low < 20 or not sharp:
        return None
    estimate = Estimate(value=count / len(rest), low=low, high=high, subjects=len(rest))
    return Survived(name=name, until=until, others=estimate, subjects=subjects)


def _begins_late(duration: Reals, until: float, horizon: float | None) -> bool:
    """Whether follow-up in the group starts to end right at `until`, not only at the study's end.

    A group at low risk is followed to the administrative end as well; those who had to live until
    `until` to get in leave at once after it. So some of it must end in the first half of what is
    left to the horizon.
    """
    end = horizon if horizon is not None else float(duration.max())
    if until >= 0.5 * end:
        return False
    return float((duration <= until + 0.5 * (end - until)).mean()) >= 0.05


def _worst(inside: Bools, subject: Ints) -> Reals:
    """[patients] 1 where all of a patient's rows are inside."""
    codes = np.unique(subject, return_inverse=True)[1]
    outside = np.bincount(codes, weights=~inside)
    return np.asarray(outside == 0, np.float64)
