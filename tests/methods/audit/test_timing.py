"""Traces of later knowledge: bounded by the time to the event, or reserved for survivors."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.audit.timing import bounded, survived


@pytest.fixture
def followed(training_of):
    rng = np.random.default_rng(0)
    duration = rng.exponential(200, 3000).round() + 1
    event = rng.random(3000) < 0.7
    horizon = 365.0
    outcome = np.where(duration >= horizon, 0.0, np.nan)
    outcome[event & (duration <= horizon)] = 1
    return training_of(outcome, duration=duration, event=event, horizon=horizon)


def test_a_stay_that_ends_with_death_is_bounded(followed, number) -> None:
    stay = np.minimum(np.random.default_rng(1).gamma(2, 60, 3000).round(), followed.duration)
    found = bounded(number("stay", stay), followed)
    assert found is not None
    assert found.found
    assert found.within.value == 1.0
    assert found.expected < 0.8
    assert found.equal > 0.2


@pytest.mark.parametrize("scale", [0.5, 5, 50, 500])
def test_numbers_that_have_nothing_to_do_with_time_are_not(followed, number, scale) -> None:
    values = np.random.default_rng(2).gamma(3, scale, 3000)
    found = bounded(number("lab", values), followed)
    assert found is not None
    assert not found.found
    assert found.within.value == pytest.approx(found.expected, abs=0.03)


def test_a_visit_that_only_survivors_had_is_found(followed, category) -> None:
    rng = np.random.default_rng(3)
    came = (followed.duration > 90) & (rng.random(3000) < 0.8)
    found = survived(category("visit", np.where(came, rng.integers(1, 4, 3000), 0)), followed, 30)
    assert found is not None
    assert found.strong
    assert found.until >= 90


def test_a_low_risk_group_is_not_taken_for_survivors(training_of, category) -> None:
    rng = np.random.default_rng(4)
    young = rng.random(3000) < 0.2
    time = rng.exponential(np.where(young, 2e5, 400))
    end = rng.uniform(300, 600, 3000)
    event, duration = time <= end, np.minimum(time, end)
    outcome = np.where(duration >= 365, 0.0, np.nan)
    outcome[event & (duration <= 365)] = 1
    training = training_of(outcome, duration=duration, event=event, horizon=365.0)
    assert survived(category("young", young + 1), training, 30) is None


def test_without_times_there_is_nothing_to_say(training_of, number) -> None:
    training = training_of(np.arange(200) % 2)
    assert bounded(number("x", np.arange(200.0)), training) is None
    assert survived(number("x", np.arange(200.0)), training, 20) is None


def test_law_honest_fields_of_followed_patients_are_not_called_leaks(
    training_of, number, category
) -> None:
    """At most 1 of 100 made-up studies of 12 honest fields, some of them strong, may be accused."""
    rng = np.random.default_rng(5)
    accused = 0
    for _ in range(100):
        size = int(rng.choice([300, 1500]))
        risk = rng.normal(size=size)
        time = rng.exponential(300 * np.exp(-1.2 * risk))
        end = rng.uniform(200, rng.uniform(300, 1500), size)
        event, duration = time <= end, np.minimum(time, end)
        outcome = np.where(duration >= 180, 0.0, np.nan)
        outcome[event & (duration <= 180)] = 1
        training = training_of(outcome, duration=duration, event=event, horizon=180.0)
        columns = []
        for at in range(12):
            weight, scale = rng.uniform(-1, 1), rng.lognormal(3, 2)
            value = scale * np.exp(weight * risk + 0.7 * rng.normal(size=size))
            value[rng.random(size) < 1 / (1 + np.exp(1.5 + weight * risk))] = np.nan
            codes = 1 + (np.nan_to_num(value) > scale) + (np.nan_to_num(value) > 2 * scale)
            columns.append(number("x", value) if at % 2 else category("x", codes))
        for column in columns:
            bound, spared = bounded(column, training), survived(column, training, 20)
            accused += bool((bound and bound.found) or (spared and spared.strong))
    assert accused <= 1
