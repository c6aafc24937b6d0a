"""Subject-bootstrap intervals: their law, their draws, and what they say when they cannot say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import norm

from bedside.core.errors import DataError
from bedside.methods.intervals import difference, estimate, evaluate, resample, summarise
from bedside.methods.measures import Ranking, mean, proportion

LEVEL = 0.9


def visits(random, subjects=40, rows=8):
    """Rows of one subject share outcome and most of the score; auroc has a closed form."""
    subject = np.repeat(np.arange(subjects), rows)
    y = (np.arange(subjects) % 2)[subject]
    score = y + random.normal(0, 1, subjects)[subject] + random.normal(0, 0.5, subjects * rows)
    return subject, y, expit(score)


def coverage(unit_of, strata_of, rounds=300):
    """Share of rounds whose interval holds the true auroc."""
    truth = norm.cdf(1 / np.sqrt(2 * (1 + 0.25)))
    random = np.random.default_rng(5)
    hits = 0
    for seed in range(rounds):
        subject, y, p = visits(random)
        resamples = resample(unit_of(subject), 200, seed, strata=strata_of(y))
        _, low, high = estimate(Ranking.of(y, p), resamples, LEVEL)["auroc"]
        hits += low <= truth <= high
    return hits / rounds


def test_an_interval_covers_at_its_level_when_subjects_are_resampled():
    # 300 rounds at 0.9: four standard errors are 0.07.
    assert 0.83 <= coverage(lambda subject: subject, lambda y: y) <= 0.97


def test_resampling_rows_of_a_subject_as_if_independent_covers_far_less():
    assert coverage(lambda subject: np.arange(len(subject)), lambda y: y) < 0.65


@settings(max_examples=40, deadline=None)
@given(
    subjects=st.lists(st.integers(-5, 5), min_size=1, max_size=40),
    seed=st.integers(0, 2**40),
    size=st.integers(1, 200),
)
def test_a_subjects_rows_are_drawn_together_and_as_many_subjects_as_there_are(subjects, seed, size):
    names = np.array(subjects)
    resamples = resample(names, 5, seed)
    weights = np.concatenate(list(resamples.chunks(size)))
    assert weights.shape == (5, len(names))
    _, first, inverse = np.unique(names, return_index=True, return_inverse=True)
    assert (weights == weights[:, first][:, inverse]).all()
    assert (weights[:, first].sum(axis=1) == len(first)).all()
    # Neither the size of a chunk nor the order of the rows changes a draw.
    assert (weights == np.concatenate(list(resamples.chunks()))).all()
    order = np.random.default_rng(seed).permutation(len(names))
    again = np.concatenate(list(resample(names[order], 5, seed).chunks()))
    assert (again == weights[:, order]).all()


def test_draws_are_uniform_and_differ_between_seeds_and_replicates():
    weights = np.concatenate(list(resample(np.arange(50), 4000, seed=1).chunks()))
    # Each count is Binomial(50, 1/50): mean 1, variance 0.98; 4,000 of them.
    assert np.abs(weights.mean(axis=0) - 1).max() < 5 * np.sqrt(0.98 / 4000)
    assert np.abs(weights.var(axis=0) - 0.98).max() < 0.15
    assert len(np.unique(weights, axis=0)) == 4000
    other = next(resample(np.arange(50), 1, seed=2).chunks())
    assert (other != weights[:1]).any()


def test_strata_keep_the_number_of_subjects_of_each():
    subject = np.array(["a", "b", "c", "d", "d", "e"])
    rare = np.array([0, 0, 0, 1, 1, 0])
    weights = np.concatenate(list(resample(subject, 300, seed=3, strata=rare).chunks()))
    assert (weights[:, 3] == 1).all()
    assert (weights[:, 4] == 1).all()
    assert (weights[:, [0, 1, 2, 5]].sum(axis=1) == 4).all()
    unstratified = np.concatenate(list(resample(subject, 300, seed=3).chunks()))
    assert (unstratified[:, 3] == 0).any()


def test_evaluate_joins_chunks_in_order_also_for_arrays():
    resamples = resample(np.arange(1000), 200, seed=0)
    assert len(list(resamples.chunks())) > 1

    def measure(weights):
        return {"one": weights[:, 0], "two": weights[:, :2]}

    values = evaluate(measure, resamples)
    weights = np.concatenate(list(resamples.chunks()))
    assert (values["one"] == weights[:, 0]).all()
    assert (values["two"] == weights[:, :2]).all()


def test_percentile_bounds_are_numpys():
    replicates = np.random.default_rng(0).normal(size=999)
    assert summarise(0.25, replicates, 0.8) == (0.25, *np.quantile(replicates, [0.1, 0.9]))


def test_up_to_five_percent_undefined_are_ignored_and_more_leave_no_bounds():
    replicates = np.linspace(0, 1, 100)
    replicates[:5] = [np.nan, np.inf, -np.inf, np.nan, np.nan]
    assert summarise(0.5, replicates)[1:] == pytest.approx(
        np.quantile(replicates[5:], [0.025, 0.975]), abs=1e-12
    )
    replicates[5] = np.nan
    assert np.isnan(summarise(0.5, replicates)[1:]).all()
    assert np.isnan(summarise(float("nan"), np.ones(10))).all()


def test_a_paired_difference_is_narrower_than_an_unpaired_one():
    random = np.random.default_rng(2)
    y = np.arange(400) % 2
    first = y + random.normal(0, 1, 400)
    second = first + random.normal(0, 0.1, 400)
    resamples = resample(np.arange(400), 500, seed=1)
    values = [evaluate(Ranking.of(y, score), resamples)["auroc"] for score in (first, second)]
    value, low, high = difference((0.7, 0.6), *values)
    assert value == pytest.approx(0.1)
    _, lowest, highest = difference((0.7, 0.6), values[0], np.roll(values[1], 1))
    assert high - low < 0.3 * (highest - lowest)
    assert difference((0.5, 0.5), values[0], values[0]) == (0, 0, 0)


def test_coverage_of_a_subgroup_can_be_bootstrapped():
    hits = np.array([1.0, 0, 1, 1, np.nan, np.nan])
    resamples = resample(np.arange(6), 500, seed=4)
    value, low, high = estimate(lambda w: {"coverage": proportion(hits, w)}, resamples)["coverage"]
    assert value == 0.75
    assert 0 <= low < 0.75 < high <= 1
    assert np.isnan(mean([np.nan, np.nan])).all()
    assert mean([1.0, 5.0], np.array([[3, 1], [0, 0]]))[0] == 2
    with pytest.raises(DataError, match="hits"):
        proportion([0.5, 1])


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda: resample([], 10, 0), "subjects"),
        (lambda: resample([[1, 2]], 10, 0), "subjects"),
        (lambda: resample([1, 2], 0, 0), "replicate"),
        (lambda: resample([1, 2], 5, -1), "seed"),
        (lambda: resample([1, 2], 5, 0, strata=[1]), "strata"),
        (lambda: resample([7, 7, 8], 5, 0, strata=[0, 1, 1]), "index 1"),
        (lambda: summarise(0.5, np.ones(3), level=95), "level"),
        (lambda: difference((0, 0), np.ones(3), np.ones(4)), "paired"),
    ],
)
def test_what_cannot_be_resampled_is_said(act, says):
    with pytest.raises(DataError, match=says):
        act()
