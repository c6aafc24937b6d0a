from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss, mean_squared_error

from bedside.core.dataset import Target
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


def frame(**columns: list) -> pl.DataFrame:
    rows = len(next(iter(columns.values())))
    blank = {"target": [None] * rows, "duration": [None] * rows, "event": [None] * rows}
    kinds = {"target": pl.Float64, "duration": pl.Float64, "event": pl.Int8}
    return pl.DataFrame(blank | columns, schema_overrides=kinds)


def test_outcomes_of_samples() -> None:
    plain = frame(target=[1.0, 0.0, None])
    binary = outcomes.outcome_of(plain, Target(type="binary", outcome="death"))
    assert binary.labels[:2, 0].tolist() == [1, 0]
    assert binary.weights[:, 0].tolist() == [1, 1, 0]
    three = Target(type="multiclass", outcome="ward", classes=("a", "b", "c"))
    classes = outcomes.outcome_of(frame(target=[2.0, None]), three)
    assert classes.labels.tolist() == [[0, 0, 1], [0, 0, 0]]
    assert classes.weights[1].tolist() == [0, 0, 0]
    value = outcomes.outcome_of(plain, Target(type="regression", outcome="pressure"))
    assert value.weights[:, 0].tolist() == [1, 1, 0]
    timed = frame(duration=[5.0, 12.0], event=[1, 0])
    target = Target(type="survival", outcome="death", horizon=10.0)
    survival = outcomes.outcome_of(timed, target, np.array([4.0, 10.0]))
    assert survival.labels.tolist() == [[0, 1], [0, 0]]


def test_the_observed_stand_in_for_those_lost_before_the_horizon() -> None:
    rng = np.random.default_rng(0)
    time, lost = rng.exponential(8, 4000), rng.exponential(12, 4000)
    duration, event = np.minimum(time, lost), time <= lost
    known = event & (duration <= 10) | (duration >= 10)
    samples = frame(
        target=[float(t <= 10) if k else None for t, k in zip(time, known, strict=True)],
        duration=duration.tolist(), event=event.astype(int).tolist(),
    )  # fmt: skip
    found = outcomes.outcome_of(samples, Target(type="binary", outcome="death", horizon=10.0))
    assert (found.weights[~known] == 0).all()
    weighted = np.average(found.labels[:, 0], weights=found.weights[:, 0])
    naive = found.labels[known].mean()
    truth = (time <= 10).mean()
    assert abs(weighted - truth) < 0.02 < abs(naive - truth)
