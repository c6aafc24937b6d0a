"""Unit errors and odd combinations show; patients like those of training seldom do."""

import numpy as np
import pytest
from scipy.stats import rankdata
from sklearn.covariance import ledoit_wolf

from bedside.core.errors import DataError
from bedside.methods import novelty


def ward(n, seed):
    """Twelve columns as a hospital has them: skewed, bounded, zero-inflated, correlated, gaps."""
    rng = np.random.default_rng(seed)
    age = rng.uniform(18, 95, n)
    height = rng.normal(170, 9, n)
    weight = (height - 100) * np.exp(rng.normal(0, 0.18, n))
    creatinine = np.exp(rng.normal(0, 0.5, n))
    urea = creatinine * np.exp(rng.normal(1.8, 0.3, n))
    spo2 = np.minimum(100, rng.normal(97.5, 2, n))
    alcohol = np.where(rng.random(n) < 0.96, 0, rng.exponential(20, n))
    others = np.exp(rng.standard_t(5, (n, 5)) / 2)
    numeric = np.column_stack([age, height, weight, creatinine, urea, spo2, alcohol, others])
    numeric[rng.random(numeric.shape) < 0.1] = np.nan
    shares = [0.05, 0.6, 0.2, 0.1, 0.02, 0.01, 0.01, 0.008, 0.002]
    codes = np.column_stack([rng.integers(1, 3, n), rng.choice(9, n, p=shares)])
    return numeric.astype(np.float32), codes


@pytest.fixture(scope="module")
def trained():
    return novelty.fit(*ward(6000, 0))


def area(normal, odd):
    ranks = rankdata(np.r_[normal, odd])[len(normal) :]
    return (ranks.sum() - len(odd) * (len(odd) + 1) / 2) / len(odd) / len(normal)


def changed(numeric, column, factor):
    other = numeric[~np.isnan(numeric[:, column])].copy()
    other[:, column] *= factor
    return other


def test_false_alarms_are_one_in_a_hundred_at_the_quantile(trained):
    limit = np.quantile(trained.score(*ward(4000, 1)), 0.99)
    alarms = trained.score(*ward(40_000, 2)) > limit
    assert alarms.mean() == pytest.approx(0.01, abs=0.006)


@pytest.mark.parametrize(
    ("column", "factor", "least"),
    [
        (0, 12.0, 0.99),  # age in months
        (1, 0.01, 0.99),  # height in metres
        (1, 1 / 2.54, 0.99),  # and in inches
        (3, 88.4, 0.99),  # creatinine in umol/L
        (4, 6.0, 0.9),  # urea in mg/dL, which the ill reach in mmol/L
        (5, 0.01, 0.99),  # a share instead of per cent
        (6, 1000.0, 0.99),
    ],
)
def test_one_value_in_the_wrong_unit_is_found(trained, column, factor, least):
    numeric, codes = ward(4000, 3)
    if column == 6:
        numeric = numeric[numeric[:, 6] > 0]
    odd = changed(numeric, column, factor)
    normal = trained.score(*ward(4000, 4))
    found = trained.score(odd, codes[: len(odd)])
    assert area(normal, found) > least


def test_one_value_far_outside_its_range_is_over_the_limit(trained):
    numeric, codes = ward(2000, 5)
    limit = np.quantile(trained.score(*ward(4000, 1)), 0.99)
    for column in range(numeric.shape[1]):
        spread = np.nanquantile(numeric[:, column], 0.99) - np.nanquantile(numeric[:, column], 0.01)
        for away in (-30, 30):
            odd = numeric.copy()
            odd[:, column] = np.nanmedian(numeric[:, column]) + away * spread
            assert (trained.score(odd, codes) > limit).mean() > 0.97, (column, away)


def test_values_that_do_not_go_together_are_found_though_each_is_ordinary(trained):
    numeric, codes = ward(3000, 7)
    whole = np.isfinite(numeric[:, 3]) & np.isfinite(numeric[:, 4])
    numeric, codes = numeric[whole], codes[whole]
    order = np.argsort(numeric[:, 3])
    swapped = numeric.copy()
    swapped[order, 4] = np.sort(numeric[:, 4])[::-1]  # the higher creatinine, the lower urea
    far = np.abs(rankdata(numeric[:, 3]) / len(numeric) - 0.5) > 0.4
    assert area(trained.score(numeric, codes), trained.score(swapped, codes)[far]) > 0.9


def test_a_shifted_ward_scores_higher_than_one_like_training(trained):
    numeric, codes = ward(3000, 8)
    shifted = numeric.copy()
    shifted[:, 7:] *= np.float32(4.0)
    assert area(trained.score(numeric, codes), trained.score(shifted, codes)) > 0.95


def test_an_error_among_the_training_values_does_not_hide_the_next():
    numeric, codes = ward(6000, 0)
    spoilt = numeric.copy()
    spoilt[:3, 3] = 9999.0
    limit = np.quantile(novelty.fit(spoilt, codes).score(*ward(4000, 1)), 0.99)
    odd = changed(ward(2000, 9)[0], 3, 88.4)
    found = novelty.fit(spoilt, codes).score(odd, codes[: len(odd)])
    assert (found > limit).mean() > 0.95


def test_never_seen_gaps_categories_and_infinities_are_finite_scores(trained):
    numeric, codes = ward(50, 10)
    for odd in (np.full_like(numeric, np.nan), np.full_like(numeric, np.inf), -numeric * 1e30):
        assert np.isfinite(trained.score(odd, codes)).all()
    limit = np.quantile(trained.score(*ward(4000, 1)), 0.99)
    assert (trained.score(numeric, codes + np.array([0, 50])) > limit).all()
    assert np.isfinite(trained.score(numeric, codes - 99)).all()


def test_a_constant_column_only_numbers_and_only_codes():
    ones = np.ones((100, 1), np.float32)
    none = np.zeros((100, 0), np.int64)
    constant = novelty.fit(ones, none)
    assert constant.score(ones, none).max() < 1e-3
    assert constant.score(ones * 3, none).min() > 5
    labels = novelty.fit(np.zeros((100, 0)), np.arange(100)[:, None] % 2 + 1)
    usual, unseen = labels.score(np.zeros((2, 0)), np.array([[1], [9]]))
    assert usual < 2 < unseen
    with pytest.raises(DataError, match="one field or more"):
        novelty.fit(np.zeros((100, 0)), none)
    with pytest.raises(DataError, match="expected 1 numbers and 0 codes"):
        constant.score(np.ones((2, 2), np.float32), none[:2])


def test_the_formula_of_the_first_lines_gives_the_score_from_the_parameters(trained):
    """Written out once more as a graph would compute it, one operation after another."""
    p = trained.params
    x, c = ward(500, 11)
    x[:5] *= np.float32(1e20)
    gap = np.isnan(x)
    u = np.where(gap, p["knots"][0], x)
    z = p["scores"][0] + np.minimum(u - p["knots"][0], 0) * p["below"]
    z = z + np.maximum(u - p["knots"][4], 0) * p["above"]
    for k in range(4):
        width = p["knots"][k + 1] - p["knots"][k]
        z = z + np.minimum(np.maximum(u - p["knots"][k], 0), width) * p["slopes"][k]
    z = np.where(gap, p["typical"], np.minimum(np.maximum(z, -1e6), 1e6)).astype(np.float32)
    i = p["lookup"][p["starts"] + np.minimum(np.maximum(c, 0), p["sizes"])]
    y = np.concatenate([z, gap.astype(np.float32)], axis=1) @ p["matrix"]
    y = y + p["rows"][i].sum(axis=1) - p["shift"]
    assert {array.dtype for array in p.values()} == {np.dtype(np.float32), np.dtype(np.int64)}
    expected = np.sqrt((y * y).sum(axis=1))
    np.testing.assert_allclose(trained.score(x, c), expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(novelty.Novelty(**p).score(x, c), trained.score(x, c))


def test_the_covariance_is_that_of_scikit_learn():
    x = np.random.default_rng(12).normal(size=(60, 20)) @ np.diag(np.arange(1.0, 21.0))
    x -= x.mean(axis=0)
    expected = ledoit_wolf(x, assume_centered=True)[0]
    np.testing.assert_allclose(novelty.shrunk_covariance(x), expected, rtol=1e-10)
