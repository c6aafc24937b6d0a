"""Leaks: found when planted, at any strength that matters; not found where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from bedside.methods.audit.leaks import strength, striking
from bedside.methods.audit.settled import Thresholds

RULES = Thresholds()


def test_law_honest_fields_are_not_called_leaks(training_of, number, category) -> None:
    """At most 1 study in 100 of 20 honest fields may have a false finding; here 100 studies."""
    rng = np.random.default_rng(0)
    studies = 0
    for at in range(100):
        size = int(rng.choice([150, 600, 2000]))
        risk = rng.normal(size=size)
        outcome = rng.random(size) < 1 / (1 + np.exp(-(rng.uniform(-3, 0.5) + 1.5 * risk)))
        if not 15 < outcome.sum() < size - 15:
            continue
        training = training_of(outcome, seed=at)
        columns = []
        for field in range(20):
            values = rng.uniform(0, 1.2) * risk + rng.normal(size=size)
            values[rng.random(size) < 1 / (1 + np.exp(2 - rng.uniform(-1, 1) * risk))] = np.nan
            codes = np.digitize(np.nan_to_num(values, nan=-9), [-8, -1, 0, 1, 2])
            columns.append(number("x", values) if field % 2 else category("x", codes))
        studies += any(strength(column, training, RULES).reason for column in columns)
    assert studies <= 1


@pytest.mark.parametrize("known", [0.97, 0.9, 0.75])
def test_a_cause_of_death_is_found_however_often_it_is_missing(
    training_of, category, known: float
) -> None:
    rng = np.random.default_rng(1)
    died = rng.random(1500) < 0.3
    cause = np.where(died & (rng.random(1500) < known), rng.integers(1, 8, 1500), 0)
    found = strength(category("cause", cause), training_of(died), RULES)
    assert found.reason in ("missing", "group")
    assert found.missing.value > 0.5 + known / 2 - 0.05


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.2])
def test_a_number_made_from_the_outcome_is_found(training_of, number, noise: float) -> None:
    rng = np.random.default_rng(2)
    died = rng.random(800) < 0.4
    found = strength(number("code", died + noise * rng.normal(size=800)), training_of(died), RULES)
    assert found.reason in ("value", "missing")
    assert found.value.low > 0.98


def test_a_leak_that_is_not_monotone_is_found(training_of, number) -> None:
    rng = np.random.default_rng(3)
    died = rng.random(3000) < 0.4
    value = np.where(died, rng.normal(0, 0.3, 3000), rng.choice([-5, 5], 3000) + rng.random(3000))
    assert strength(number("code", value), training_of(died), RULES).reason == "value"


def test_strong_honest_measurements_are_neither_leaks_nor_striking(training_of, number) -> None:
    data = load_breast_cancer()
    training = training_of(data.target)
    found = [strength(number(str(n), x), training, RULES) for n, x in zip(
        data.feature_names, data.data.T, strict=True
    )]  # fmt: skip
    assert max(one.value.value for one in found) > 0.96
    assert [one.field for one in found if one.reason] == []
    assert striking(found) == []


def test_one_field_far_above_all_others_is_striking(training_of, number) -> None:
    rng = np.random.default_rng(6)
    died = rng.random(2000) < 0.3
    training = training_of(died)
    columns = [number(f"x{at}", rng.normal(size=2000) + 0.3 * died) for at in range(5)]
    columns.append(number("odd", rng.normal(size=2000) + 2.4 * died))
    found = [strength(column, training, RULES) for column in columns]
    assert [one.field for one in striking(found)] == ["odd"]


def test_unobserved_outcomes_are_left_out(training_of, number) -> None:
    rng = np.random.default_rng(7)
    died = (rng.random(900) < 0.3).astype(float)
    died[:300] = np.nan
    found = strength(number("x", rng.normal(size=900)), training_of(died), RULES)
    assert found.value.subjects == 600


def test_regression_and_classes(training_of, number, category) -> None:
    rng = np.random.default_rng(8)
    weight = rng.normal(70, 10, 600)
    training = training_of(weight, task="regression")
    assert strength(number("grams", weight * 1000), training, RULES).reason == "value"
    honest = strength(number("height", weight + rng.normal(0, 10, 600)), training, RULES)
    assert honest.reason == ""
    assert 0.3 < honest.value.value < 0.7
    kind = rng.integers(0, 3, 900)
    training = training_of(kind, task="multiclass")
    assert strength(category("code", kind + 1), training, RULES).reason == "value"
    assert strength(category("noise", rng.integers(1, 4, 900)), training, RULES).reason == ""
