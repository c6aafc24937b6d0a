from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from bedside.methods import outcome as outcomes
from bedside.methods.prevalence import fit_prevalence


def test_everyone_gets_the_weighted_mean(made_up: Callable) -> None:
    weights = np.array([1, 3, 1], np.float32)
    model = fit_prevalence(outcomes.binary(np.array([True, False, False]), weights))
    inputs = made_up("binary", 3).inputs
    np.testing.assert_allclose(model.predict(inputs), np.full((3, 1), 0.2), rtol=1e-6)


def test_survival_is_the_kaplan_meier_curve(made_up: Callable) -> None:
    found = made_up("survival")
    model = fit_prevalence(found.outcome)
    oracle = KaplanMeierFitter().fit(found.outcome.durations, found.outcome.events)
    expected = oracle.survival_function_at_times(found.outcome.edges).to_numpy()
    assert model.value == pytest.approx(expected, abs=1e-6)


def test_prevalence_is_the_constant_that_scores_best(made_up: Callable, task: str) -> None:
    found = made_up(task)
    model = fit_prevalence(found.outcome)
    best = found.outcome.score(model.predict(found.inputs))
    other = np.clip(model.value * 0.9, 0, None)
    assert best < found.outcome.score(np.repeat(other[None], len(found.inputs), axis=0))
