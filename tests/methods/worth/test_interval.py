"""The interval counts both layers of sampling, and says when curves cannot tell."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.methods.worth.simulated import experiment

from bedside.methods.worth.interval import Scores, pair, spread_of

BUDGETS = np.array([50.0, 100, 200, 400])


def scores(seen: np.ndarray, resampled: np.ndarray | None = None) -> Scores:
    again = np.repeat(seen[None], 40, axis=0) if resampled is None else resampled
    return Scores(budgets=BUDGETS[: seen.shape[1]], seen=seen, resampled=again)


def test_the_error_adds_up_repetitions_and_patients() -> None:
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(10, 1))
    patients = rng.normal(size=(3000, 1, 1))
    own = rng.normal(size=(3000, 10, 1))
    arm = scores(seen, seen + 0.5 * patients + 0.3 * own)
    found = spread_of(arm, np.eye(1))
    expected = seen.var(ddof=1) / 10 + 0.25
    assert found.error[0] ** 2 == pytest.approx(expected, rel=0.08)
    assert found.value[0] == pytest.approx(seen.mean())
    only = spread_of(scores(seen), np.eye(1))
    assert only.error[0] ** 2 == pytest.approx(seen.var(ddof=1) / 10)
    assert only.freedom[0] == pytest.approx(9, abs=0.01)
    assert found.freedom[0] > only.freedom[0]


def test_flat_curves_leave_k_open() -> None:
    rng = np.random.default_rng(2)
    base, lever = (scores(0.8 + 0.01 * rng.normal(size=(8, 4))) for _ in range(2))
    found = pair(base, lever, reach=8.0).factor()
    assert found.low == 0.0
    assert math.isinf(found.high)


@pytest.mark.parametrize("worth", [1.5, 3.0])
def test_more_repetitions_and_more_patients_narrow_it(worth: float) -> None:
    rng = np.random.default_rng(5)
    wide = np.median([_width(rng, worth, 6, 150) for _ in range(9)])
    narrow = np.median([_width(rng, worth, 24, 1500) for _ in range(9)])
    assert narrow < 0.6 * wide


def _width(rng: np.random.Generator, worth: float, repetitions: int, patients: int) -> float:
    arms = experiment(rng, repetitions=repetitions, worth=worth, measure="brier",
                      patients=patients)  # fmt: skip
    found = pair(*arms, reach=16.0).factor()
    return math.log(min(found.high, 16)) - math.log(max(found.low, 1 / 16))


def test_wider_levels_hold_narrower_ones() -> None:
    rng = np.random.default_rng(7)
    both = pair(*experiment(rng, repetitions=8, worth=2.0, measure="auroc"), reach=16.0)
    inner, outer = both.factor(0.8), both.factor(0.99)
    assert outer.low < inner.low < inner.value == outer.value < inner.high < outer.high
