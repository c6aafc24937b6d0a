"""Prevalence by stratum, unobserved outcomes, sample size."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.core.dataset import Field
from bedside.methods.audit.outcome import (
    classes_finding,
    parameters_of,
    prevalence_findings,
    size_finding,
    unobserved_finding,
)

FIELDS = tuple(Field(name=f"x{at}") for at in range(10))


def test_sites_that_differ_are_found_and_counted(training_of) -> None:
    rng = np.random.default_rng(0)
    site = rng.choice(["north", "south"], 2000)
    died = rng.random(2000) < np.where(site == "north", 0.1, 0.3)
    (found,) = prevalence_findings(training_of(died), {"site": site})
    assert found.state == "found"
    north = next(item for item in found.evidence if item.slice == "site=north")
    assert north.value == pytest.approx(died[site == "north"].mean())
    assert north.low is not None
    assert north.high is not None
    assert north.low < 0.1 < north.high
    assert found.evidence[0].slice == "all"


@pytest.mark.parametrize("task", ["binary", "regression", "multiclass"])
def test_law_sites_that_do_not_differ_are_not_found(training_of, task: str) -> None:
    rng = np.random.default_rng(1)
    false = 0
    for _ in range(60):
        outcome = {"binary": rng.random(400) < 0.2, "regression": rng.normal(size=400),
                   "multiclass": rng.integers(0, 3, 400)}[task]  # fmt: skip
        training = training_of(outcome, task=task)
        (found,) = prevalence_findings(training, {"site": rng.choice(["a", "b", "c", "d"], 400)})
        false += found.state == "found"
    assert false <= 1


def test_without_strata_it_is_unknown(training_of) -> None:
    (found,) = prevalence_findings(training_of(np.arange(100) % 2), {})
    assert found.state == "unknown"
    assert found.evidence[0].value == 0.5


@pytest.mark.parametrize(("lost", "state"), [(0, "clear"), (20, "clear"), (200, "found")])
def test_patients_lost_before_the_horizon(training_of, lost: int, state: str) -> None:
    outcome = (np.arange(1000) % 3 == 0).astype(float)
    outcome[:lost] = np.nan
    found = unobserved_finding(training_of(outcome))
    assert found.state == state
    assert found.evidence[0].value == pytest.approx(lost / 1000)


def test_sample_size_by_riley(training_of) -> None:
    rng = np.random.default_rng(2)
    few, many = rng.random(300) < 0.2, rng.random(20_000) < 0.2
    assert size_finding(training_of(few), FIELDS).state == "found"
    enough = size_finding(training_of(many), FIELDS)
    assert enough.state == "clear"
    per = next(e for e in enough.evidence if e.measure == "audit.events_per_parameter")
    assert per.value == pytest.approx(many.sum() / 10)
    assert per.low is not None
    assert per.high is not None
    assert per.low < many.sum() / 10 < per.high


def test_a_sample_of_the_patients_stands_for_all(training_of) -> None:
    died = np.random.default_rng(3).random(300) < 0.2
    small = size_finding(training_of(died), FIELDS)
    large = size_finding(training_of(died, of=300_000), FIELDS)
    assert small.state == "found"
    assert large.state == "clear"


def test_parameters_count_categories_less_one() -> None:
    fields = (Field(name="a"), Field(name="b", kind="category", categories=("x", "y", "z")))
    assert parameters_of(fields) == 3


def test_survival_regression_classes_and_one_class(training_of) -> None:
    rng = np.random.default_rng(4)
    duration, event = rng.exponential(10, 800), rng.random(800) < 0.5
    outcome = np.where(duration >= 5, 0.0, np.where(event, 1.0, np.nan))
    survival = training_of(
        outcome, task="survival", duration=duration, event=event, horizon=5.0, classes=()
    )
    found = size_finding(survival, FIELDS)
    assert found.state in ("found", "clear")
    assert found.evidence[0].subjects == 800
    assert size_finding(training_of(rng.normal(5, 1, 5000), task="regression"), FIELDS).evidence
    assert size_finding(training_of(rng.integers(0, 3, 900), task="multiclass"), FIELDS).evidence
    assert size_finding(training_of(np.ones(50)), FIELDS).state == "unknown"


def test_patients_of_each_class_are_counted_where_there_are_no_fields(training_of) -> None:
    subject = np.repeat(np.arange(60), 2)
    outcome = (subject < 30).astype(float)
    found = classes_finding(training_of(outcome, subject=subject))
    assert found.state == "unknown"
    assert "30 with samples without the outcome ('a') and 30 with samples with" in found.sentence
    few = classes_finding(training_of((subject < 5).astype(float), subject=subject))
    assert few.state == "found"
    assert "5 with samples with the outcome ('b')" in few.sentence
    assert classes_finding(training_of(outcome, task="regression")).state == "unknown"
