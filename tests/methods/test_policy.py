"""A policy does on new patients what was asked of it on tune patients."""

import json
import time as clock
from dataclasses import replace

import numpy as np
import pytest

from bedside.core.decision import Decision
from bedside.core.errors import DataError, StudyError
from bedside.methods import survival
from bedside.methods.policy import REASONS, Horizon, Policy, fit_policy


def patients(n, seed):
    """Probability [N, 1] that is right, outcome [N], novelty [N], share missing [N]."""
    rng = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-rng.normal(-1.5, 1.5, n)))
    return p[:, None], (rng.random(n) < p).astype(float), rng.chisquare(8, n), rng.random(n) * 0.4


def fitted(n=4000, task="binary", seed=0, **options):
    return fit_policy(task, *patients(n, seed), options=Decision(**options))


def test_the_default_threshold_is_the_share_with_the_event():
    _, y, *_ = patients(4000, 0)
    assert fitted().threshold == pytest.approx(y.mean())
    assert fitted(threshold=0.3).threshold == 0.3


@pytest.mark.parametrize("sensitivity", [0.5, 0.8, 0.95, 1.0])
def test_the_threshold_is_the_highest_that_reaches_the_sensitivity(sensitivity):
    p, y, *_ = patients(4000, 0)
    threshold = fitted(sensitivity=sensitivity).threshold
    events = p[y == 1, 0]
    assert (events >= threshold).mean() >= sensitivity
    assert (events > threshold).mean() < sensitivity
    p2, y2, *_ = patients(50_000, 1)
    assert (p2[y2 == 1, 0] >= threshold).mean() == pytest.approx(sensitivity, abs=0.03)


def test_sets_cover_each_class_and_false_alarms_of_novelty_are_as_rare_as_asked():
    found = fitted(20_000, coverage=0.85)
    p, y, novelty, missing = patients(50_000, 2)
    decisions = found.decide(p, novelty, missing)
    for label in (0, 1):
        covered = decisions.label_set[y == label, label].mean()
        assert covered == pytest.approx(0.85, abs=0.02)
    assert decisions.abstain.mean() == pytest.approx(0.01, abs=0.003)
    assert (decisions.reason[decisions.abstain] == 1).all()
    np.testing.assert_array_equal(decisions.act, (p[:, 0] >= found.threshold) & ~decisions.abstain)


def test_each_reason_to_abstain_and_which_comes_first():
    found = fitted(coverage=0.9, abstain_when_ambiguous=True)
    p = np.array([[0.999], [0.999], [0.999], [0.25], [np.nan], [0.999], [np.inf], [0.25]])
    novelty = [1.0, 500.0, 1.0, 1.0, 500.0, np.nan, 1.0, 500.0]
    missing = [0.1, 0.9, 0.9, 0.1, 0.9, 0.1, np.nan, 0.9]
    decisions = found.decide(p, novelty, missing)
    assert decisions.reason.tolist() == [0, 1, 2, 3, 4, 1, 4, 1]
    assert decisions.act.tolist() == [True] + [False] * 7
    assert decisions.label_set[4].all()
    assert np.isnan(decisions.value[[4, 6]]).all()
    assert REASONS[3] == "ambiguous"
    quiet = fitted(coverage=0.9).decide(p[3:4], [1.0], [0.1])
    assert not quiet.abstain.any()
    assert quiet.label_set.sum() == 2


def test_json_brings_back_the_same_policy_and_the_same_decisions():
    p, y, novelty, missing = patients(200, 3)
    y[:195] = 0.0  # five events: too few for a quantile of their own
    y[195:] = 1.0
    found = fit_policy("binary", p, y, novelty, missing, options=Decision())
    again = Policy.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False)))
    assert again == found
    assert found.quantiles[1] is None
    assert found.decide(p, novelty, missing).label_set[:, 1].all()
    with pytest.raises(StudyError, match="did you mean 'threshold'"):
        Policy.from_json({**found.to_json(), "treshold": 1.0})


def test_multiclass():
    rng = np.random.default_rng(4)
    p = rng.dirichlet([2.0, 1.0, 0.5], 20_000)
    y = (p.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1).astype(float)
    y[::50] = -1
    half, zeros = slice(0, 10_000), np.zeros(10_000)
    found = fit_policy("multiclass", p[half], y[half], zeros, zeros, options=Decision())
    decisions = found.decide(p[10_000:], zeros, zeros)
    np.testing.assert_array_equal(decisions.value, p[10_000:].argmax(axis=1))
    for k in range(3):
        mine = y[10_000:] == k
        assert decisions.label_set[mine, k].mean() == pytest.approx(0.9, abs=0.025)
    assert found.patients == 9800
    assert not decisions.act.any()
    with pytest.raises(StudyError, match="multiclass"):
        fit_policy("multiclass", p, y, y, y, options=Decision(threshold=0.5))


@pytest.mark.parametrize("spread", [False, True])
def test_regression_intervals_cover(spread):
    rng = np.random.default_rng(5)
    scale = rng.uniform(0.5, 3.0, 20_000)
    middle = rng.normal(10, 4, 20_000)
    y = middle + rng.normal(size=20_000) * scale
    values = np.stack([middle, scale], axis=1) if spread else middle[:, None]
    half, zeros = slice(0, 10_000), np.zeros(10_000)
    y_tune = y[half].copy()
    y_tune[:100] = np.nan
    found = fit_policy(
        "regression", values[half], y_tune, zeros, zeros, options=Decision(threshold=12.0)
    )
    decisions = found.decide(values[10_000:], zeros, zeros)
    inside = (decisions.low <= y[10_000:]) & (y[10_000:] <= decisions.high)
    assert inside.mean() == pytest.approx(0.9, abs=0.015)
    np.testing.assert_array_equal(decisions.act, middle[10_000:] >= 12.0)
    if spread:
        assert inside[scale[10_000:] > 2.5].mean() == pytest.approx(0.9, abs=0.03)
    broken = found.decide(np.full_like(values[:1], np.nan), [0.0], [0.0])
    assert np.isnan(broken.low[0])
    assert broken.reason[0] == 4


def test_survival_uses_weights_for_those_lost_before_the_horizon():
    rng = np.random.default_rng(6)
    n = 40_000
    z = rng.normal(size=n)
    happened, lost = rng.exponential(2 * np.exp(-z)), rng.exponential(0.7, n)
    curves = np.exp(-np.exp(z)[:, None] * np.array([0.25, 0.5]))  # event-free at 0.5 and 1
    time, event = np.minimum(happened, lost), happened <= lost
    half, zeros = slice(0, n // 2), np.zeros(n // 2)
    state = survival.state_at(time[half], event[half], 1.0)
    horizon = Horizon(weights=survival.horizon_weights(time[half], event[half], 1.0))
    found = fit_policy(
        "survival", curves[half], state, zeros, zeros,
        options=Decision(coverage=0.8, sensitivity=0.9), horizon=horizon,
    )  # fmt: skip
    decisions = found.decide(curves[n // 2 :], zeros, zeros)
    truth = (happened[n // 2 :] <= 1.0).astype(int)
    np.testing.assert_allclose(decisions.value, 1 - curves[n // 2 :, 1])
    assert decisions.act[truth == 1].mean() == pytest.approx(0.9, abs=0.02)
    for label in (0, 1):
        covered = decisions.label_set[truth == label, label].mean()
        assert covered == pytest.approx(0.8, abs=0.025)
    by_share = fit_policy(
        "survival", curves[half], state, zeros, zeros, options=Decision(), horizon=horizon
    )
    assert by_share.threshold == pytest.approx(truth.mean(), abs=0.015)
    assert abs(np.nanmean(state) - truth.mean()) > 0.03
    with pytest.raises(DataError, match="weights"):
        fit_policy("survival", curves[half], state, zeros, zeros, options=Decision())


def test_with_few_patients_the_largest_novelty_seen_is_the_limit():
    p, y, novelty, missing = patients(30, 7)
    found = fit_policy("binary", p, y, novelty, missing, options=Decision())
    assert found.novelty_limit == novelty.max()


def test_a_million_decisions_take_well_under_a_second():
    found = fitted(abstain_when_ambiguous=True)
    p, _, novelty, missing = patients(1_000_000, 8)
    took = []
    for _ in range(3):  # the best of three: other work may share the cores
        start = clock.perf_counter()
        found.decide(p, novelty, missing)
        took.append(clock.perf_counter() - start)
    assert min(took) < 0.8


def test_what_does_not_fit_is_refused():
    p, y, novelty, missing = patients(100, 9)
    with pytest.raises(StudyError, match="a probability"):
        fit_policy("binary", p, y, novelty, missing, options=Decision(threshold=20.0))
    with pytest.raises(StudyError, match="regression"):
        fit_policy(
            "regression", p, y, novelty, missing, options=Decision(abstain_when_ambiguous=True)
        )
    with pytest.raises(DataError, match="one length"):
        fit_policy("binary", p, y[1:], novelty, missing, options=Decision())
    with pytest.raises(DataError, match="with the event"):
        fit_policy("binary", p, y * 0, novelty, missing, options=Decision())
    with pytest.raises(DataError, match="known outcome"):
        fit_policy("binary", p, y * np.nan, novelty, missing, options=Decision())
    with pytest.raises(DataError, match=r"predictions \(binary\)"):
        fitted().decide(np.zeros((3, 2)), [0] * 3, [0] * 3)
    with pytest.raises(DataError, match="novelty"):
        fitted().decide(p, novelty[1:], missing)


def test_no_interval_of_a_volume_reaches_below_nothing():
    volumes = Policy(
        task="segmentation", threshold=None, coverage=0.9, quantiles=(0.8,), novelty_limit=9.0,
        most_missing=1.0, patients=20,
    )  # fmt: skip
    values = np.array([[0.3, 0.1], [2.0, 0.5], [0.0, 0.0]])
    decisions = volumes.decide(values, np.zeros(3), np.zeros(3))
    assert (decisions.low >= 0).all()
    assert (decisions.high > decisions.value).all()
    plain = replace(volumes, task="regression").decide(values[:, :1], np.zeros(3), np.zeros(3))
    assert plain.low[0] == pytest.approx(-0.5)
