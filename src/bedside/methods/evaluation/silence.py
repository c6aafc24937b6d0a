"""When a model should stay silent: sets that hold the truth, novelty, abstention, its price."""

from __future__ import annotations

import numpy as np

from bedside.core.spec import Plain
from bedside.methods.evaluation.judged import Trial
from bedside.methods.intervals import estimate
from bedside.methods.measures import FloatArray, Measure, mean, proportion
from bedside.methods.policy import REASONS
from bedside.methods.selective import area, risk_at

COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
BARS = 30


def conformal_measure(trial: Trial) -> Measure:
    """How often the set or interval holds the truth, and how large it is."""
    decisions, counts = trial.said.decisions, trial.truth.counts
    held = _held(trial)
    if trial.truth.task == "regression":
        width = decisions.high - decisions.low
        size = np.where(np.isfinite(width).all() & np.isfinite(width), width, np.nan)
        named = {"conformal_width": size}
    else:
        sizes = decisions.label_set.sum(axis=1).astype(np.float64)
        named = {"conformal_set_size": sizes, "conformal_single": (sizes == 1).astype(np.float64)}

    def measure(weights: FloatArray) -> dict[str, FloatArray]:
        found = {name: mean(values, weights) for name, values in named.items()}
        return {"conformal_coverage": proportion(held, weights * counts)} | found

    return measure


def silence_measure(trial: Trial) -> Measure:
    """The share of patients to whom nothing is said."""
    abstained = trial.said.decisions.abstain.astype(np.float64)
    return lambda weights: {"abstention_rate": proportion(abstained, weights)}


def conformal(trial: Trial, labels: tuple[str, ...]) -> None:
    """Evidence on sets and intervals, for all patients and for those of each outcome."""
    truth, model = trial.truth, trial.said.name
    found = estimate(conformal_measure(trial), trial.resamples, trial.level)
    trial.record.add_all(found, subjects=truth.patients(truth.known), model=model)
    held = _held(trial)
    for index, label in enumerate(labels):
        rows = truth.known[truth.target[truth.known] == index]
        mine = np.full(len(truth), np.nan)
        mine[rows] = held[rows]
        covered = _share(mine, truth.counts)
        for measure, interval in estimate(covered, trial.resamples, trial.level).items():
            trial.record.add(
                measure, interval, subjects=truth.patients(rows), model=model,
                slice_=f"outcome: {label}",
            )  # fmt: skip


def abstention(trial: Trial) -> None:
    """Evidence on who gets no answer and why, and on the measures among those who get one."""
    decisions, model = trial.said.decisions, trial.said.name
    everybody = len(np.unique(trial.truth.subjects))
    rate = estimate(silence_measure(trial), trial.resamples, trial.level)
    trial.record.add_all(rate, subjects=everybody, model=model)
    for code, reason in enumerate(REASONS[1:], start=1):
        because = (decisions.reason == code).astype(np.float64)
        share = estimate(_rate(because), trial.resamples, trial.level)
        trial.record.add_all(share, subjects=everybody, model=model, slice_=f"reason: {reason}")
    answered = np.flatnonzero(~decisions.abstain)
    if len(answered):
        within = trial.within(answered)
        found = estimate(within.measure(), within.resamples, trial.level)
        trial.record.add_all(
            found, subjects=within.truth.patients(), model=model, slice_="answered"
        )


def risk_coverage(trial: Trial) -> dict[str, Plain]:
    """The loss among the surest patients, as fewer are answered.

    Loss and confidence: squared error of the risk, and the probability of the likelier state; for
    classes, whether the likeliest is wrong, and its probability; for values the absolute error, and
    how like the training patients a patient is.
    """
    truth, rows = trial.truth, trial.truth.known
    if not len(rows):
        return {}
    confidence, loss = _sure(trial)
    counts = truth.counts[rows]

    def measure(weights: FloatArray) -> dict[str, FloatArray]:
        weighed = weights.take(rows, axis=1) * counts
        # A replicate without a known outcome has no risk at any coverage.
        weighed[weighed.sum(axis=1) == 0] = np.nan
        found = {f"{at:g}": risk_at(confidence, loss, at, weighed) for at in COVERAGES}
        return found | {"area": area(confidence, loss, weighed)}

    found = estimate(measure, trial.resamples, trial.level)
    patients, model = truth.patients(rows), trial.said.name
    trial.record.add("aurc", found.pop("area"), subjects=patients, model=model)
    told = [
        trial.record.add(
            "risk_at_coverage", interval, subjects=patients, model=model, slice_=f"coverage={at}"
        )
        for at, interval in found.items()
    ]
    return {
        "coverage": list(COVERAGES),
        "risk": [item["value"] for item in told],
        "low": [item["low"] for item in told],
        "high": [item["high"] for item in told],
    }


def novelty(trial: Trial) -> dict[str, Plain]:
    """How unlike the training patients these are, with the limit beyond which nothing is said."""
    score = np.asarray(trial.said.novelty, np.float64)
    seen = score[np.isfinite(score)]
    everybody = len(np.unique(trial.truth.subjects))
    scores = np.where(np.isfinite(score), score, np.nan)
    found = estimate(lambda w: {"novelty": mean(scores, w)}, trial.resamples, trial.level)
    told = trial.record.add("novelty", found["novelty"], subjects=everybody, model=trial.said.name)
    limit = trial.said.policy.novelty_limit
    top = max(float(seen.max(initial=0.0)), limit, 1e-6)
    counts, edges = np.histogram(seen, bins=BARS, range=(0.0, min(top, 3.0 * max(limit, 1e-6))))
    decisions = trial.said.decisions
    return {
        "limit": limit,
        "mean": told,
        "reasons": {
            reason: len(np.unique(trial.truth.subjects[decisions.reason == code]))
            for code, reason in enumerate(REASONS[1:], start=1)
        },
        "edges": edges.tolist(),
        "counts": counts.tolist(),
        "beyond": int((seen > edges[-1]).sum()),
    }


def _held(trial: Trial) -> FloatArray:
    """[N] 1 where the truth lies inside, 0 where not, NaN where it was not observed."""
    decisions, truth = trial.said.decisions, trial.truth
    rows = truth.known
    held = np.full(len(truth), np.nan)
    if truth.task == "regression":
        low, high = decisions.low[rows], decisions.high[rows]
        held[rows] = (low <= truth.target[rows]) & (truth.target[rows] <= high)
    else:
        held[rows] = decisions.label_set[rows, truth.target[rows].astype(np.int64)]
    return held


def _share(hits: FloatArray, counts: FloatArray) -> Measure:
    return lambda weights: {"conformal_coverage": proportion(hits, weights * counts)}


def _rate(hits: FloatArray) -> Measure:
    return lambda weights: {"abstention_rate": proportion(hits, weights)}


def _sure(trial: Trial) -> tuple[FloatArray, FloatArray]:
    decisions, rows = trial.said.decisions, trial.truth.known
    y = trial.truth.target[rows]
    if trial.truth.task == "regression":
        return -np.asarray(trial.said.novelty[rows], np.float64), np.abs(decisions.value[rows] - y)
    likeliest = decisions.probabilities[rows].max(axis=1)
    if trial.truth.task == "multiclass":
        return likeliest, (decisions.value[rows] != y).astype(np.float64)
    return likeliest, (decisions.value[rows] - y) ** 2
