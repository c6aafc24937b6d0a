from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss, mean_squared_error

from bedside.core.errors import DataError
from bedside.methods import outcome as outcomes


def test_score_equals_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    value = rng.uniform(0.05, 0.95, 50)
    positive = rng.random(50) < 0.4
    weights = rng.uniform(0.5, 2, 50).astype(np.float32)
    found = outcomes.binary(positive, weights).score(value[:, None])
    assert found == pytest.approx(log_loss(positive, value, sample_weight=weights), abs=1e-6)
    index = rng.integers(0, 3, 50)
    share = rng.dirichlet(np.ones(3), 50)
    assert outcomes.multiclass(index, 3).score(share) == pytest.approx(log_loss(index, share))
    number = rng.normal(size=50)
    assert outcomes.regression(number).score(np.zeros((50, 1))) == pytest.approx(
        mean_squared_error(number, np.zeros(50)), rel=1e-5
    )


def test_survival_score_is_the_log_likelihood_of_the_hazards() -> None:
    found = outcomes.survival(
        np.array([5.0, 15.0, 25.0]), np.array([True, False, True]), np.array([10.0, 20.0])
    )
    curve = np.array([[0.9, 0.72]] * 3)
    expected = -(np.log(0.1) + (np.log(0.9) + np.log(0.8)) + (np.log(0.9) + np.log(0.8))) / 3
    assert found.score(curve) == pytest.approx(expected)


@given(st.integers(0, 10_000))
def test_curve_and_hazards_are_inverse(seed: int) -> None:
    hazards = np.random.default_rng(seed).uniform(0.01, 0.6, (7, 5))
    back = outcomes.hazards(outcomes.curve(hazards))
    np.testing.assert_allclose(back, hazards, atol=1e-5)


def test_unobserved_labels_do_not_count() -> None:
    known = outcomes.binary(np.array([True, False]))
    more = outcomes.binary(np.array([True, False, True]), np.array([1, 1, 0], np.float32))
    value = np.array([[0.7], [0.2], [0.01]])
    assert more.score(value) == pytest.approx(known.score(value[:2]))
    index = outcomes.multiclass(np.array([0, 1, -1]), 2)
    assert index.weights[2].tolist() == [0, 0]


@pytest.mark.parametrize(
    "alike",
    [
        outcomes.binary(np.ones(9, bool)),
        outcomes.binary(np.array([True, False]), np.array([1, 0], np.float32)),
        outcomes.multiclass(np.full(9, 2), 3),
        outcomes.regression(np.full(9, 4.5)),
        outcomes.survival(np.arange(1.0, 10), np.zeros(9, bool), np.array([5.0])),
        outcomes.binary(np.zeros(0, bool)),
    ],
)
def test_nothing_to_learn_is_an_error(alike: outcomes.Outcome) -> None:
    with pytest.raises(DataError, match="training"):
        alike.require_learnable()
