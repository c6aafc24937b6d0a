"""The outcome itself: how often by site and by year, how often not observed, whether enough."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bedside.core.dataset import Field
from bedside.core.evidence import Evidence, finite
from bedside.core.finding import Finding
from bedside.methods.audit.separation import Estimate, Z, patients_in, share
from bedside.methods.audit.training import Bools, Training
from bedside.methods.samplesize import Anticipated, required
from bedside.methods.words import count, joined, number, patients, percent

FEWEST = 20
MOST_UNOBSERVED = 0.1
WHY_UNOBSERVED = (
    "A patient who was lost before the horizon is neither a case nor free of the outcome. Counting "
    "such patients as negatives makes risks too low; leaving them out makes them too high."
)
WHY_NOT_READ = (
    "A sample in which nobody looked for the outcome is neither positive nor negative. If those "
    "that were looked at differ from the others, model and measures hold for the former alone."
)
WHY_PREVALENCE = (
    "Where the outcome is more frequent at one site or in one year, a model can learn the site or "
    "the year instead of the patient, and its risks will be off elsewhere."
)
WHY_SIZE = "With too few patients a model learns accidents: it looks good here and fails elsewhere."


def prevalence_findings(
    training: Training, strata: Mapping[str, NDArray[np.str_]]
) -> list[Finding]:
    """By each stratum (`site`, `time`): the outcome's share or mean, and whether it differs."""
    overall = _outcome_of(training, training.observed, "all")
    findings = [
        _heterogeneity(training, name, labels)
        for name, labels in strata.items()
        if len(np.unique(labels)) > 1
    ]
    if not findings:
        text = "There is one site and one period only" if strata else "No site and no time is given"
        sentence = f"{text}, so whether the outcome differs between them cannot be said."
        findings = [
            Finding(kind="prevalence", state="unknown", sentence=sentence, why=WHY_PREVALENCE)
        ]
    first = findings[0]
    extended = Finding(
        kind=first.kind, state=first.state, sentence=first.sentence, why=first.why,
        look=first.look, short=first.short, severity=first.severity,
        evidence=(*overall, *first.evidence),
    )  # fmt: skip
    return [extended, *findings[1:]]


def _heterogeneity(training: Training, name: str, labels: NDArray[np.str_]) -> Finding:
    seen = training.observed
    names, code = np.unique(labels[seen], return_inverse=True)
    evidence = tuple(
        item
        for at, stratum in enumerate(names)
        for item in _outcome_of(training, _rows(seen, code == at), f"{name}={stratum}")
        if item.subjects >= FEWEST  # the name of a smaller one could tell who is in it
    )
    values = [e.value for e in evidence if e.value is not None]
    p, spread = _differ(training, code, len(names)), max(values, default=0) - min(values, default=0)
    words = {"site": "sites", "time": "years"}.get(name, name)
    relevant = spread >= 0.05 or (min(values, default=1) > 0 and max(values) / min(values) >= 1.5)
    if training.task == "regression":
        relevant = spread >= 0.2 * float(np.std(training.outcome[seen]))
    found = p < 1e-3 and relevant
    low, high = min(values, default=np.nan), max(values, default=np.nan)
    by_number = training.task == "regression"
    ends = f"{number(low)} to {number(high)}" if by_number else f"{percent(low)} to {percent(high)}"
    text = f"{'The mean outcome' if by_number else 'The share with the outcome'} goes from {ends}"
    verb = "more than chance explains" if found else "no more than chance explains, or little"
    return Finding(
        kind="prevalence", state="found" if found else "clear", why=WHY_PREVALENCE,
        sentence=f"{text} over {len(names)} {words}: {verb} (p {_p(p)}){training.sampled}.",
        short=f"outcome differs between {words}", severity=float(spread), evidence=evidence,
        look="Hold sites or later years apart as external data: external_sites, external_after in "
        "[prepare].",
    )  # fmt: skip


def _rows(seen: Bools, part: Bools) -> Bools:
    rows = np.zeros(len(seen), bool)
    rows[np.flatnonzero(seen)[part]] = True
    return rows


def _differ(training: Training, code: NDArray[np.integer], strata: int) -> float:
    """p of a chi-squared test of patients (by their first row), or of an F test of means."""
    seen = training.observed
    first = np.unique(training.subject[seen], return_index=True)[1]
    outcome, code = training.outcome[seen][first], code[first]
    if training.task == "regression":
        parts = [outcome[code == at] for at in range(strata) if (code == at).sum() > 1]
        return float(stats.f_oneway(*parts).pvalue) if len(parts) > 1 else 1.0
    table = np.zeros((strata, int(outcome.max(initial=0)) + 1))
    np.add.at(table, (code, outcome.astype(np.int64)), 1)
    table = table[table.sum(axis=1) >= FEWEST]
    table = table[:, table.sum(axis=0) > 0]
    return float(stats.chi2_contingency(table).pvalue) if min(table.shape, default=0) > 1 else 1.0


def _p(p: float) -> str:
    return "below 0.001" if p < 1e-3 else f"= {number(p)}"


def _outcome_of(training: Training, rows: Bools, slice_: str) -> tuple[Evidence, ...]:
    """Share with the outcome (of each class where there are more), or the mean; per patient."""
    subject = np.unique(training.subject[rows], return_inverse=True)[1]
    size = int(subject.max(initial=-1)) + 1
    if not size:
        return ()
    per_row = np.bincount(subject)
    if training.task == "regression":
        mean = np.bincount(subject, weights=training.outcome[rows]) / per_row
        half = Z * float(mean.std(ddof=1)) / np.sqrt(size) if size > 1 else np.nan
        middle = float(mean.mean())
        ends = Estimate(value=middle, low=middle - half, high=middle + half, subjects=size)
        return (training.measured("prevalence", ends, slice_),)
    found = []
    for index, label in enumerate(training.labels):
        cases = float((np.bincount(subject, weights=label[rows]) / per_row).sum())
        low, high = share(cases, size)
        part = Estimate(value=cases / size, low=low, high=high, subjects=size)
        extra = f" & outcome={training.classes[index]}" if training.task == "multiclass" else ""
        found.append(training.measured("prevalence", part, f"{slice_}{extra}"))
    return tuple(found)


def unobserved_finding(training: Training) -> Finding:
    """How many patients have no known outcome; with a horizon: lost before it without an event."""
    lost = np.bincount(training.subject, weights=~training.observed, minlength=training.size) > 0
    number_lost, size = int(lost.sum()), training.size
    low, high = share(number_lost, size)
    part = Estimate(value=number_lost / max(size, 1), low=low, high=high, subjects=size)
    timed = training.horizon is not None and training.duration is not None
    how = "were lost before the horizon without the event" if timed else "have no known outcome"
    found = number_lost > 0 and part.value >= MOST_UNOBSERVED
    text = f"{patients(number_lost)} of {count(size)} ({percent(part.value)}) {how}"
    return Finding(
        kind="unobserved", state="found" if found else "clear",
        why=WHY_UNOBSERVED if timed else WHY_NOT_READ,
        sentence=f"{text}; they are not counted as negatives{training.sampled}.",
        short=f"outcome unobserved in {percent(part.value)}", severity=part.value,
        look='Consider a shorter horizon, or type = "survival", which uses all that was seen.'
        if timed else "Find out why it is not known of them, and whether they differ.",
        evidence=(training.measured("unobserved", part),),
    )  # fmt: skip


def parameters_of(fields: tuple[Field, ...]) -> int:
    """Coefficients of a regression on the fields: one a number, one a category but the first."""
    return sum(1 if f.kind == "numeric" else max(1, len(f.categories) - 1) for f in fields)


def size_finding(training: Training, fields: tuple[Field, ...]) -> Finding:
    """Riley's criteria against the training patients that there are."""
    seen = training.observed
    if training.task == "survival" and training.duration is not None:
        seen = np.isfinite(training.duration)
    scale = training.of / max(training.size, 1)
    there = round(patients_in(training.subject[seen]) * scale)
    parameters = max(1, parameters_of(fields))
    anticipated = _anticipated(training)
    if anticipated is None:
        return Finding(
            kind="sample_size", state="unknown", why=WHY_SIZE,
            sentence="Whether there are enough patients cannot be said: no outcome to count.",
        )  # fmt: skip
    needed = required(training.task, parameters, anticipated)
    most = max(needed.criteria, key=lambda one: one.subjects)
    enough = there >= needed.subjects
    text = (
        f"{count(there)} training patients {'are' if enough else 'are not'} enough for "
        f"{count(parameters)} parameters: at least {count(needed.subjects)} are needed "
        f"({most.name}; Riley et al.)"
    )
    evidence = [Evidence(
        measure="audit.sample_size", value=there / needed.subjects, low=there / needed.subjects,
        high=there / needed.subjects, subjects=there, stage="audit", data=training.data,
    )]  # fmt: skip
    events = _events(training) * scale
    if training.task != "regression":
        evidence.append(_events_per_parameter(events, parameters, there, training))
        text += f"; there are {number(events / parameters)} outcomes a parameter"
    return Finding(
        kind="sample_size", state="clear" if enough else "found", why=WHY_SIZE,
        sentence=f"{text}. A flexible model needs more.", short="too few patients",
        look="Leave fields out, join rare categories, or collect more patients.",
        severity=1 - min(1.0, there / needed.subjects), evidence=tuple(evidence),
    )  # fmt: skip


def classes_finding(training: Training) -> Finding:
    """Kind sample_size where no count of parameters means anything: patients of each class."""
    seen = training.observed
    whole = patients(patients_in(training.subject[seen]))
    where = f"among {whole} whose outcome was observed{training.sampled}"
    rule = "No rule says how many a network on such samples needs"
    if training.task not in ("binary", "multiclass"):
        text = f"{rule}; the learning curve does. There are {whole} whose outcome was observed."
        return Finding(kind="sample_size", state="unknown", sentence=text, why=WHY_SIZE)
    counts = [patients_in(training.subject[training.outcome == k])
              for k in range(len(training.classes))]  # fmt: skip
    names = [f"{count(n)} {_with(training, k)}" for k, n in enumerate(counts)]
    few = min(counts, default=0) < FEWEST
    text = f"{rule}; {where} there are {joined(names)}"
    return Finding(
        kind="sample_size", state="found" if few else "unknown", why=WHY_SIZE,
        sentence=f"{text}: too few of one to learn or judge it." if few else f"{text}.",
        short="too few patients of one class", severity=float(few),
        look="Collect more patients of that class, or join classes." if few else "",
    )  # fmt: skip


def _with(training: Training, kind: int) -> str:
    words = training.said(kind)
    return f"with samples {words}" if training.task == "binary" else f"with {words}"


def _events(training: Training) -> float:
    """Patients with the rarest outcome."""
    if training.task == "survival" and training.event is not None:
        return float(patients_in(training.subject[training.event]))
    seen = training.observed
    kinds = np.unique(training.outcome[seen])
    counts = [patients_in(training.subject[training.outcome == kind]) for kind in kinds]
    return float(min(counts, default=0))


def _events_per_parameter(
    events: float, parameters: int, subjects: int, training: Training
) -> Evidence:
    """With the exact (Poisson) interval of the count."""
    low = stats.chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    high = stats.chi2.ppf(0.975, 2 * events + 2) / 2
    return Evidence(
        measure="audit.events_per_parameter", value=finite(events / parameters),
        low=float(low) / parameters, high=float(high) / parameters, subjects=subjects,
        stage="audit", data=training.data,
    )  # fmt: skip


def _anticipated(training: Training) -> Anticipated | None:
    seen = training.observed
    outcome = training.outcome[seen]
    if training.task == "survival":
        return _anticipated_time(training)
    if len(outcome) < 2 or np.ptp(outcome) == 0:
        return None
    if training.task == "regression":
        return Anticipated(mean=float(outcome.mean()), spread=float(outcome.std()))
    if training.task == "binary":
        return Anticipated(prevalence=float((outcome == 1).mean()))
    counts = np.bincount(outcome.astype(np.int64), minlength=len(training.classes))
    shares = counts[counts > 0] / counts.sum()
    return Anticipated(shares=tuple(float(part) for part in shares))


def _anticipated_time(training: Training) -> Anticipated | None:
    if training.duration is None or training.event is None or training.horizon is None:
        return None
    known = np.isfinite(training.duration)
    followed = np.minimum(training.duration[known], training.horizon)
    events = (training.event[known] & (training.duration[known] <= training.horizon)).sum()
    if not events or not followed.sum() > 0:
        return None
    return Anticipated(
        rate=float(events / followed.sum()), mean_follow_up=float(followed.mean()),
        horizon=training.horizon,
    )  # fmt: skip
