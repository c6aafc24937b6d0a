"""Probes: what does a part of a sample that should not matter tell of the outcome or the device?

A probe is a few numbers (of the border, of how it was acquired). Boosted trees predict from them in
five folds by patient; what they reach is what a model could reach by that part alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import (  # type: ignore[import-untyped]  # no stubs; scikit-learn brings it
    threadpool_limits,
)

from bedside.core.finding import Finding, State
from bedside.methods.audit.separation import (
    UNDEFINED,
    Bools,
    Estimate,
    Ints,
    Reals,
    macro_auroc,
    patients_in,
    r_squared,
)
from bedside.methods.audit.training import Floats, Training, evenly
from bedside.methods.words import interval, joined

MOST_ROWS = 8_000
NAMED = 4
"""Parts that a sentence names, the most telling ones."""
FEWEST = 50
FEWEST_PATIENTS = 10
"""Patients of each class, at least."""
TELLING = 0.7
"""Lower end of the AUROC from which on a part that should not matter is a finding."""
TELLING_R2 = 0.2
WHY = (
    "A model can learn how a sample was acquired instead of what is in it. It then fails where "
    "images are taken in another way."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Numbers of one part of N samples."""

    name: str
    """As in a sentence: `the border alone`."""
    slice: str
    """As evidence names it: `border`."""
    values: Floats
    """[N, P], NaN where missing."""
    harmless: bool = False
    """The disease itself may change it, so that it is told but is no finding."""


def held_out_chances(values: Floats, label: Ints, fold: Ints, seed: int) -> Reals:
    """[N, K] probabilities of classes 0 to K - 1 from trees fitted on the other folds."""
    classes = int(label.max()) + 1
    chances = np.full((len(values), classes), 1.0 / classes)
    for one in np.unique(fold):
        train, rest = fold != one, fold == one
        trees = HistGradientBoostingClassifier(
            max_iter=40, learning_rate=0.15, max_leaf_nodes=8, max_bins=64,
            min_samples_leaf=20, early_stopping=False, random_state=seed,
        )  # fmt: skip
        if len(np.unique(label[train])) < 2:
            continue
        # Threads that wait for a busy core spin; so small a forest is quicker with one.
        with threadpool_limits(1):
            trees.fit(values[train], label[train])
            chances[np.ix_(rest, trees.classes_)] = trees.predict_proba(values[rest])
        missing = np.setdiff1d(np.arange(classes), trees.classes_)
        chances[np.ix_(rest, missing)] = 0.0
    return chances


def tells(values: Floats, label: Ints, subject: Ints, fold: Ints, *, seed: int) -> Estimate:
    """AUROC (mean over classes) by patient of trees that did not see the patient.

    Undefined with fewer than 50 samples, two classes, or ten patients of a class.
    """
    kinds, code = np.unique(label, return_inverse=True)
    classes = tuple(code == k for k in range(len(kinds)))
    if len(values) < FEWEST or len(kinds) < 2:
        return UNDEFINED
    if min(patients_in(subject[one]) for one in classes) < FEWEST_PATIENTS:
        return UNDEFINED
    chances = held_out_chances(values, code.astype(np.int64), fold, seed)
    return macro_auroc(classes, tuple(chances.T), subject)


def tells_outcome(values: Floats, training: Training) -> Estimate:
    """The same of the outcome of training patients; R squared for a regression."""
    rows = np.flatnonzero(training.observed)
    rows = rows[evenly(len(rows), MOST_ROWS)]
    subject, fold = training.subject[rows], training.fold[rows]
    if training.task == "regression":
        if len(rows) < FEWEST:
            return UNDEFINED
        outcome = training.outcome[rows]
        return r_squared(outcome, _regressed(values[rows], outcome, fold, training.seed), subject)
    if training.task not in ("binary", "multiclass"):
        return UNDEFINED
    label = training.outcome[rows].astype(np.int64)
    return tells(values[rows], label, subject, fold, seed=training.seed)


def _regressed(values: Floats, outcome: Reals, fold: Ints, seed: int) -> Reals:
    found = np.full(len(values), outcome.mean())
    for one in np.unique(fold):
        train, rest = fold != one, fold == one
        trees = HistGradientBoostingRegressor(
            max_iter=40, learning_rate=0.15, max_leaf_nodes=8, max_bins=64,
            min_samples_leaf=20, early_stopping=False, random_state=seed,
        )  # fmt: skip
        if train.any() and rest.any():
            with threadpool_limits(1):
                trees.fit(values[train], outcome[train])
                found[rest] = trees.predict(values[rest])
    return found


def acquisition_finding(probes: list[Probe], training: Training, noun: str) -> Finding | None:
    """Kind acquisition: which parts tell the outcome; None where samples have no one label."""
    if training.task not in ("binary", "multiclass", "regression"):
        return None
    measured = [(probe, tells_outcome(probe.values, training)) for probe in probes]
    measured = [(probe, told) for probe, told in measured if np.isfinite(told.value)]
    if not measured:
        text = f"Whether the way {noun}s were acquired tells the outcome cannot be said of so few."
        return Finding(kind="acquisition", state="unknown", sentence=text, why=WHY)
    limit = TELLING_R2 if training.task == "regression" else TELLING
    measured.sort(key=lambda pair: -pair[1].value)
    guilty = [(p, told) for p, told in measured if told.low >= limit and not p.harmless]
    others = [(p, told) for p, told in measured if p.harmless]
    told = guilty or [(p, told) for p, told in measured if not p.harmless]
    state = verdict_of([estimate for _, estimate in told], limit)
    return Finding(
        kind="acquisition", state=state, why=WHY,
        sentence=_sentence(told, others, training, state),
        short=f"{guilty[0][0].name} tells the outcome" if guilty else "",
        look=_LOOK if guilty else "", severity=guilty[0][1].value if guilty else 0.0,
        evidence=tuple(training.measured("acquisition", told, p.slice) for p, told in measured),
    )  # fmt: skip


_LOOK = (
    "Were cases and others imaged elsewhere, on another device, at another age, or cut out "
    "differently? Compare the model with these numbers: what it reaches beyond them is of the "
    "disease. Hold a site or device apart as external data."
)
Measured = list[tuple[Probe, Estimate]]


def verdict_of(told: list[Estimate], limit: float) -> State:
    """Found where a lower end reaches the limit, clear where every upper end is below it."""
    if any(estimate.low >= limit for estimate in told):
        return "found"
    return "clear" if all(estimate.high < limit for estimate in told) else "unknown"


_START: dict[State, str] = {
    "found": "What should not matter tells the outcome",
    "clear": "What should not matter tells little of the outcome",
    "unknown": "What should not matter may tell the outcome, or not",
}


def _sentence(told: Measured, others: Measured, training: Training, state: State) -> str:
    unit = "R²" if training.task == "regression" else "AUROC"
    parts = joined([f"{p.name} ({unit} {_words(e)})" for p, e in told[:NAMED]])
    text = f"{_START[state]}: {parts}"
    if others:
        parts = joined([f"{p.name} ({_words(e)})" for p, e in others])
        text += f". What the disease itself may change, for comparison: {parts}"
    return f"{text}{training.sampled}."


def _words(estimate: Estimate) -> str:
    return interval(estimate.value, estimate.low, estimate.high)


def shortcut_probes(
    probes: list[Probe], named: Mapping[str, Ints], training: Training, noun: str
) -> list[Finding]:
    """Kind shortcut: of each named grouping (site, device) whether parts of the sample tell it.

    `named`: codes [N] by name, below 0 where not known or too rare.
    """
    found = []
    for name, code in named.items():
        rows = np.flatnonzero(code >= 0)
        rows = rows[evenly(len(rows), MOST_ROWS)]
        given = (training.subject[rows], training.fold[rows])
        pairs = [(p, tells(p.values[rows], code[rows], *given, seed=training.seed)) for p in probes]
        pairs = [(p, told) for p, told in pairs if np.isfinite(told.value)]
        if pairs:
            found.append(_shortcut(name, pairs, training, noun))
    return found


def _shortcut(name: str, pairs: Measured, training: Training, noun: str) -> Finding:
    pairs = sorted(pairs, key=lambda pair: -pair[1].value)
    strong = [(p, told) for p, told in pairs if told.low >= TELLING]
    parts = joined([f"{p.name} (AUROC {_words(e)})" for p, e in strong or pairs[:1]])
    state = verdict_of([told for _, told in pairs], TELLING)
    verb = {"found": "tells", "clear": "hardly tells", "unknown": "may or may not tell"}[state]
    start = f"The {noun} {verb} the {name}"
    return Finding(
        kind="shortcut", state=state, short=f"the {noun} tells the {name}",
        sentence=f"{start}: {parts}{training.sampled}.", severity=pairs[0][1].value, why=(
            f"A model that knows the {name} can read off how often the outcome occurs there. It "
            f"then fails at the next {name}."
        ),
        look=f"Compare the outcome between them, and hold one {name} apart as external data."
        if strong else "",
        evidence=tuple(
            training.measured("shortcut", told, f"{p.slice} & tells={name}") for p, told in pairs
        ),
    )  # fmt: skip


def groups_of(values: list[str | None], subject: Ints) -> tuple[Ints, Bools]:
    """[N] codes of the values that at least ten patients have, -1 elsewhere; and where any is."""
    known = np.array([value is not None for value in values], bool)
    code = np.full(len(values), -1, np.int64)
    names = np.array([value or "" for value in values])
    for at, name in enumerate(np.unique(names[known])):
        mine = known & (names == name)
        if patients_in(subject[mine]) >= FEWEST_PATIENTS:
            code[mine] = at
    return code, known
