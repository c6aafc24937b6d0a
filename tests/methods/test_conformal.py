"""Coverage is a law: it is simulated, and the quantile is checked against its definition."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapie.classification import SplitConformalClassifier
from mapie.regression import SplitConformalRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

from bedside.core.errors import DataError
from bedside.methods import conformal, survival


@given(st.integers(0, 60), st.integers(1, 99), st.integers(0, 2**32))
def test_the_quantile_is_the_one_that_exact_arithmetic_gives(n, percent, seed):
    scores = np.random.default_rng(seed).normal(size=n)
    place = math.ceil((n + 1) * Fraction(percent, 100))
    expected = np.sort(scores)[place - 1] if place <= n else math.inf
    assert conformal.quantile(scores, percent / 100) == expected
    assert conformal.quantile(scores, percent / 100, np.full(n, 3.7)) == expected


@settings(max_examples=15, deadline=None)
@given(n=st.integers(5, 60), percent=st.sampled_from([50, 80, 90, 95]))
def test_the_next_patient_is_covered_at_the_level_and_hardly_above(n, percent):
    rng = np.random.default_rng(n * 100 + percent)
    draws, coverage = 4000, percent / 100
    scores = rng.exponential(size=(draws, n + 1))
    q = np.array([conformal.quantile(row[:-1], coverage) for row in scores])
    covered = (scores[:, -1] <= q).mean()
    error = 4 * math.sqrt(coverage * (1 - coverage) / draws)
    assert covered > coverage - error
    exact = min(1.0, math.ceil((n + 1) * coverage - 1e-9) / (n + 1))
    assert covered < exact + error


def three_classes(n, seed):
    """A rare third class, and honest probabilities that are nevertheless not sharp."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, 3)) + np.array([1.0, 0.5, -2.0])
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    return p, y


def test_one_quantile_covers_on_average_and_one_a_class_covers_the_rare_class_too():
    p, y = three_classes(40_000, 0)
    p2, y2 = three_classes(40_000, 1)
    rows = np.arange(len(y2))
    shared = conformal.label_sets(p2, conformal.quantile(conformal.class_scores(p, y), 0.9))
    each = conformal.label_sets(p2, conformal.class_quantiles(p, y, 0.9))
    rare = y2 == 2
    assert shared[rows, y2].mean() == pytest.approx(0.9, abs=0.015)
    assert shared[rows, y2][rare].mean() < 0.7
    for k in range(3):
        assert each[rows, y2][y2 == k].mean() == pytest.approx(0.9, abs=0.03)


def test_a_class_with_too_few_patients_stays_in_every_set():
    p, y = three_classes(300, 2)
    keep = (y != 2) | (np.cumsum(y == 2) <= 5)
    q = conformal.class_quantiles(p[keep], y[keep], 0.9)
    assert q[2] == math.inf
    assert conformal.label_sets(p, q)[:, 2].all()


def test_sets_are_those_of_mapie():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(1500, 4))
    y = (x @ [1.0, -1, 0.5, 0] + rng.logistic(size=1500) > 0).astype(int) + (x[:, 3] > 1)
    model = LogisticRegression().fit(x[:500], y[:500])
    oracle = SplitConformalClassifier(model, confidence_level=0.85, prefit=True)
    oracle.conformalize(x[500:1000], y[500:1000])
    expected = oracle.predict_set(x[1000:])[1][:, :, 0]
    scores = conformal.class_scores(model.predict_proba(x[500:1000]), y[500:1000])
    found = conformal.label_sets(model.predict_proba(x[1000:]), conformal.quantile(scores, 0.85))
    np.testing.assert_array_equal(found, expected)


def test_intervals_are_those_of_mapie_and_a_good_spread_makes_them_fit_each_patient():
    rng = np.random.default_rng(5)
    x = rng.uniform(0.5, 3, size=(3000, 1))
    y = 2 * x[:, 0] + rng.normal(size=3000) * x[:, 0]
    model = LinearRegression().fit(x[:1000], y[:1000])
    tune, test = slice(1000, 2000), slice(2000, None)
    oracle = SplitConformalRegressor(model, confidence_level=0.9, prefit=True)
    expected = oracle.conformalize(x[tune], y[tune]).predict_interval(x[test])[1][:, :, 0]
    predicted = model.predict(x)
    q = conformal.quantile(conformal.residual_scores(predicted[tune], y[tune]), 0.9)
    low, high = conformal.intervals(predicted[test], q)
    np.testing.assert_allclose(np.stack([low, high], axis=1), expected)
    fitted = conformal.residual_scores(predicted[tune], y[tune], x[tune, 0])
    low, high = conformal.intervals(predicted[test], conformal.quantile(fitted, 0.9), x[test, 0])
    inside, wide = (low <= y[test]) & (y[test] <= high), x[test, 0] > 2
    assert inside[wide].mean() == pytest.approx(0.9, abs=0.05)
    assert inside[~wide].mean() == pytest.approx(0.9, abs=0.05)


def test_weights_keep_the_coverage_when_patients_are_lost_before_the_horizon():
    rng = np.random.default_rng(6)
    n = 60_000
    z = rng.normal(size=n)
    happened = rng.exponential(2 * np.exp(-z))
    lost = rng.exponential(0.7, n)  # many are lost, and those with an event late more often
    risk = 1 - np.exp(-np.exp(z) / 2)
    p = np.stack([1 - risk, risk], axis=1)
    time, event, truth = np.minimum(happened, lost), happened <= lost, (happened <= 1) * 1
    state = survival.state_at(time, event, 1.0)
    known = np.isfinite(state) & (np.arange(n) < n // 2)
    weights = survival.horizon_weights(time, event, 1.0)
    scores = conformal.class_scores(p[known], state[known])
    new = conformal.class_scores(p[n // 2 :], truth[n // 2 :])
    weighted = (new <= conformal.quantile(scores, 0.8, weights[known])).mean()
    plain = (new <= conformal.quantile(scores, 0.8)).mean()
    assert weighted == pytest.approx(0.8, abs=0.012)
    assert abs(plain - 0.8) > 0.02


def test_wrong_input_is_refused():
    with pytest.raises(DataError, match="unobserved"):
        conformal.quantile([1.0, np.nan], 0.9)
    with pytest.raises(DataError, match="coverage"):
        conformal.quantile([1.0], 1.0)
    with pytest.raises(DataError, match="0 to 1"):
        conformal.class_scores(np.full((2, 2), 0.5), [0, 2])
    with pytest.raises(DataError, match="unobserved"):
        conformal.class_scores(np.full((2, 2), 0.5), [0.0, np.nan])
    with pytest.raises(DataError, match="spread"):
        conformal.intervals([1.0], 1.0, [0.0])
