"""AUROC and R squared by patient: against scikit-learn, brute force, and their law."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import r2_score, roc_auc_score

from bedside.methods.audit import separation


def _delong(label: np.ndarray, score: np.ndarray) -> float:
    """Standard error by the definition, over all pairs."""
    one, zero = score[label], score[~label]
    wins = (one[:, None] > zero) + 0.5 * (one[:, None] == zero)
    return float(
        np.sqrt(
            wins.mean(axis=1).var(ddof=0) / len(one) + wins.mean(axis=0).var(ddof=0) / len(zero)
        )
    )


def test_auroc_is_that_of_scikit_learn_and_the_interval_is_no_narrower_than_delongs() -> None:
    rng = np.random.default_rng(1)
    for ties in (True, False):
        label = rng.random(500) < 0.3
        score = rng.normal(size=500) + label
        score = score.round(0 if ties else 9)
        found = separation.auroc(label, score, np.arange(500))
        assert found.value == pytest.approx(roc_auc_score(label, score), abs=1e-12)
        half = 1.96 * _delong(label, score)
        assert found.low <= found.value - half * 0.999
        assert found.high - found.low < 2.3 * half


def test_a_patient_counts_once_however_many_rows_there_are() -> None:
    rng = np.random.default_rng(2)
    label = rng.random(200) < 0.4
    score = rng.normal(size=200) + label
    subject = np.arange(200)
    once = separation.auroc(label, score, subject)
    often = separation.auroc(np.repeat(label, 9), np.repeat(score, 9), np.repeat(subject, 9))
    assert often.value == pytest.approx(once.value, abs=1e-12)
    assert often.low == pytest.approx(once.low, abs=1e-9)
    assert often.subjects == 200


def test_perfect_separation_is_not_certainty() -> None:
    label = np.arange(40) < 20
    found = separation.auroc(label, label.astype(float), np.arange(40))
    assert found.value == 1.0
    assert 0.75 < found.low < 0.95


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    truth = stats.norm.cdf(1.5 / np.sqrt(2))
    inside = 0
    for _ in range(400):
        label = np.arange(120) < 40
        found = separation.auroc(label, rng.normal(size=120) + 1.5 * label, np.arange(120))
        inside += found.low <= truth <= found.high
    assert 0.93 <= inside / 400 <= 0.995


def test_one_class_is_undefined() -> None:
    found = separation.auroc(np.ones(5, bool), np.arange(5.0), np.arange(5))
    assert np.isnan(found.value)
    assert found.subjects == 0


def test_the_exact_share_is_that_of_scipy() -> None:
    for cases, size in ((0, 30), (7, 30), (30, 30)):
        expected = stats.binomtest(cases, size).proportion_ci(method="exact")
        assert separation.share(cases, size) == pytest.approx((expected.low, expected.high))


def test_rates_never_come_from_a_rows_own_fold() -> None:
    rng = np.random.default_rng(4)
    code, fold = rng.integers(0, 4, 300), rng.integers(0, 5, 300)
    outcome = rng.random(300)
    before = separation.held_out_rate(code, outcome, fold)
    changed = outcome.copy()
    changed[fold == 2] = rng.permutation(changed[fold == 2])
    after = separation.held_out_rate(code, changed, fold)
    np.testing.assert_allclose(after[fold == 2], before[fold == 2], atol=1e-12)
    assert not np.allclose(after[fold != 2], before[fold != 2])


def test_r_squared_is_that_of_scikit_learn_and_never_below_zero() -> None:
    rng = np.random.default_rng(5)
    outcome = rng.normal(size=100)
    guess = outcome + rng.normal(size=100) * 0.5
    found = separation.r_squared(outcome, guess, np.arange(100))
    assert found.value == pytest.approx(r2_score(outcome, guess), abs=1e-9)
    assert found.low < found.value < found.high
    assert separation.r_squared(outcome, -outcome, np.arange(100)).value == 0.0
