"""Fields that tell who could not be followed: found where they are, silent where they are not."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.audit.followup import followup_findings, unfollowed

HORIZON = 3650.0


def _cohort(rng: np.random.Generator, size: int = 3000, ends: float = 2010.0):
    """Entry over ten years, follow-up until a date: late entrants cannot reach the horizon."""
    year = rng.integers(1995, 2005, size)
    age = rng.normal(70, 10, size)
    time = rng.exponential(9000 * np.exp(-(age - 70) / 12))
    until = (ends - year) * 365.0
    event, duration = time < until, np.minimum(time, until)
    outcome = np.where(event & (time <= HORIZON), 1.0, np.where(duration >= HORIZON, 0.0, np.nan))
    return year, age, outcome, duration, event


def test_a_late_year_is_found_and_its_patients_counted(training_of, number) -> None:
    year, age, outcome, duration, event = _cohort(np.random.default_rng(0))
    training = training_of(outcome, duration=duration, event=event, horizon=HORIZON)
    columns = [number("year", year), number("age", age)]
    found = [f for f in followup_findings(columns, training, 20) if f.state == "found"]
    assert [f.field for f in found] == ["year"]
    assert "'year' is at least 2001, nobody was followed" in found[0].sentence
    (line,) = found[0].evidence
    assert line.measure == "audit.followup"
    assert line.subjects == int((year >= 2001).sum())


def test_the_ward_that_opened_late_is_found(training_of, category) -> None:
    year, _, outcome, duration, event = _cohort(np.random.default_rng(1))
    training = training_of(outcome, duration=duration, event=event, horizon=HORIZON)
    ward = category("ward", np.where(year >= 2002, 2, 1))
    group = unfollowed(ward, training, 20)
    assert group is not None
    assert group.unobserved.low >= 0.5


@pytest.mark.parametrize("ends", [2015.0, 2030.0])
def test_where_all_could_be_followed_nothing_is_found(training_of, number, ends: float) -> None:
    """The oldest nearly all die, yet their outcome is observed: an honest predictor."""
    year, age, outcome, duration, event = _cohort(np.random.default_rng(2), ends=ends)
    training = training_of(outcome, duration=duration, event=event, horizon=HORIZON)
    columns = [number("year", year), number("age", age)]
    assert [f.state for f in followup_findings(columns, training, 20)] == ["clear"]


def test_random_censoring_is_no_finding(training_of, number) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        size = 600
        outcome = np.where(rng.random(size) < 0.5, np.nan, (rng.random(size) < 0.2).astype(float))
        training = training_of(
            outcome, duration=np.full(size, 100.0), event=outcome == 1, horizon=200.0
        )
        columns = [number(f"x{i}", rng.normal(size=size)) for i in range(5)]
        assert not [f for f in followup_findings(columns, training, 20) if f.state == "found"]


def test_without_a_horizon_nothing_is_asked(training_of, number) -> None:
    training = training_of(np.array([0.0, 1.0] * 50))
    assert list(followup_findings([number("x", np.arange(100.0))], training, 20)) == []
