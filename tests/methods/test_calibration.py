"""Calibrators learn the map they should, never reverse, and survive data that say too much."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, logit, softmax
from scipy.stats import binomtest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from bedside.core.errors import DataError
from bedside.methods.calibration import (
    IDENTITY,
    LEAST_SLOPE,
    Calibrator,
    curve,
    fit_calibrator,
    fit_linear,
    fit_logistic,
    fit_temperature,
    grouped,
)
from bedside.methods.intervals import resample
from bedside.methods.measures import binary


def distorted(seed, rows=20_000, slope=0.5, intercept=-1.0):
    """Predictions whose logit must be multiplied by `slope` and moved by `intercept`."""
    random = np.random.default_rng(seed)
    raw = random.normal(0, 2, rows)
    y = (random.random(rows) < expit(slope * raw + intercept)).astype(int)
    return y, expit(raw)


def test_logistic_recalibration_recovers_the_map_and_keeps_the_ranking():
    y, p = distorted(0)
    calibrator = fit_calibrator("binary", y, p)
    assert calibrator.params["slope"] == pytest.approx(0.5, abs=0.03)
    assert calibrator.params["intercept"] == pytest.approx(-1, abs=0.06)
    calibrated = calibrator.apply(p)
    assert roc_auc_score(y, calibrated) == roc_auc_score(y, p)
    measures = binary(y, calibrated)
    assert measures["calibration_slope"][0] == pytest.approx(1, abs=1e-3)
    assert measures["calibration_intercept"][0] == pytest.approx(0, abs=1e-3)


def test_logistic_recalibration_is_scikit_learns_with_two_pseudo_patients():
    y, p = distorted(1, rows=60)
    case = np.random.default_rng(0).uniform(0.2, 3, 60)
    x = logit(p)
    mean = np.average(x, weights=case)
    spread = np.sqrt(np.average((x - mean) ** 2, weights=case))
    pseudo = np.array([mean - spread, mean + spread])
    reference = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(
        np.concatenate([x, pseudo, pseudo])[:, None],
        np.concatenate([y, [1, 1, 0, 0]]),
        sample_weight=np.concatenate([case, expit(pseudo), 1 - expit(pseudo)]),
    )
    params = fit_logistic(y, p, case).params
    assert params["slope"] == pytest.approx(reference.coef_[0, 0], abs=1e-6)
    assert params["intercept"] == pytest.approx(reference.intercept_[0], abs=1e-6)


@pytest.mark.parametrize("rows", [4, 40, 20_000])
@pytest.mark.parametrize("margin", [1e-4, 0.2, 0.45])
def test_separable_data_do_not_explode(rows, margin):
    y = np.arange(rows) % 2
    p = np.where(y == 1, 0.5 + margin, 0.5 - margin)
    calibrated = fit_logistic(y, p).apply([0.5 - margin])
    # One pseudo-patient joins rows / 2 who had no event, with the outcome that the model says.
    assert calibrated[0] == pytest.approx((0.5 - margin) / (rows / 2 + 1), rel=1e-3)


def test_certain_and_right_predictions_stay_as_they_are():
    y = np.arange(40) % 2
    calibrated = fit_logistic(y, y).apply(y)
    assert np.abs(calibrated - y).max() < 1e-8


def test_reversed_predictions_are_flattened_never_turned_round():
    y, p = distorted(2, slope=-1.0)
    calibrator = fit_logistic(y, p)
    assert calibrator.params["slope"] == LEAST_SLOPE
    assert calibrator.apply(p).mean() == pytest.approx(y.mean(), abs=1e-3)
    assert (np.diff(calibrator.apply(np.sort(p))) >= 0).all()


def test_constant_predictions_are_moved_to_the_prevalence():
    y = np.array([1] * 100 + [0] * 300)
    calibrator = fit_logistic(y, np.full(400, 0.6))
    assert calibrator.params["slope"] > 0
    assert calibrator.apply([0.6])[0] == pytest.approx(0.25, abs=0.01)


def test_temperature_recovers_overconfidence_and_keeps_the_likeliest_class():
    random = np.random.default_rng(3)
    score = random.normal(0, 1.5, (20_000, 3))
    y = (score + random.gumbel(size=score.shape)).argmax(axis=1)
    p = softmax(2 * score, axis=1)
    calibrator = fit_calibrator("multiclass", y, p)
    assert calibrator.params["slope"] == pytest.approx(0.5, abs=0.02)
    calibrated = calibrator.apply(p)
    assert calibrated.sum(axis=1) == pytest.approx(np.ones(20_000))
    assert (calibrated.argmax(axis=1) == p.argmax(axis=1)).all()
    assert log_loss(y, calibrated) < log_loss(y, p)


def test_temperature_is_the_optimum_of_the_penalised_likelihood():
    random = np.random.default_rng(4)
    p = random.dirichlet([1, 1, 1], 50)
    y, case = random.integers(0, 3, 50), random.uniform(0.5, 2, 50)

    def loss(slope):
        logs = log_softmax(slope * np.log(p), axis=1)
        return -case @ logs[np.arange(50), y] + 0.02 * (slope - 1) ** 2

    reference = minimize_scalar(loss, bounds=(LEAST_SLOPE, 5), method="bounded")
    slope = fit_temperature(y, p, case).params["slope"]
    assert slope == pytest.approx(reference.x, abs=1e-4)
    assert np.isfinite(fit_temperature(p.argmax(axis=1), p).params["slope"])  # separable
    assert fit_temperature(p.argmin(axis=1), p).params["slope"] == LEAST_SLOPE  # reversed


def test_linear_recalibration_is_least_squares():
    random = np.random.default_rng(5)
    prediction = random.normal(50, 10, 200)
    y = 3 + 0.7 * prediction + random.normal(0, 4, 200)
    case = random.uniform(0, 2, 200)
    reference = LinearRegression().fit(prediction[:, None], y, sample_weight=case)
    calibrator = fit_linear(y, prediction, case)
    assert calibrator.params["slope"] == pytest.approx(reference.coef_[0])
    assert calibrator.params["intercept"] == pytest.approx(reference.intercept_)
    assert calibrator.apply([10.0])[0] == pytest.approx(reference.predict([[10.0]])[0])
    for useless in (np.full(200, 50.1), -prediction):
        moved = fit_calibrator("regression", y, useless)
        assert moved.params["slope"] == 1
        assert moved.apply(useless).mean() == pytest.approx(y.mean())


@pytest.mark.parametrize(
    "calibrator",
    [
        Calibrator(kind="logistic", params={"slope": 0.7, "intercept": -0.2}),
        Calibrator(kind="temperature", params={"slope": 0.7}),
        Calibrator(kind="linear", params={"slope": 0.7, "intercept": 3.0}),
        IDENTITY,
    ],
    ids=lambda calibrator: calibrator.kind,
)
def test_a_calibrator_comes_back_from_json(calibrator):
    again = Calibrator(**json.loads(json.dumps(asdict(calibrator))))
    values = np.array([[0.0, 0.25, 0.75], [1.0, 0.0, 0.0]])
    assert again == calibrator
    assert (again.apply(values) == calibrator.apply(values)).all()
    assert np.isfinite(again.apply(values)).all()
    assert np.isnan(again.apply([np.nan, np.nan])).all()


def test_the_identities_change_nothing():
    values = np.array([[0.2, 0.8], [0.5, 0.5]])
    for kind, params in (
        ("logistic", {"slope": 1.0, "intercept": 0.0}),
        ("temperature", {"slope": 1.0}),
        ("linear", {"slope": 1.0, "intercept": 0.0}),
        ("identity", {}),
    ):
        assert Calibrator(kind=kind, params=params).apply(values) == pytest.approx(values)


def test_the_band_of_the_curve_holds_the_truth_at_its_level():
    inside = []
    random = np.random.default_rng(6)
    for seed in range(40):
        subject = np.repeat(np.arange(300), 2)
        p = random.beta(2, 4, 300)[subject]
        y = (random.random(300) < p[::2])[subject]  # both rows of a subject agree
        shown = curve(y, p, resample(subject, 200, seed), level=0.9)
        middle = slice(5, 45)
        truth = shown.grid[middle]
        inside.append((shown.low[middle] <= truth) & (truth <= shown.high[middle]))
    # Points of one curve go together: 40 curves make the standard error about 0.04.
    assert 0.8 <= np.mean(inside) <= 0.97


def test_the_curve_shows_a_known_distortion_over_a_histogram_of_all_patients():
    y, p = distorted(7)
    shown = curve(y, p, resample(np.arange(len(y)), 50, 0))
    truth = expit(0.5 * logit(shown.grid) - 1)
    assert np.abs(shown.observed - truth).max() < 0.04
    assert (shown.low <= shown.observed).all()
    assert (shown.observed <= shown.high).all()
    assert shown.counts.sum() == len(y)
    assert len(shown.edges) == len(shown.counts) + 1


def test_the_curve_of_one_class_is_undefined():
    shown = curve([0] * 20, np.linspace(0.1, 0.4, 20), resample(np.arange(20), 20, 0))
    assert np.isnan(shown.observed).all()
    assert np.isnan(shown.low).all()


def test_case_weights_of_the_curve_count():
    # With two distinct predictions the curve passes through the weighted share at each.
    random = np.random.default_rng(8)
    p = np.repeat([0.2, 0.6], 100)
    y, case = random.integers(0, 2, 200), random.uniform(0, 2, 200)
    shown = curve(y, p, resample(np.arange(200), 20, 0), case)
    for at, half in ((0, slice(0, 100)), (-1, slice(100, 200))):
        assert shown.observed[at] == pytest.approx(np.average(y[half], weights=case[half]))


def test_groups_carry_wilsons_interval():
    y, p = distorted(9, rows=1000)
    groups = grouped(y, p, np.arange(1000))
    assert [group.rows for group in groups] == [100] * 10
    order = np.argsort(p)
    for index, group in enumerate(groups):
        rows = order[100 * index : 100 * (index + 1)]
        expected = binomtest(int(y[rows].sum()), 100).proportion_ci(method="wilson")
        assert (group.low, group.high) == pytest.approx(tuple(expected), abs=1e-12)
        assert group.predicted == pytest.approx(p[rows].mean())
        assert group.observed == pytest.approx(y[rows].mean())


def test_rows_of_a_subject_count_once_in_the_width_of_a_group():
    y = np.array([1, 0, 0, 0, 0])
    once = grouped(y, np.full(5, 0.2), np.arange(5))
    fourfold = grouped(np.repeat(y, 4), np.full(20, 0.2), np.repeat(np.arange(5), 4))
    assert (once[0].low, once[0].high) == pytest.approx((fourfold[0].low, fourfold[0].high))
    assert fourfold[0].rows == 20


def test_a_group_without_events_has_a_width():
    groups = grouped([0] * 50, np.linspace(0.01, 0.05, 50), np.arange(50), groups=2)
    assert [group.observed for group in groups] == [0, 0]
    assert all(group.low == 0 and 0.1 < group.high < 0.2 for group in groups)


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda: fit_logistic([0, 0], [0.1, 0.2]), "two classes"),
        (lambda: fit_logistic([0, 1], [0.1, 0.2], [1, 0]), "two classes"),
        (lambda: fit_temperature([1, 1], [[0.4, 0.6], [0.5, 0.5]]), "two classes"),
        (lambda: fit_logistic([0, 1], [0.1, np.nan]), "predictions"),
        (lambda: fit_linear([], []), "outcomes"),
        (lambda: fit_linear([1, 2], [1, 2], [0, 0]), "case weights"),
        (lambda: fit_calibrator("ranking", [0, 1], [0.1, 0.2]), "binary"),
        (lambda: Calibrator(kind="platt", params={}), "logistic"),
        (lambda: Calibrator(kind="logistic", params={"slope": 1.0}), "intercept"),
        (lambda: Calibrator(kind="temperature", params={"slope": -1.0}), "slope above 0"),
        (lambda: Calibrator(kind="linear", params={"slope": 1.0, "intercept": np.inf}), "finite"),
        (lambda: grouped([0, 1], [0.1, 0.2], [1]), "subjects"),
        (lambda: grouped([0, 1], [0.1, 0.2], [1, 2], groups=0), "group"),
        (lambda: curve([0, 1], [0.1, 0.2], resample([1, 2, 3], 5, 0)), "resamples"),
    ],
)
def test_bad_input_is_said(act, says):
    with pytest.raises(DataError, match=says):
        act()


@pytest.mark.parametrize("gap", [1.0, 8.0, 15.0, 20.0])
def test_separable_predictions_are_not_flattened(gap: float) -> None:
    """However far apart the logits lie, a calibrator must not turn certainty into prevalence."""
    rng = np.random.default_rng(0)
    y = np.r_[np.zeros(50), np.ones(30)]
    p = 1 / (1 + np.exp(-(np.where(y == 1, gap, -gap) + rng.normal(0, 1, 80))))
    assert fit_logistic(y, p).params["slope"] >= 1.0
