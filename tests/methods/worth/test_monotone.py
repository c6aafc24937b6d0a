"""k(n) read off a curve that is made monotone, with bounds where it does not reach."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from bedside.methods.worth.interval import Scores
from bedside.methods.worth.monotone import isotonic, locally

BUDGETS = np.array([50.0, 100, 200, 400])


def scores(mean: list[float], noise: float = 0.0) -> Scores:
    rng = np.random.default_rng(0)
    seen = np.array(mean) + noise * rng.normal(size=(6, 4))
    return Scores(budgets=BUDGETS, seen=seen, resampled=np.repeat(seen[None], 30, axis=0))


def test_isotonic_is_what_scikit_learn_says() -> None:
    rng = np.random.default_rng(3)
    values, weights = rng.normal(size=30).cumsum(), rng.uniform(0.5, 2, 30)
    reference = IsotonicRegression().fit_transform(np.arange(30), values, sample_weight=weights)
    assert isotonic(values, weights) == pytest.approx(reference)


def test_a_lever_that_doubles_is_read_as_two_and_bounded_at_the_end() -> None:
    found = locally(scores([0.6, 0.7, 0.78, 0.82]), scores([0.7, 0.78, 0.82, 0.85]), level=0.95,
                    seed=0)  # fmt: skip
    assert [one.factor for one in found] == pytest.approx([2, 2, 2, 1], rel=1e-3)
    assert [one.bound for one in found] == ["", "", "", "at least"]


def test_a_lever_that_harms_at_few_labels_is_bounded_below() -> None:
    found = locally(scores([0.6, 0.7, 0.78, 0.82]), scores([0.55, 0.65, 0.77, 0.82]), level=0.95,
                    seed=0)  # fmt: skip
    assert found[0].bound == "at most"
    assert found[1].factor < 1


def test_a_bound_has_one_end_and_the_whole_level_is_on_its_side() -> None:
    base = scores([0.6, 0.7, 0.78, 0.82], noise=0.01)
    above = scores([0.7, 0.78, 0.82, 0.83], noise=0.01)
    below = scores([0.597, 0.65, 0.7, 0.75], noise=0.01)
    last = locally(base, above, level=0.95, seed=0)[-1]
    assert last.bound == "at least"
    assert 0 < last.low <= last.factor
    assert np.isinf(last.high)
    (first, *_) = locally(base, below, level=0.95, seed=0)
    assert (first.bound, first.low) == ("at most", 0.0)
    assert first.factor <= first.high < 2
    wider = locally(base, above, level=0.99, seed=0)[-1]
    assert wider.low <= last.low


def test_noise_widens_the_interval_of_each_budget() -> None:
    base = scores([0.6, 0.7, 0.78, 0.82], noise=0.01)
    (first, *_) = locally(base, scores([0.65, 0.74, 0.8, 0.83]), level=0.95, seed=0)
    assert first.low < first.factor < first.high
