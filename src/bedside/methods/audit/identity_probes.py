"""Can a model see who the patient is? Among samples of one class, does it show whose they are?

Where healthy patients have one class only, a model that tells their samples from the same class of
other patients can be right for the wrong reason.
"""

from __future__ import annotations

import numpy as np

from bedside.core.finding import Finding, State
from bedside.methods.audit.identity import LOOK, WHY, identity
from bedside.methods.audit.probes import MOST_ROWS, Measured, Probe, tells, verdict_of
from bedside.methods.audit.training import Bools, Ints, Training, evenly
from bedside.methods.words import interval, joined, patients

LIMIT = 0.65
"""AUROC of a part of a sample, for whose it is, from which on it is a finding."""


def seen_identity_finding(probes: list[Probe], training: Training, noun: str) -> Finding | None:
    """Kind identity, of probes; None where there are too few patients of one class only."""
    found = identity(training)
    if found is None or not found.one_class or found.of_the_patient:
        return None
    kind = max(found.one_class, key=lambda k: found.one_class[k])
    rows = np.flatnonzero(training.outcome == kind)
    rows = rows[evenly(len(rows), MOST_ROWS)]
    single = single_class(training)[rows].astype(np.int64)
    given = (training.subject[rows], training.fold[rows])
    told = [(p, tells(p.values[rows], single, *given, seed=training.seed)) for p in probes]
    told = sorted([pair for pair in told if np.isfinite(pair[1].value)], key=lambda p: -p[1].value)
    if not told:
        return None
    strong = [(probe, value) for probe, value in told if value.low >= LIMIT]
    state = verdict_of([value for _, value in told], LIMIT)
    of = f"outcome={training.classes[kind]}"
    return Finding(
        kind="identity", state=state, why=WHY, look=LOOK if strong else "",
        sentence=_sentence(strong or told[:1], training, kind, noun, state),
        severity=told[0][1].value - 0.5, short=f"the {noun} shows whose it is",
        evidence=tuple(
            training.measured("identity", value, f"{probe.slice} & {of}")
            for probe, value in told
        ),
    )  # fmt: skip


def single_class(training: Training) -> Bools:
    """[N] rows of patients whose observed outcomes are all the same."""
    seen = training.observed
    low = np.full(training.size, np.inf)
    high = np.full(training.size, -np.inf)
    np.minimum.at(low, training.subject[seen], training.outcome[seen])
    np.maximum.at(high, training.subject[seen], training.outcome[seen])
    single: Bools = (low == high)[training.subject]
    return single


_VERBS: dict[State, str] = {
    "found": "can be seen", "clear": "can hardly be seen", "unknown": "may be seen or not"
}  # fmt: skip


def _sentence(told: Measured, training: Training, kind: int, noun: str, state: State) -> str:
    parts = joined([
        f"{probe.name} (AUROC {interval(value.value, value.low, value.high)})"
        for probe, value in told
    ])  # fmt: skip
    people: Ints = np.unique(training.subject[training.outcome == kind])
    return (
        f"Whether {noun}s {training.said(kind)} come from a patient who has no others "
        f"{_VERBS[state]}, though all are of one class: {parts}, in "
        f"{patients(len(people))}{training.sampled}."
    )
