"""Findings on leaks: each field measured, the too good ones named, all measured ones passed on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bedside.core.evidence import Evidence
from bedside.core.finding import Finding
from bedside.methods.audit.company import followers
from bedside.methods.audit.leaks import Strength, strength, striking
from bedside.methods.audit.separation import Estimate
from bedside.methods.audit.settled import MISSING_NAME, PRESENT_NAME, Thresholds
from bedside.methods.audit.timing import Bound, Survived, bounded, survived
from bedside.methods.audit.training import Column, Training
from bedside.methods.words import interval, joined, number, patients, percent

LEAK = (
    "A value that is written because of the outcome, or after it, makes every model look good here "
    "and useless for the next patient, for whom it is not yet known."
)
TIME = (
    "Only those who live long enough can have this value, so it tells how long they lived; at the "
    "time of the prediction nobody has it."
)
MISSING = (
    "A test that is not ordered says something of the patient. Such a model learns habits of "
    "charting, which differ between hospitals and change."
)
TELLING = 0.55
"""Lower end of the AUROC of being missing from which on it is worth a word."""
ASK = (
    'Ask when it becomes known. Not before the prediction: set role = "ignore" in [columns."{0}"], '
    'or [audit] {1} = "drop". Honestly known by then: [audit] allow = ["{0}"].'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One field with all that was measured of it."""

    column: Column
    strength: Strength
    bound: Bound | None
    survived: Survived | None

    @property
    def timed(self) -> bool:
        """Whether it shows that one had to live to have it."""
        return bool(self.bound and self.bound.found) or bool(self.survived and self.survived.strong)

    @property
    def found(self) -> bool:
        """Whether it is a leak of either kind."""
        return bool(self.strength.reason) or self.timed


def leak_findings(
    columns: Iterable[Column], training: Training, thresholds: Thresholds
) -> list[Finding]:
    """Kinds leak, leak_time and suspect: every field that was found, and a word on the rest."""
    if np.unique(training.outcome[training.observed]).size < 2:
        return [_unmeasurable()]
    fewest = int(max(thresholds.fewest, thresholds.fewest_share * training.size))
    measured = [
        Measured(
            column=column, strength=strength(column, training, thresholds),
            bound=bounded(column, training), survived=survived(column, training, fewest),
        )
        for column in columns
    ]  # fmt: skip
    leaks = [_leak(one, training) for one in measured if one.strength.reason]
    times = [_time(one, training) for one in measured if one.timed and not one.strength.reason]
    return [
        *leaks, *times, *_suspects(measured, training), *_informative(measured, training),
        *_clear(measured, training, leaks, times),
    ]  # fmt: skip


def _unmeasurable() -> Finding:
    return Finding(
        kind="leak", state="unknown", why=LEAK,
        sentence="Whether a field gives the outcome away cannot be said: the training patients "
        "whose outcome was observed all have the same one.",
    )  # fmt: skip


def _leak(one: Measured, training: Training) -> Finding:
    found, name = one.strength, one.column.name
    unit = "R²" if training.task == "regression" else "AUROC"
    estimate = found.missing if found.reason == "missing" else found.value
    text = f"{unit} {interval(estimate.value, estimate.low, estimate.high)}"
    short = f"{unit} {number(estimate.value)}"
    group = found.group
    if found.reason == "missing":
        text = f"whether '{name}' is filled in gives the outcome away: {text}"
        short += " by its pattern of missingness"
    elif found.reason == "value":
        text = f"'{name}' alone gives the outcome away: {text}"
    elif group is not None:
        share = interval(group.purity.value, group.purity.low, group.purity.high, "share")
        text = (
            f"one group settles the outcome: where '{name}' says {group.name}, {share} of "
            f"{patients(group.purity.subjects)} {_whose(group.label, training)}"
        )
        who = "its absence" if group.name == MISSING_NAME else "one group"
        who = "its presence" if group.name == PRESENT_NAME else who
        short = f"{who} settles the outcome of {patients(group.purity.subjects)}"
    return Finding(
        kind="leak", state="found", field=name, sentence=f"{text[0].upper()}{text[1:]}"
        f"{training.sampled}.", why=LEAK, look=ASK.format(name, "leak"), short=short,
        severity=max(estimate.value, group.purity.value if group else 0.0),
        evidence=_evidence(one, training),
    )  # fmt: skip


def _whose(label: int, training: Training) -> str:
    if training.task == "multiclass" or (len(training.classes) == 2 and training.horizon is None):
        return f"have the outcome '{training.classes[label]}'"
    return "have the outcome" if label else "do not have the outcome"


def _time(one: Measured, training: Training) -> Finding:
    name, bound, spared = one.column.name, one.bound, one.survived
    if bound is not None and bound.found:
        within = interval(bound.within.value, bound.within.low, bound.within.high, "share")
        text = (
            f"'{name}' never runs beyond the event: it is at most the time to it in {within} of "
            f"{patients(bound.within.subjects)}, where {percent(bound.expected)} were expected by "
            f"chance, and equal to it in {percent(bound.equal)}"
        )
        short = "it ends with the event"
    else:
        text, short = _spared(name, spared), "only those who survived have it"
    return Finding(
        kind="leak_time", state="found", field=name,
        sentence=f"{text[0].upper()}{text[1:]}{training.sampled}.", why=TIME,
        look=ASK.format(name, "leak_time"), short=short, severity=one.strength.value.value,
        evidence=_evidence(one, training),
    )  # fmt: skip


def _spared(name: str, spared: Survived | None) -> str:
    if spared is None:
        return f"'{name}' follows the time to the event"
    others = spared.others
    share = interval(others.value, others.low, others.high, "share")
    return (
        f"of {patients(spared.subjects)} of whom '{name}' says {spared.name} almost nobody has the "
        f"event before time {number(spared.until)}, yet {share} of the others do"
    )


def _suspects(measured: Sequence[Measured], training: Training) -> list[Finding]:
    """No proof, but a trace: far above all others, spared from early events, or in company."""
    rest = [one for one in measured if not one.found]
    text: dict[str, list[str]] = {}
    extra: dict[str, list[Evidence]] = {}
    outstanding = {found.field for found in striking([one.strength for one in measured])}
    for one in rest:
        if one.column.name in outstanding:
            text[one.column.name] = [_alone(one.strength.value, training)]
        if one.survived is not None:
            text.setdefault(one.column.name, []).append(_spared(one.column.name, one.survived))
    pairs = followers([o.column for o in measured if o.found], [o.column for o in rest])
    for other, leader, close in pairs:
        words = interval(close.value, close.low, close.high)
        text.setdefault(other.name, []).append(
            f"it follows '{leader.name}', which was found above (rank correlation {words})"
        )
        extra[other.name] = [training.measured("company", close, other.name)]
    return [
        _suspect(one, text[one.column.name], training, extra.get(one.column.name, []))
        for one in rest
        if one.column.name in text
    ]


def _alone(value: Estimate, training: Training) -> str:
    unit = "R²" if training.task == "regression" else "AUROC"
    words = interval(value.value, value.low, value.high)
    return f"it does more than twice as well as any other field ({unit} {words})"


def _suspect(one: Measured, text: list[str], training: Training, extra: list[Evidence]) -> Finding:
    name = one.column.name
    return Finding(
        kind="suspect", state="found", field=name,
        sentence=f"'{name}' may hold later knowledge: {'; '.join(text)}{training.sampled}.",
        why="It may be an honest predictor. It may also be written after the prediction, and then "
        "the model will miss it at the bedside.",
        look=ASK.format(name, "suspect"), short="may hold later knowledge",
        severity=one.strength.value.value, evidence=(*_evidence(one, training), *extra),
    )  # fmt: skip


def _evidence(one: Measured, training: Training) -> tuple[Evidence, ...]:
    name, found = one.column.name, one.strength
    evidence = [training.measured("leak", found.value, name)]
    if found.missing.subjects:
        evidence.append(training.measured("leak_missing", found.missing, name))
    if found.group is not None:
        evidence.append(training.measured("leak_group", found.group.purity, name))
    if one.bound is not None and one.bound.found:
        evidence.append(training.measured("leak_time", one.bound.within, name))
    if one.survived is not None:
        evidence.append(training.measured("survived", one.survived.others, name))
    return tuple(evidence)


def _clear(
    measured: Sequence[Measured], training: Training, leaks: list[Finding], times: list[Finding]
) -> list[Finding]:
    """The checks that were passed, with what was measured of every field that was not found."""
    rest = [one for one in measured if not one.found]
    best = max(
        (one for one in rest if np.isfinite(one.strength.value.value)),
        key=lambda one: one.strength.value.value, default=None,
    )  # fmt: skip
    findings = []
    others = "other " if leaks else ""
    if best is not None:
        value = best.strength.value
        unit = "R²" if training.task == "regression" else "AUROC"
        findings.append(Finding(
            kind="leak", state="clear", why=LEAK,
            sentence=f"None of the {len(rest)} {others}fields gives the outcome away; the "
            f"strongest is '{best.column.name}' ({unit} "
            f"{interval(value.value, value.low, value.high)}){training.sampled}.",
            evidence=tuple(item for one in rest for item in _evidence(one, training)),
        ))  # fmt: skip
    if training.duration is not None and not times:
        findings.append(Finding(
            kind="leak_time", state="clear", why=TIME,
            sentence="No field is bounded by the time to the event, and none is reserved for those "
            "who survived.",
        ))  # fmt: skip
    return findings


def _informative(measured: Sequence[Measured], training: Training) -> list[Finding]:
    """Fields of which it matters whether they were measured at all; those found are left out."""
    telling = [
        one for one in measured if not one.found and one.strength.missing.low > TELLING
    ]  # fmt: skip
    if not telling:
        return [Finding(
            kind="missing", state="clear", why=MISSING,
            sentence="Whether a value is missing tells little of the outcome.",
        )]  # fmt: skip
    telling.sort(key=lambda one: -one.strength.missing.value)
    words = [f"'{one.column.name}' ({number(one.strength.missing.value)})" for one in telling]
    return [Finding(
        kind="missing", state="found", why=MISSING,
        sentence=f"Whether a value is missing goes with the outcome (AUROC) for {joined(words)}.",
        look="The models are told which values are missing. Check that they are missing for the "
        "same reasons where the model will be used.",
        short=f"{len(telling)} fields are not missing at random",
        severity=telling[0].strength.missing.value,
        evidence=tuple(
            training.measured("leak_missing", one.strength.missing, one.column.name)
            for one in telling
        ),
    )]  # fmt: skip
