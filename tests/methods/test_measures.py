"""Measures: equal to scikit-learn on every replicate, lawful, undefined where they should be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn import metrics
from sklearn.linear_model import LinearRegression
from sklearn.linear_model import LogisticRegression as Reference

from bedside.core.errors import DataError
from bedside.methods.intervals import evaluate, resample
from bedside.methods.measures import (
    Ranking,
    binary,
    binary_measure,
    multiclass,
    multiclass_measure,
    operating,
    operating_measure,
    primary,
    regression,
    regression_measure,
    together,
)
from bedside.methods.measures.logistic import LogisticRegression, orthonormal
from bedside.methods.measures.spline import RestrictedCubicSpline

REPLICATES = 12


def patients(seed, rows=400, decimals=None):
    """Outcome and a miscalibrated prediction; few decimals make ties within and between classes."""
    random = np.random.default_rng(seed)
    risk = random.normal(-1, 1.3, rows)
    y = (random.random(rows) < expit(risk)).astype(int)
    p = expit(0.7 * risk + random.normal(0, 0.6, rows) + 0.2)
    return y, p if decimals is None else np.clip(np.round(p, decimals), 0.05, 0.95)


def weighted(resamples, measure):
    """Each replicate's row numbers, one for each time it was drawn, beside its measures."""
    weights = np.concatenate(list(resamples.chunks()))
    values = evaluate(measure, resamples)
    for index, row in enumerate(weights.astype(int)):
        yield np.repeat(np.arange(len(row)), row), {k: v[index] for k, v in values.items()}


def differential(y, p, w, theta, x):
    """Mean gradient of a logistic regression of y on the columns x."""
    return (w * (y - expit(x @ theta))) @ x / w.sum()


@pytest.mark.parametrize("decimals", [None, 2, 1])
def test_binary_equals_scikit_learn_on_every_replicate(decimals):
    y, p = patients(1, decimals=decimals)
    subject = np.arange(len(y)) // 3
    for rows, mine in weighted(resample(subject, REPLICATES, seed=8), binary_measure(y, p)):
        drawn_y, drawn_p = y[rows], p[rows]
        expected = {
            "prevalence": drawn_y.mean(),
            "auroc": metrics.roc_auc_score(drawn_y, drawn_p),
            "auprc": metrics.average_precision_score(drawn_y, drawn_p),
            "brier": metrics.brier_score_loss(drawn_y, drawn_p),
            "scaled_brier": metrics.d2_brier_score(drawn_y, drawn_p),
            "log_loss": metrics.log_loss(drawn_y, drawn_p),
            "oe_ratio": drawn_y.sum() / drawn_p.sum(),
        }
        assert {name: mine[name] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_case_weights_equal_scikit_learns_sample_weights():
    y, p = patients(2, decimals=2)
    case = np.random.default_rng(0).exponential(1, len(y))
    case[:20] = 0
    mine = {name: value[0] for name, value in binary(y, p, case_weights=case).items()}
    expected = {
        "auroc": metrics.roc_auc_score(y, p, sample_weight=case),
        "auprc": metrics.average_precision_score(y, p, sample_weight=case),
        "brier": metrics.brier_score_loss(y, p, sample_weight=case),
        "log_loss": metrics.log_loss(y, p, sample_weight=case),
    }
    assert {name: mine[name] for name in expected} == pytest.approx(expected, abs=1e-12)
    reference = Reference(C=np.inf, solver="newton-cholesky", tol=1e-12)
    reference.fit(logit(p)[:, None], y, sample_weight=case)
    assert mine["calibration_slope"] == pytest.approx(reference.coef_[0, 0], abs=1e-6)


def test_calibration_fits_equal_scikit_learn_and_stand_at_the_optimum():
    y, p = patients(3)
    x = logit(p)
    columns = np.column_stack([np.ones_like(x), x])
    reference = Reference(C=np.inf, solver="newton-cholesky", tol=1e-12)
    for rows, mine in weighted(resample(np.arange(len(y)), REPLICATES, 1), binary_measure(y, p)):
        reference.fit(x[rows, None], y[rows])
        assert mine["calibration_slope"] == pytest.approx(reference.coef_[0, 0], abs=1e-6)
        w = np.bincount(rows, minlength=len(y)).astype(float)
        # With the intercept profiled out, both gradients vanish at our slope.
        other = LogisticRegression.of(y, columns[:, :1], w, mine["calibration_slope"] * x).start[0]
        theta = np.array([other, mine["calibration_slope"]])
        assert np.abs(differential(y, p, w, theta, columns)).max() < 1e-10
        residual = w @ (y - expit(x + mine["calibration_intercept"])) / w.sum()
        assert abs(residual) < 1e-10


def test_newton_stands_at_the_optimum_of_every_replicate():
    y, p = patients(4, rows=150)
    raw = RestrictedCubicSpline.of(logit(p), y)(logit(p))
    design, mapping = orthonormal(raw)
    assert design.T @ design / len(y) == pytest.approx(np.eye(4), abs=1e-10)
    weights = np.concatenate(list(resample(np.arange(len(y)), 200, 2).chunks()))
    theta = LogisticRegression.of(y.astype(float), design, np.ones(len(y))).fit(weights)
    assert np.isfinite(theta).all()
    for w, at in zip(weights, theta, strict=True):
        assert np.abs(differential(y, p, w, at, design)).max() < 1e-10
    assert raw @ mapping == pytest.approx(design, abs=1e-9)


def test_ici_is_the_mean_distance_to_an_independent_spline_fit():
    y, p = patients(5)
    x = logit(p)
    a, b, c, d = np.quantile(x, [0.05, 0.35, 0.65, 0.95])

    def cubic(knot):  # Harrell's formula, written out
        tail = ((x - c).clip(0) ** 3 * (d - knot) - (x - d).clip(0) ** 3 * (c - knot)) / (d - c)
        return ((x - knot).clip(0) ** 3 - tail) / (d - a) ** 2

    columns = np.column_stack([x, cubic(a), cubic(b)])
    reference = Reference(C=np.inf, solver="newton-cholesky", tol=1e-13, max_iter=1000)
    reference.fit(columns, y)
    expected = np.abs(p - reference.predict_proba(columns)[:, 1]).mean()
    assert binary(y, p)["ici"][0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("events", "terms"), [(2, 2), (19, 2), (20, 3), (29, 3), (30, 4), (99, 4)])
def test_a_spline_bends_no_more_than_the_rarer_outcome_can_bear(events, terms):
    x = np.linspace(-2, 1, 1000)
    y = (np.arange(1000) < events).astype(float)
    for outcome in (y, 1 - y):
        basis = RestrictedCubicSpline.of(x, outcome)(x)
        assert basis.shape == (1000, terms)
        tail = basis[x < np.quantile(x, 0.04)]
        assert np.abs(np.diff(tail, n=2, axis=0)).max() < 1e-12  # straight beyond the knots
    few = RestrictedCubicSpline.of(np.repeat([0.0, 1.0], [700, 300]), y)(x)
    assert few.shape == (1000, 2)


def test_ici_of_calibrated_predictions_is_near_zero_and_of_shifted_ones_near_the_shift():
    random = np.random.default_rng(6)
    p = random.uniform(0.2, 0.7, 40_000)
    y = random.random(40_000) < p
    # Rounded fits of 40,000 patients stray by about sqrt(4 x 0.25 / 40,000) = 0.005.
    assert binary(y, p)["ici"][0] < 0.01
    assert binary(y, p + 0.2)["ici"][0] == pytest.approx(0.2, abs=0.01)
    assert binary(y, p)["calibration_slope"][0] == pytest.approx(1, abs=0.1)
    assert binary(y, p)["calibration_intercept"][0] == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("threshold", [0.3, 0.4])
def test_operating_equals_the_confusion_matrix_also_at_a_tie(threshold):
    y, p = patients(7, decimals=1)
    measure = operating_measure(y, p, threshold)
    for rows, mine in weighted(resample(np.arange(len(y)), REPLICATES, 3), measure):
        (tn, fp), (fn, tp) = metrics.confusion_matrix(y[rows], p[rows] >= threshold)
        assert mine == pytest.approx(
            {
                "sensitivity": tp / (tp + fn),
                "specificity": tn / (tn + fp),
                "ppv": tp / (tp + fp),
                "npv": tn / (tn + fn),
                "alerts_per_100": 100 * (tp + fp) / len(rows),
                "missed_per_100": 100 * fn / len(rows),
                "number_needed_to_evaluate": (tp + fp) / tp,
            },
            abs=1e-12,
        )


def test_operating_without_anybody_in_a_denominator_is_undefined():
    nobody = operating([0, 1, 0], [0.1, 0.2, 0.3], 0.9)
    assert np.isnan(nobody["ppv"][0])
    assert np.isnan(nobody["number_needed_to_evaluate"][0])
    assert nobody["sensitivity"][0] == 0
    everybody = operating([0, 1, 0], [0.1, 0.2, 0.3], 0.0)
    assert np.isnan(everybody["npv"][0])
    assert everybody["alerts_per_100"][0] == 100
    assert np.isnan(operating([0, 0], [0.1, 0.2], 0.15)["sensitivity"][0])


def test_multiclass_equals_scikit_learn_on_every_replicate():
    random = np.random.default_rng(8)
    score = random.normal(size=(300, 4))
    p = np.round(np.exp(score) / np.exp(score).sum(axis=1, keepdims=True), 2)
    p[:, 0] += 1 - p.sum(axis=1)
    y = (score + random.gumbel(size=score.shape)).argmax(axis=1)
    resamples = resample(np.arange(300), REPLICATES, 4, strata=y)
    for rows, mine in weighted(resamples, multiclass_measure(y, p)):
        drawn_y, drawn_p = y[rows], p[rows]
        top = drawn_p.argmax(axis=1)
        expected = {
            "accuracy": metrics.accuracy_score(drawn_y, top),
            "balanced_accuracy": metrics.balanced_accuracy_score(drawn_y, top),
            "log_loss": metrics.log_loss(drawn_y, np.clip(drawn_p, 0, 1)),
            "brier": metrics.brier_score_loss(drawn_y, np.clip(drawn_p, 0, 1)),
            "auroc": np.mean(
                [metrics.roc_auc_score(drawn_y == k, drawn_p[:, k]) for k in range(4)]
            ),
        }
        assert {name: mine[name] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_top_label_calibration_error_by_hand():
    # 20 rows; confidence 0.9 right 5 of 10 times, 0.6 right 6 of 10: (10 x 0.4 + 10 x 0) / 20.
    p = np.repeat([[0.9, 0.1], [0.6, 0.4]], 10, axis=0)
    y = np.array([0] * 5 + [1] * 5 + [0] * 6 + [1] * 4)
    assert multiclass(y, p)["top_label_calibration_error"][0] == pytest.approx(0.2, abs=1e-12)


def test_a_vanished_class_leaves_macro_means_undefined():
    p = np.array([[0.5, 0.3, 0.2], [0.2, 0.6, 0.2], [0.3, 0.3, 0.4]])
    twice = multiclass([0, 1, 2], p, np.array([[1, 1, 1], [2, 1, 0]]))
    assert twice["auroc"][0] == 1
    assert twice["balanced_accuracy"][0] == 1
    assert np.isnan(twice["auroc"][1])
    assert np.isnan(twice["balanced_accuracy"][1])
    assert twice["accuracy"][1] == 1


def test_regression_equals_scikit_learn_on_every_replicate():
    random = np.random.default_rng(9)
    prediction = random.normal(1e5, 10, 200)
    y = 1e5 + 0.8 * (prediction - 1e5) + random.normal(0, 5, 200)
    for rows, mine in weighted(resample(np.arange(200), 12, 5), regression_measure(y, prediction)):
        drawn_y, drawn = y[rows], prediction[rows]
        line = LinearRegression().fit(drawn[:, None], drawn_y)
        assert mine["mae"] == pytest.approx(metrics.mean_absolute_error(drawn_y, drawn), rel=1e-12)
        rmse = metrics.root_mean_squared_error(drawn_y, drawn)
        assert mine["rmse"] == pytest.approx(rmse, rel=1e-12)
        assert mine["r2"] == pytest.approx(metrics.r2_score(drawn_y, drawn), abs=1e-10)
        assert mine["calibration_slope"] == pytest.approx(line.coef_[0], rel=1e-9)
        assert mine["calibration_intercept"] == pytest.approx((drawn_y - drawn).mean(), abs=1e-9)


def test_regression_without_variation_is_undefined():
    flat = regression([3.3, 3.3, 3.3], [0.1, 0.1, 0.1])
    assert np.isnan(flat["r2"][0])
    assert np.isnan(flat["calibration_slope"][0])
    assert flat["mae"][0] == pytest.approx(3.2)
    one = regression([1.0, 2.0, 4.0], [1.1, 2.2, 3.1], np.array([[0, 3, 0]]))
    assert np.isnan(one["r2"][0])
    assert np.isnan(one["calibration_slope"][0])


probabilities = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0])
patient = st.tuples(st.booleans(), probabilities, st.integers(0, 4))  # outcome, prediction, weight


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(patient, min_size=1, max_size=30), seed=st.integers(0, 1000))
def test_order_does_not_matter_and_the_complement_mirrors(rows, seed):
    y, p, w = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    values = binary(y, p, w[None])
    order = np.random.default_rng(seed).permutation(len(y))
    shuffled = binary(y[order], p[order], w[None, order])
    mirrored = binary(1 - y, 1 - p, w[None])
    for name, value in values.items():
        assert shuffled[name] == pytest.approx(value, abs=1e-7, nan_ok=True), name
    # The clip of a logit at 0 and at 1 rounds differently, by 1e-7 in log odds.
    for name in ("auroc", "brier", "scaled_brier", "log_loss"):
        assert mirrored[name] == pytest.approx(values[name], abs=1e-7, nan_ok=True), name
    assert mirrored["calibration_slope"] == pytest.approx(
        values["calibration_slope"], rel=1e-5, abs=1e-6, nan_ok=True
    )
    assert mirrored["calibration_intercept"] == pytest.approx(
        -values["calibration_intercept"], rel=1e-5, abs=1e-6, nan_ok=True
    )


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(st.booleans(), probabilities), min_size=2, max_size=25))
def test_auroc_is_the_share_of_pairs_in_the_right_order(rows):
    y, p = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    gap = p[y][:, None] - p[~y]
    expected = ((gap > 0) + 0.5 * (gap == 0)).mean() if gap.size else np.nan
    assert Ranking.of(y, p)(np.ones((1, len(y))))["auroc"][0] == pytest.approx(
        expected, abs=1e-12, nan_ok=True
    )


def test_a_weight_of_k_is_k_copies():
    y, p = patients(10, rows=60)
    w = np.random.default_rng(1).integers(0, 4, 60)
    weighed = binary(y, p, w[None].astype(float))
    repeated = binary(np.repeat(y, w), np.repeat(p, w))
    for name in set(weighed) - {"ici"}:  # the knots of ici are those of the sample given
        assert weighed[name] == pytest.approx(repeated[name], abs=1e-9), name


@pytest.mark.parametrize("only", [0, 1])
def test_a_single_class_leaves_ranking_and_calibration_undefined(only):
    values = {k: v[0] for k, v in binary(np.full(30, only), np.linspace(0.1, 0.9, 30)).items()}
    defined = {name for name, value in values.items() if np.isfinite(value)}
    assert defined == {"prevalence", "brier", "log_loss", "oe_ratio"}


def test_constant_predictions_have_no_slope_and_the_rest_is_right():
    y = np.array([1] * 3 + [0] * 7)
    values = {name: value[0] for name, value in binary(y, np.full(10, 0.2)).items()}
    assert np.isnan(values.pop("calibration_slope"))
    assert values["auroc"] == 0.5
    assert values["auprc"] == pytest.approx(0.3)
    assert values["calibration_intercept"] == pytest.approx(logit(0.3) - logit(0.2))
    assert values["ici"] == pytest.approx(0.1)
    assert values["oe_ratio"] == pytest.approx(1.5)


def test_separating_predictions_have_no_slope():
    y = np.array([0] * 20 + [1] * 20)
    for p in (np.linspace(0.1, 0.9, 40), y.astype(float)):
        values = binary(y, p)
        assert values["auroc"][0] == 1
        assert np.isnan(values["calibration_slope"][0])


def test_certain_and_wrong_predictions_stay_finite():
    values = binary([0, 1, 0, 1, 1], [0, 1, 1.0, 0, 0.5])
    assert np.isfinite(values["log_loss"][0])
    assert values["log_loss"][0] == pytest.approx(
        metrics.log_loss([0, 1, 0, 1, 1], np.array([0, 1, 1.0, 0, 0.5])), rel=1e-12
    )


def test_weights_of_zero_are_undefined_and_spoil_no_other_replicate():
    y, p = patients(11, rows=50)
    both = together(binary_measure(y, p), operating_measure(y, p, 0.4))
    values = both(np.stack([np.ones(50), np.zeros(50)]))
    alone = both(np.ones((1, 50)))
    for name, value in values.items():
        assert value[0] == pytest.approx(alone[name][0], abs=1e-12), name
        assert np.isnan(value[1]), name


def test_every_replicate_of_a_small_sample_is_finite_or_undefined():
    y, p = patients(12, rows=14)
    values = evaluate(binary_measure(y, p), resample(np.arange(14), 500, 6))
    assert all(value.shape == (500,) for value in values.values())
    assert np.isfinite(values["brier"]).all()
    slope = values["calibration_slope"]
    assert 0.3 < np.isfinite(slope).mean() < 1  # separation happens, and is not a number


Y, P = np.array([0, 1, 0]), np.array([0.1, 0.5, 0.3])


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda: binary([], []), "outcomes"),
        (lambda: binary([0, 2, 1], P), "index 1"),
        (lambda: binary([0, np.nan, 1], P), "index 1"),
        (lambda: binary(["yes", "no"], [0.1, 0.2]), "numbers"),
        (lambda: binary(Y, P[:2]), r"N = 3"),
        (lambda: binary(Y, [0.1, 0.2, np.nan]), "index 2"),
        (lambda: binary(Y, [0.1, 0.2, 1.5]), "index 2"),
        (lambda: binary(Y, P, np.ones(3)), "weights"),
        (lambda: binary(Y, P, -np.ones((1, 3))), "weights"),
        (lambda: binary(Y, P, np.full((1, 3), np.nan)), "weights"),
        (lambda: binary(Y, P, case_weights=[1, 1, -1]), "case weights"),
        (lambda: operating(Y, P, np.nan), "threshold"),
        (lambda: multiclass([0, 1], [[0.5, 0.5], [0.9, 0.9]]), "add up to 1"),
        (lambda: multiclass([0, 2], [[0.5, 0.5], [0.1, 0.9]]), "from 0 to 1"),
        (lambda: multiclass([0], [[0.5, 0.5], [0.1, 0.9]]), "N = 2"),
        (lambda: multiclass([0, 1], [0.5, 0.5]), "shape"),
        (lambda: regression([1, np.inf], [1, 2]), "outcomes"),
        (lambda: regression([1, 2], [1, np.nan]), "predictions"),
        (lambda: primary("ranking"), "binary, multiclass"),
    ],
)
def test_bad_input_is_said(act, says):
    with pytest.raises(DataError, match=says):
        act()


def test_no_message_holds_a_value():
    canary = 0.123456789
    for act in (
        lambda: binary([0, 1, canary], P),
        lambda: binary(Y, [canary, 2.0, 7 + canary]),
        lambda: regression([canary, np.nan], [1, 2]),
        lambda: multiclass([0, 1], [[canary, 0.1], [0.5, 0.5]]),
    ):
        with pytest.raises(DataError) as caught:
            act()
        assert "123456" not in str(caught.value)


def test_each_task_has_a_primary_measure_that_its_measures_give():
    assert primary("binary").measure in binary(Y, P)
    assert primary("multiclass").measure in multiclass([0, 1], [[0.6, 0.4], [0.3, 0.7]])
    assert primary("regression") == ("rmse", False)
    assert primary("survival") == ("c_index", True)
