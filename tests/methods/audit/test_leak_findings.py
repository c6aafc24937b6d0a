"""From measurements to sentences: each kind is named, evidence goes with every field."""

from __future__ import annotations

import numpy as np

from bedside.methods.audit.leak_findings import leak_findings
from bedside.methods.audit.settled import Thresholds


def test_each_kind_is_told_apart(training_of, number, category) -> None:
    rng = np.random.default_rng(0)
    size = 3000
    risk = rng.normal(size=size)
    time = rng.exponential(300 * np.exp(-risk)).round() + 1
    event, duration = time < 900, np.minimum(time, 900)
    outcome = (event & (duration <= 365)).astype(float)
    training = training_of(outcome, duration=duration, event=event, horizon=365.0)
    stay = np.minimum(rng.gamma(2, 40, size).round(), duration)
    columns = [
        number("age", 60 + 8 * risk + 4 * rng.normal(size=size)),
        number("stay", stay),
        number("cost", stay * 900 * rng.lognormal(0, 0.2, size)),
        category("cause", np.where(event, rng.integers(1, 5, size), 0)),
        number("lactate", np.where(rng.random(size) < 1 / (1 + np.exp(-risk)), risk, np.nan)),
    ]
    found = leak_findings(columns, training, Thresholds())
    told = {(f.kind, f.field) for f in found if f.state == "found"}
    assert {("leak", "cause"), ("leak_time", "stay"), ("suspect", "cost"), ("missing", "")} <= told
    assert not {f.field for f in found if f.kind in ("leak", "leak_time", "suspect")} & {"age"}
    measured = {e.slice for f in found for e in f.evidence if e.measure == "audit.leak"}
    assert measured == {"age", "stay", "cost", "cause", "lactate"}
    cause = next(f for f in found if f.field == "cause")
    assert "'cause' says it is missing, 100 %" in cause.sentence
    assert "its absence settles the outcome" in cause.short


def test_one_class_cannot_be_judged(training_of, number) -> None:
    (found,) = leak_findings([number("x", np.arange(50.0))], training_of(np.ones(50)), Thresholds())
    assert found.state == "unknown"
