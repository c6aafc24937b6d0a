"""The joint fit finds the distance that was put there, whatever the curve's level and slope."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.worth.curve import joint, steadiness

BUDGETS = np.array([50.0, 100, 200, 400, 800])


def curve(n: np.ndarray, a: float, b: float, c: float) -> np.ndarray:
    return a - b * n**-c


@pytest.mark.parametrize("factor", [0.4, 1.0, 1.7, 3.0])
@pytest.mark.parametrize(("a", "b", "c"), [(0.85, 1.2, 0.5), (0.9, 0.6, 0.2), (-0.1, 3.0, 1.0)])
def test_a_noiseless_distance_is_found(factor: float, a: float, b: float, c: float) -> None:
    scores = np.concatenate([curve(BUDGETS, a, b, c), curve(factor * BUDGETS, a, b, c)])
    both = joint(BUDGETS, BUDGETS, np.ones(10), reach=16.0)
    found, _ = both.best(scores)
    assert np.exp(found) == pytest.approx(factor, rel=0.02)
    fitted = both.curve(scores)
    assert fitted.at(BUDGETS / BUDGETS[0]) == pytest.approx(scores[:5], abs=2e-3)
    assert fitted.at(factor * BUDGETS / BUDGETS[0]) == pytest.approx(scores[5:], abs=2e-3)


def test_a_lever_may_have_fewer_budgets() -> None:
    scores = np.concatenate([curve(BUDGETS, 0.8, 1.0, 0.5), curve(2 * BUDGETS[1:3], 0.8, 1.0, 0.5)])
    found, _ = joint(BUDGETS, BUDGETS[1:3], np.ones(7), reach=8.0).best(scores)
    assert np.exp(found) == pytest.approx(2.0, rel=0.01)


def test_the_contrast_at_the_truth_is_blind_to_the_curve_and_sees_the_distance() -> None:
    both = joint(BUDGETS, BUDGETS, np.linspace(1, 3, 10), reach=8.0)
    scores = np.concatenate([curve(BUDGETS, 0.8, 1.0, 0.5), curve(2 * BUDGETS, 0.8, 1.0, 0.5)])
    contrasts = both.contrasts(scores)
    at_truth = int(np.argmin(np.abs(both.shifts - np.log(2))))
    assert contrasts[at_truth] @ scores == pytest.approx(0.0, abs=2e-3)
    assert contrasts[at_truth] @ np.ones(10) == pytest.approx(0.0, abs=1e-9)
    assert abs(contrasts[len(both.shifts) // 2] @ scores) > 0.02


def test_weights_follow_the_scatter_and_one_lucky_budget_counts_no_more() -> None:
    rng = np.random.default_rng(0)
    spread = np.tile(2.0 / np.sqrt(BUDGETS), 2)
    scores = rng.normal(size=(400, 10)) * spread
    weights = steadiness(scores, np.tile(BUDGETS, 2))
    assert weights * spread == pytest.approx(np.ones(10), rel=0.1)
    scores[:, 2] = 1.0  # no scatter at all by chance
    lucky = steadiness(scores, np.tile(BUDGETS, 2))
    assert lucky[2] == pytest.approx(lucky[7])
    assert steadiness(np.zeros((3, 10)), np.tile(BUDGETS, 2)).tolist() == [1.0] * 10


def test_misfit_is_what_scatter_does_not_explain() -> None:
    rng = np.random.default_rng(1)
    true = np.concatenate([curve(BUDGETS, 0.8, 1.0, 0.5)] * 2)
    noise = 0.01 * rng.normal(size=(8, 10))
    both = joint(BUDGETS, BUDGETS, np.full(10, 100.0), reach=8.0)
    bent = true + np.tile([0.0, 0.0, 0.05, 0.0, 0.0], 2)
    assert both.misfit(true + noise) < 1.0
    assert both.misfit(bent + noise) > 3.0
