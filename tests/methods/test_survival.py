"""Kaplan-Meier, weights, grids and measures against lifelines, scikit-survival and simulation."""

import time as clock

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from sksurv import metrics
from sksurv.util import Surv

from bedside.core.errors import DataError
from bedside.methods import survival


def cohort(n, seed=0, *, censored=True):
    """Exponential times with a risk factor; curves of the true model at ten edges up to 2."""
    rng = np.random.default_rng(seed)
    log_hazard = rng.normal(size=n)
    happened = rng.exponential(np.exp(-log_hazard))
    lost = rng.uniform(0.2, 4.0, n) if censored else np.full(n, 1e9)
    time, event = np.minimum(happened, lost), happened <= lost
    edges = np.linspace(0.2, 2.0, 10)
    curves = np.exp(-np.exp(log_hazard)[:, None] * edges)
    return time, event, np.clip(curves, 0.0, 1.0), edges, happened


def replicates(b, n, seed=1):
    rng = np.random.default_rng(seed)
    return rng.multinomial(n, np.full(n, 1 / n), size=b).astype(float)


def test_kaplan_meier_is_that_of_lifelines_with_ties_and_weights():
    rng = np.random.default_rng(3)
    time, event = rng.integers(1, 30, 300).astype(float), rng.random(300) < 0.5
    weights = rng.integers(1, 5, 300).astype(float)
    at = np.linspace(0, 35, 50)
    for weight in (None, weights):
        oracle = KaplanMeierFitter().fit(time, event, weights=weight).predict(at).to_numpy()
        np.testing.assert_allclose(survival.kaplan_meier(time, event, weight).at(at), oracle)


def test_a_censoring_at_the_time_of_an_event_comes_after_it():
    held = survival.censoring([1.0, 1.0, 2.0], [1, 0, 1])
    assert held.before([1.0, 2.0]).tolist() == [1.0, 0.5]
    assert held.at([1.0]).tolist() == [0.5]


def test_weights_of_the_known_stand_for_all_and_undo_the_bias_of_dropping_the_rest():
    time, event, _, _, happened = cohort(40_000)
    weights = survival.horizon_weights(time, event, 1.5)
    state = survival.state_at(time, event, 1.5)
    assert (weights > 0).sum() == np.isfinite(state).sum() < len(time)
    assert weights.sum() == pytest.approx(len(time), rel=1e-9)
    truth = (happened <= 1.5).mean()
    weighted = (weights * np.nan_to_num(state)).sum() / weights.sum()
    dropped = np.nanmean(state)
    assert weighted == pytest.approx(truth, abs=0.01)
    assert abs(dropped - truth) > 0.03


def test_followed_exactly_to_the_horizon_is_known_to_be_free_of_the_event():
    time, event = [1.0, 5.0, 5.0, 3.0], [1, 0, 1, 0]
    np.testing.assert_array_equal(survival.state_at(time, event, 5.0), [1.0, 0.0, 1.0, np.nan])
    np.testing.assert_allclose(survival.horizon_weights(time, event, 5.0), [1, 1.5, 1.5, 0])


def test_a_grid_has_about_as_many_events_in_each_interval_and_ends_at_the_horizon():
    time, event, *_ = cohort(5000)
    edges = survival.time_grid(time, event, 8, horizon=1.5)
    counts = np.histogram(time[event], np.r_[0, edges])[0]
    assert edges[-1] == 1.5
    assert len(edges) == 8
    assert counts.max() - counts.min() <= 3
    assert survival.time_grid(time, event, 4)[-1] == time[event].max()
    assert survival.time_grid([1.0, 1.0, 2.0], [1, 1, 1], 9).tolist() == [1.0, 2.0]


def test_hazards_that_fit_the_discrete_targets_give_back_the_kaplan_meier_curve():
    time, event, *_ = cohort(20_000)
    edges = survival.time_grid(time, event, 20, horizon=1.5)
    at_risk, happened = survival.discrete_targets(time, event, edges)
    assert (happened <= at_risk).all()
    assert happened.sum() == (event & (time <= 1.5)).sum()
    hazards = happened.sum(axis=0) / at_risk.sum(axis=0)
    curve = survival.kaplan_meier(time, event).at(edges)
    np.testing.assert_allclose(np.cumprod(1 - hazards), curve, atol=0.004)


def test_discrete_targets_at_the_edges():
    at_risk, happened = survival.discrete_targets(
        [0.0, 1.0, 1.4, 1.4, 1.6, 9.0, 2.0], [1, 1, 1, 0, 0, 1, 0], [1.0, 2.0]
    )
    assert happened.tolist() == [[1, 0], [1, 0], [0, 1], [0, 0], [0, 0], [0, 0], [0, 0]]
    assert at_risk.tolist() == [[1, 0], [1, 0], [1, 1], [1, 0], [1, 1], [1, 1], [1, 1]]


def test_measures_are_those_of_scikit_survival():
    time, event, curves, edges, _ = cohort(600)
    found = survival.measures(time, event, survival=curves, edges=edges, horizon=edges[-1])
    truth = Surv.from_arrays(event, time)
    risk = 1 - curves[:, -1]
    harrell = metrics.concordance_index_censored(event, time, risk, tied_tol=0)[0]
    uno = metrics.concordance_index_ipcw(truth, truth, risk, tau=edges[-1], tied_tol=0)[0]
    area = metrics.cumulative_dynamic_auc(truth, truth, risk, [edges[-1]], tied_tol=0)[0][0]
    brier = metrics.brier_score(truth, truth, curves, edges)[1]
    mean = np.trapezoid(np.r_[0, brier], np.r_[0, edges]) / edges[-1]
    expected = {"c_index": harrell, "c_index_ipcw": uno, "auroc_at_horizon": area,
                "brier_at_horizon": brier[-1], "integrated_brier": mean}  # fmt: skip
    for name, value in expected.items():
        assert found[name].item() == pytest.approx(value, abs=1e-12), name


def test_a_replicate_of_counts_equals_the_cohort_with_subjects_repeated():
    time, event, curves, edges, _ = cohort(300)
    time = np.ceil(time * 10) / 10
    counts = replicates(4, len(time))
    found = survival.measures(
        time, event, survival=curves, edges=edges, horizon=edges[5], weights=counts
    )
    for b, row in enumerate(counts.astype(int)):
        again = np.repeat(np.arange(len(time)), row)
        one = survival.measures(
            time[again], event[again], survival=curves[again], edges=edges, horizon=edges[5]
        )
        for name, value in one.items():
            assert found[name][b] == pytest.approx(value.item(), abs=1e-12), name


def test_censoring_does_not_move_the_weighted_measures():
    time, event, curves, edges, happened = cohort(20_000, seed=5)
    full = survival.measures(
        happened, np.ones(len(time)), survival=curves, edges=edges, horizon=edges[-1]
    )
    found = survival.measures(time, event, survival=curves, edges=edges, horizon=edges[-1])
    for name in ("c_index_ipcw", "auroc_at_horizon", "brier_at_horizon", "integrated_brier"):
        assert found[name].item() == pytest.approx(full[name].item(), abs=0.01), name
    assert abs(found["calibration_at_horizon"].item()) < 0.01
    off = survival.measures(time, event, survival=curves**2, edges=edges, horizon=edges[-1])
    assert off["calibration_at_horizon"].item() < -0.05


def test_no_answer_is_nan_not_a_number_made_up():
    curves, edges = np.array([[0.9, 0.8], [0.7, 0.5], [0.6, 0.4]]), [1.0, 2.0]
    nobody = survival.measures(
        [1.5, 1.8, 1.2], [0, 0, 0], survival=curves, edges=edges, horizon=2.0
    )
    assert all(np.isnan(value).all() for value in nobody.values())
    all_free = survival.measures(
        [3.0, 3.0, 3.0], [0, 0, 0], survival=curves, edges=edges, horizon=2.0
    )
    assert np.isnan(all_free["c_index"]).all()
    assert np.isnan(all_free["auroc_at_horizon"]).all()
    assert all_free["brier_at_horizon"].item() == pytest.approx(np.mean([0.04, 0.25, 0.36]))


def test_five_hundred_replicates_of_two_thousand_patients_take_about_a_second():
    time, event, curves, edges, _ = cohort(2000)
    counts = replicates(500, len(time))
    survival.measures(
        time, event, survival=curves, edges=edges, horizon=edges[-1], weights=counts[:2]
    )
    start = clock.perf_counter()
    survival.measures(time, event, survival=curves, edges=edges, horizon=edges[-1], weights=counts)
    assert clock.perf_counter() - start < 5.0  # about 1 s alone; other work may share the cores


@pytest.mark.parametrize(
    ("time", "event", "words"),
    [
        ([1.0, np.nan], [1, 0], "row 1"),
        ([1.0, -2.0], [1, 0], "0 or more"),
        ([1.0, 2.0], [1, 2], "0 or 1"),
        ([], [], "N at least 1"),
        ([1.0, 2.0], [1], "events"),
    ],
)
def test_wrong_follow_up_is_refused(time, event, words):
    with pytest.raises(DataError, match=words):
        survival.kaplan_meier(time, event)


def test_wrong_curves_are_refused():
    with pytest.raises(DataError, match="horizon"):
        survival.measures([1.0, 2.0], [1, 0], survival=np.ones((2, 1)), edges=[1.0], horizon=3.0)
    with pytest.raises(DataError, match="probabilities"):
        survival.measures(
            [1.0, 2.0], [1, 0], survival=np.full((2, 1), np.nan), edges=[1.0], horizon=1.0
        )
    with pytest.raises(DataError, match="events up to the horizon"):
        survival.time_grid([1.0, 2.0], [0, 0], 4, horizon=2.0)
