"""Decisions: net benefit by its definition, thresholds that do what was asked, tables of people."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.metrics import confusion_matrix

from bedside.core.errors import DataError
from bedside.methods.decision import (
    choose_threshold,
    net_benefit,
    net_benefit_measure,
    per_thousand,
    per_thousand_measure,
)
from bedside.methods.intervals import evaluate, resample

THRESHOLDS = np.array([0.05, 0.2, 0.5, 0.8])


def patients(seed, rows=300):
    random = np.random.default_rng(seed)
    p = np.round(random.beta(1, 3, rows), 2)  # ties with each other and with thresholds
    return (random.random(rows) < p).astype(int), p


def test_net_benefit_equals_its_definition_on_every_replicate():
    y, p = patients(0)
    resamples = resample(np.arange(300) // 2, 15, seed=1)
    values = evaluate(net_benefit_measure(y, p, THRESHOLDS), resamples)
    weights = np.concatenate(list(resamples.chunks())).astype(int)
    for index, row in enumerate(weights):
        drawn_y, drawn_p = np.repeat(y, row), np.repeat(p, row)
        for at, t in enumerate(THRESHOLDS):
            for name, alert in (
                ("model", drawn_p >= t),
                ("all", drawn_p >= 0),
                ("none", drawn_p > 1),
            ):
                (_, fp), (_, tp) = confusion_matrix(drawn_y, alert, labels=[0, 1])
                expected = tp / len(drawn_y) - fp / len(drawn_y) * t / (1 - t)
                assert values[name][index, at] == pytest.approx(expected, abs=1e-12)


def test_net_benefit_of_perfect_predictions_is_the_prevalence():
    y = np.array([0, 0, 0, 1])
    assert net_benefit(y, y, THRESHOLDS)["model"][0] == pytest.approx([0.25] * 4)


def test_net_benefit_takes_case_weights_as_copies():
    y, p = patients(1, rows=50)
    copies = np.random.default_rng(0).integers(1, 4, 50)
    weighed = net_benefit(y, p, THRESHOLDS, case_weights=copies)
    repeated = net_benefit(np.repeat(y, copies), np.repeat(p, copies), THRESHOLDS)
    for name in ("model", "all", "none"):
        assert weighed[name] == pytest.approx(repeated[name], abs=1e-12)


def test_of_a_thousand_patients():
    y = [1, 1, 0, 0, 0, 0, 0, 0]
    p = [0.9, 0.1, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1]
    table = {name: value[0] for name, value in per_thousand(y, p, 0.5).items()}
    assert table == {
        "alerts": 375,
        "right_alerts": 125,
        "false_alerts": 250,
        "missed": 125,
        "rightly_silent": 500,
    }
    replicated = evaluate(per_thousand_measure(y, p, 0.5), resample(range(8), 50, 0))
    parts = ("right_alerts", "false_alerts", "missed", "rightly_silent")
    assert sum(replicated[name] for name in parts) == pytest.approx(np.full(50, 1000))


cohorts = st.lists(
    st.tuples(st.booleans(), st.floats(0, 1, width=32)), min_size=2, max_size=40
).filter(lambda rows: len({event for event, _ in rows}) == 2)


@settings(max_examples=100, deadline=None)
@given(rows=cohorts, aim=st.sampled_from([0.1, 0.5, 0.8, 0.9, 1.0]))
def test_the_threshold_for_a_sensitivity_is_the_highest_that_reaches_it(rows, aim):
    y, p = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    threshold = choose_threshold(y, p, sensitivity=aim)
    found = p[y] >= threshold
    assert found.mean() >= aim - 1e-12
    higher = p[p > p[p >= threshold].min()]
    assert all((p[y] >= value).mean() < aim - 1e-12 for value in higher)


@settings(max_examples=100, deadline=None)
@given(rows=cohorts, aim=st.sampled_from([5.0, 10.0, 25.0, 50.0]))
def test_the_threshold_for_alerts_is_the_lowest_within_them(rows, aim):
    y, p = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    possible = [value for value in np.unique(p) if 100 * (p >= value).mean() <= aim]
    if not possible:
        with pytest.raises(DataError, match="tie"):
            choose_threshold(y, p, alerts_per_100=aim)
        return
    threshold = choose_threshold(y, p, alerts_per_100=aim)
    assert ((p >= threshold) == (p >= min(possible))).all()


def test_rounding_to_float32_flips_nobody():
    y, p = patients(2)
    p = expit(logit(p.clip(0.01, 0.99)) + 0.1)
    for aim in ({"sensitivity": 0.8}, {"alerts_per_100": 20.0}):
        threshold = choose_threshold(y, p, **aim)
        assert ((p >= threshold) == (p.astype(np.float32) >= np.float32(threshold))).all()


def test_the_threshold_for_a_risk_undoes_miscalibration():
    random = np.random.default_rng(3)
    risk = random.beta(1, 4, 50_000)
    y = random.random(50_000) < risk
    assert choose_threshold(y, risk, net_benefit_threshold=0.2) == pytest.approx(0.2, abs=0.01)
    distorted = expit(2 * logit(risk) + 1)
    threshold = choose_threshold(y, distorted, net_benefit_threshold=0.2)
    assert threshold == pytest.approx(expit(2 * logit(0.2) + 1), abs=0.01)


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda: choose_threshold([0, 1], [0.1, 0.2]), "none of them"),
        (lambda: choose_threshold([0, 1], [0.1, 0.2], sensitivity=0.8, alerts_per_100=5), "one of"),
        (lambda: choose_threshold([0, 1], [0.1, 0.2], sensitivity=1.2), "aim"),
        (lambda: choose_threshold([0, 1], [0.1, 0.2], net_benefit_threshold=1.0), "aim"),
        (lambda: choose_threshold([0, 0], [0.1, 0.2], sensitivity=0.8), "one class"),
        (lambda: choose_threshold([1, 0], [0.1, 0.2], net_benefit_threshold=0.5), "separate"),
        (lambda: choose_threshold([1, 0], [0.2, 0.2], net_benefit_threshold=0.5), "constant"),
        (
            lambda: (
                choose_threshold([1, 0, 1, 0], [0.2, 0.3, 0.4, 0.5], net_benefit_threshold=0.5)
                and choose_threshold(
                    [1, 1, 0, 1, 0, 0], np.arange(1, 7) / 9, net_benefit_threshold=0.5
                )
            ),
            "reversed",
        ),
        (lambda: net_benefit([0, 1], [0.1, 0.2], [0.0]), "thresholds"),
        (lambda: net_benefit([0, 1], [0.1, 0.2], [1.0]), "thresholds"),
        (lambda: net_benefit([0, 1], [0.1, 0.2], []), "thresholds"),
        (lambda: per_thousand([], [], 0.5), "outcomes"),
    ],
)
def test_bad_input_is_said(act, says):
    with pytest.raises(DataError, match=says):
        act()
