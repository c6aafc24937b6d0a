"""Acting on a model's risks: do they hold, what is an alert worth, what happens at a threshold."""

from __future__ import annotations

import numpy as np

from bedside.core.evidence import finite
from bedside.core.spec import Plain
from bedside.methods.calibration import curve, grouped
from bedside.methods.decision import net_benefit_measure, per_thousand_measure
from bedside.methods.evaluation.judged import Trial, among
from bedside.methods.intervals import estimate, evaluate, summarise
from bedside.methods.measures import FloatArray, Measure, operating_measure

ROC_POINTS = 101


def calibration(trial: Trial) -> dict[str, Plain]:
    """Smooth curve with band, ten groups of similar risk, and a histogram of the risks."""
    rows, y, p, counts = trial.known()
    resamples = among(trial.resamples, rows)
    found = curve(y, p, resamples, counts, level=trial.level)
    patients, model = trial.truth.patients(rows), trial.said.name
    band = [
        trial.record.add(
            "calibration_curve", (at, low, high), subjects=patients, model=model,
            slice_=f"predicted={predicted:.4g}",
        )
        for predicted, at, low, high in zip(
            found.grid, found.observed, found.low, found.high, strict=True
        )
    ]  # fmt: skip
    return {
        "grid": found.grid.tolist(),
        "observed": [item["value"] for item in band],
        "low": [item["low"] for item in band],
        "high": [item["high"] for item in band],
        "groups": _groups(trial),
        "histogram": {"edges": found.edges.tolist(), "counts": found.counts.tolist()},
    }


def _groups(trial: Trial) -> list[Plain]:
    rows, y, p, counts = trial.known()
    found = grouped(y, p, trial.truth.subjects[rows], counts, level=trial.level)
    told: list[Plain] = []
    for group in found:
        item = trial.record.add(
            "calibration_group", (group.observed, group.low, group.high), subjects=group.rows,
            model=trial.said.name, slice_=f"predicted={group.predicted:.4g}",
        )  # fmt: skip
        told.append({"predicted": group.predicted, "observed": item.pop("value"), **item})
    return told


def net_benefit(trial: Trial, thresholds: tuple[float, ...]) -> dict[str, Plain]:
    """Net benefit of alerting by the model, of alerting all, and the gain over the better habit."""
    rows, y, p, counts = trial.known()
    inside = [t for t in thresholds if 0 < t < 1]
    measure = _with_gain(net_benefit_measure(y, p, inside, counts))
    resamples = among(trial.resamples, rows)
    points = measure(np.ones((1, len(rows))))
    replicates = evaluate(measure, resamples)
    names = {"model": "net_benefit", "all": "net_benefit_all", "gain": "net_benefit_gain"}
    told: dict[str, list[Plain]] = {
        key: [
            trial.record.add(
                name, summarise(float(points[key][0, at]), replicates[key][:, at], trial.level),
                subjects=trial.truth.patients(rows), slice_=f"threshold={threshold:g}",
                model="" if key == "all" else trial.said.name,
            )
            for at, threshold in enumerate(inside)
        ]
        for key, name in names.items()
    }  # fmt: skip
    return {"thresholds": list[Plain](inside), "none": 0.0, **told}


def _with_gain(measure: Measure) -> Measure:
    def gained(weights: FloatArray) -> dict[str, FloatArray]:
        found = measure(weights)
        return found | {"gain": found["model"] - np.maximum(found["all"], found["none"])}

    return gained


def operating_point(trial: Trial) -> dict[str, Plain]:
    """Sensitivity and the like at the policy's threshold, and the same as people of 1,000."""
    rows, y, p, counts = trial.known()
    threshold = trial.said.policy.threshold
    if threshold is None:
        return {}
    patients, model = trial.truth.patients(rows), trial.said.name
    resamples = among(trial.resamples, rows)
    for measure in (operating_measure(y, p, threshold, counts), _here(y, p, threshold, counts)):
        found = estimate(measure, resamples, trial.level)
        trial.record.add_all(found, subjects=patients, model=model)
    people = estimate(per_thousand_measure(y, p, threshold, counts), resamples, trial.level)
    table: dict[str, Plain] = {
        name: trial.record.add(
            "table_per_1000", numbers, subjects=patients, model=model, slice_=name
        )
        for name, numbers in people.items()
    }
    return {"threshold": threshold, **table}


def _here(y: FloatArray, p: FloatArray, threshold: float, counts: FloatArray) -> Measure:
    """Net benefit and gain at the threshold that is acted on."""
    inside = min(max(threshold, 1e-6), 1 - 1e-6)
    both = _with_gain(net_benefit_measure(y, p, [inside], counts))

    def measure(weights: FloatArray) -> dict[str, FloatArray]:
        found = both(weights)
        return {"net_benefit": found["model"][:, 0], "net_benefit_gain": found["gain"][:, 0]}

    return measure


def roc(trial: Trial) -> dict[str, Plain]:
    """Sensitivity over the share of false alerts, at evenly spaced shares."""
    _, y, p, counts = trial.known()
    order = np.argsort(-p, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(p[order]) != 0, True))
    hits = np.cumsum((y * counts)[order])[ends]
    false = np.cumsum(((1 - y) * counts)[order])[ends]
    grid = np.linspace(0.0, 1.0, ROC_POINTS)
    found = np.interp(grid, np.append(0, false / false[-1]), np.append(0, hits / hits[-1]))
    return {"false_alerts": grid.tolist(), "sensitivity": [finite(at) for at in found]}
